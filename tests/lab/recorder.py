"""The product under test: `tcpwitness record` and `live` as context managers, and `tcpwitness report --format json` as lists."""

import json
import os
import signal
import subprocess
import time

import settings
from processes import die_with_parent


class Recorder:
    """Records while the `with` block runs. Ready when it begins: every probe is attached by then."""

    READY = "recording to"

    def __init__(self, binary, trace, namespaces=(), options=()):
        self.binary, self.trace = binary, trace
        self.words = [binary, *self.command()]
        for namespace in namespaces:
            self.words += ["--netns", namespace.name]
        self.words += options
        self.process = None

    def command(self):
        return ["record", "-w", self.trace, "--force"]

    @property
    def pid(self):
        return self.process.pid

    @property
    def text(self):
        """What it said on stderr so far."""
        with open(self.trace + ".stderr") as file:
            return file.read()

    def stdout(self):
        return subprocess.DEVNULL

    def __enter__(self):
        with open(self.trace + ".stderr", "w") as stderr:
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=self.stdout(), stderr=stderr, preexec_fn=die_with_parent
            )
        limit = time.monotonic() + 30 * settings.patience
        while self.READY not in self.text:
            if self.process.poll() is not None or time.monotonic() > limit:
                self.kill()
                raise AssertionError(f"the recorder did not start:\n{self.text}")
            time.sleep(0.02)
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is not None:
            assert kind or self.process.returncode == -signal.SIGKILL, f"the recorder ended by itself:\n{self.text}"
            return
        time.sleep(0.1)  # what the last step set off in softirq is still part of the story
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(20 * settings.patience)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the recorder did not end on SIGINT") from None
        if kind is None:
            assert status == 0, f"the recorder ended with status {status}:\n{self.text}"

    def kill(self):
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait()


class Live(Recorder):
    """`tcpwitness live` while the `with` block runs; its lines stand in a file as they come."""

    READY = "watching"

    def command(self):
        return ["live"]

    def stdout(self):
        return open(self.trace, "w")

    @property
    def lines(self):
        with open(self.trace) as file:
            return file.read().splitlines()

    def await_lines(self, count, seconds):
        """Its lines, once there are so many."""
        limit = time.monotonic() + seconds * settings.patience
        while len(self.lines) < count:
            assert time.monotonic() < limit, f"{count} lines were expected within {seconds} s, not {self.lines}"
            time.sleep(0.02)
        return self.lines


class Report:
    """The JSON report of a trace, or of several files as one case, by type of object. Decodes only what is asked for: a trace may hold very
    many events."""

    def __init__(self, binary, trace, options=()):
        self.files, self.options = [trace] if isinstance(trace, str) else list(trace), options
        done = subprocess.run([binary, "report", *self.files, "--format", "json", *options], capture_output=True, text=True)
        assert done.returncode == 0, f"report ended with status {done.returncode}: {done.stderr.strip()}"
        self._lines = done.stdout.splitlines()
        if settings.probes_file:
            self._note_probes(settings.probes_file)

    def of(self, kind):
        return [json.loads(line) for line in self._lines if line.startswith(f'{{"type":"{kind}"')]

    @property
    def findings(self):
        return self.of("finding")

    def _note_probes(self, path):
        with open(path, "a") as file:
            for witness in self.of("witness")[:1]:  # each repeats those of the trace
                for probe in witness["probes"]:
                    file.write(json.dumps({field: probe[field] for field in ("name", "status", "events")}) + "\n")
