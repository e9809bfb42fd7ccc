"""One machine: QEMU, emulating the processor, with a kernel and a file system in memory. No disk, no network."""

import ctypes
import shutil
import signal
import subprocess
import threading

QEMU = "qemu-system-x86_64"

# The machine's clocks count its own instructions, one a nanosecond, and leap to the next timer when it is idle. What runs in it sees an
# even, fairly quick computer, however slow the emulation and however busy the host; and waiting for a timer takes no time at all.
CLOCK = ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-rtc", "clock=vm", "-smp", "1")

# What only costs is switched off.
WORDS = "console=ttyS0 quiet loglevel=3 panic=-1 nowatchdog mitigations=off"


PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def why_not():
    return None if shutil.which(QEMU) else f"{QEMU} is not installed (package qemu-system-x86)"


class Machine:
    """Runs to its own end, or until `limit` seconds are over. Every line that the tests in it write is given to `told`."""

    def __init__(self, kernel, initrd, console, told, words="", memory=1536):
        self.told = told
        self.process = subprocess.Popen(
            [QEMU, *CLOCK, "-m", str(memory), "-no-reboot", "-nodefaults", "-display", "none"]
            + ["-serial", f"file:{console}", "-serial", "stdio", "-kernel", kernel.image, "-initrd", initrd]
            + ["-append", f"{WORDS} {words}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace",
            preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),  # who stops the run stops its machines
        )  # fmt: skip

    def wait(self, limit):
        """False when it had to be stopped."""
        timer = threading.Timer(limit, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                self.told(line.rstrip("\r\n"))
            return self.process.wait() == 0
        finally:
            timer.cancel()
            self.process.kill()
            self.process.wait()
