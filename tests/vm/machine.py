"""One machine: QEMU, emulating the processor, with a kernel and a file system in memory. No disk, no network."""

import shutil
import subprocess
import threading

QEMU = "qemu-system-x86_64"

# A busy host gives an emulated processor its turns unevenly: what would take that for broken hardware is switched off, and what only costs.
WORDS = "console=ttyS0 quiet loglevel=3 panic=-1 no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1 mitigations=off"


def why_not():
    return None if shutil.which(QEMU) else f"{QEMU} is not installed (package qemu-system-x86)"


class Machine:
    """Runs to its own end, or until `limit` seconds are over. Every line that the tests in it write is given to `told`."""

    def __init__(self, kernel, initrd, console, told, words="", memory=1536):
        self.told = told
        self.process = subprocess.Popen(
            [QEMU, "-accel", "tcg,thread=multi", "-smp", "2", "-m", str(memory), "-no-reboot", "-nodefaults", "-display", "none"]
            + ["-serial", f"file:{console}", "-serial", "stdio", "-kernel", kernel.image, "-initrd", initrd]
            + ["-append", f"{WORDS} {words}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace",
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
