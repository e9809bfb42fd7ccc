"""Runs scenarios side by side, each in a process of its own: what tests/lab/run and tests/field/run share.

Nothing is run again: what passes only at its second try has failed. A scenario that races by nature says why in its own file, RACES = "why"; one
that fails runs once more, alone, and the sum tells how many did. So does one in whose recording the kernel lost records, told in the report: a scenario
is about what was recorded, and says nothing where that was not.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

import part_laws
import settings
from accounting import baseless, false_comfort, unaccounted
from lab import Lab

PASSED, FAILED, UNRECORDED = 0, 1, 2
PARTS_LIMIT = 60  # seconds for a dozen reports


def play(module, lab):
    """A scenario of the lab judges itself: it raises where the report is not what it must be. What holds for every report is checked here."""
    module.scenario(lab)
    if lab.report is not None:
        problems = unaccounted(lab.report) + false_comfort(lab.report) + baseless(lab.report)
        if lab.family == 4 and settings.patience == 1 and not problems:  # of one family, and not where each report takes seconds
            signal.alarm(PARTS_LIMIT)
            problems = part_laws.broken(lab, module.__name__)
        if problems:
            print("\n".join(f"{module.__name__}: {problem}" for problem in problems[:20]))
            print(f"the trace: {lab.keep()}")
            return FAILED
    return PASSED


class Run:
    """One scenario with one address family, in a process of its own."""

    def __init__(self, module, family, play=play):
        self.both = len(getattr(module, "FAMILIES", (4, 6))) > 1
        self.name = f"{module.__name__} IPv{family}" if self.both else module.__name__
        self.module, self.family, self.play = module, family, play
        self.alone = getattr(module, "ALONE", False)
        self.races = getattr(module, "RACES", None)  # why it may fail once without a defect
        self.second = False
        self.output = tempfile.TemporaryFile("w+")
        self.pid = self.began = None

    def start(self, binary, examples):
        self.began = time.monotonic()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(self.live(binary, examples))

    def live(self, binary, examples):
        os.dup2(self.output.fileno(), 1)
        os.dup2(self.output.fileno(), 2)

        def stop(number, _):
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
                signal.signal(each, signal.SIG_IGN)  # nothing shall interrupt the cleaning up
            raise TimeoutError("took too long" if number == signal.SIGALRM else "interrupted")

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, stop)
        lab = None
        try:
            signal.alarm(getattr(self.module, "LIMIT", 60) * settings.patience)
            with Lab(binary, self.family, examples) as lab:
                return self.play(self.module, lab)
        except AssertionError as problem:
            where = [frame for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == self.module.__file__]
            print(f"{self.module.__name__}.py:{where[-1].lineno if where else 0}: {problem}")
        except BaseException:
            traceback.print_exc()
        if lab is not None and os.path.exists(lab.trace):
            print(f"the trace: {lab.trace}")
        sys.stdout.flush()
        sys.stderr.flush()
        return UNRECORDED if lab is not None and lab.report is not None and any(gap["lost"] for gap in lab.report.of("gap")) else FAILED

    def again_after(self, status):
        """Whether it runs once more after it ended so."""
        return not self.second and status != PASSED and (self.races or status == UNRECORDED)

    def once_more(self):
        again = Run(self.module, self.family, self.play)
        again.name, again.alone, again.second = self.name, True, True
        return again

    def why_not(self):
        """What this machine lacks for it; None when it can run."""
        missing = [name for name in getattr(self.module, "NEEDS", ()) if not shutil.which(name)]
        return f"needs {' and '.join(missing)}" if missing else getattr(self.module, "UNABLE", None)

    def told(self):
        self.output.seek(0)
        return "".join("    " + line for line in self.output)


def why_not(binary):
    """Why nothing can run on this machine; None when all can."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "needs a kernel with BTF (/sys/kernel/btf/vmlinux)"
    if not os.access(binary, os.X_OK):
        return f"{binary} is not built"
    return None


def run_all(runs, jobs, binary, examples):
    """Starts them, at most `jobs` at a time; yields each with its exit status as it ends."""
    waiting, living = list(runs), {}
    try:
        while waiting or living:
            while waiting and len(living) < jobs and not any(run.alone for run in living.values()):
                if waiting[0].alone and living:
                    break
                run = waiting.pop(0)
                run.start(binary, examples)
                living[run.pid] = run
            pid, status = os.wait()
            if pid in living:
                run = living.pop(pid)
                status = os.waitstatus_to_exitcode(status)
                if status != PASSED and run.again_after(status):
                    waiting.append(run.once_more())
                yield run, status
    finally:
        for pid in living:
            os.kill(pid, signal.SIGTERM)
        for pid in living:
            os.waitpid(pid, 0)
