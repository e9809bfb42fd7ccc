"""What a scenario is written with: hosts, a recorder, programs, and what the report must say.

A scenario is a file in scenarios/ with a docstring (what happens, what each side sees, what tcpwitness must say) and a
function `scenario(lab)`. It runs once for each family in FAMILIES, both by default; lab.family says which. Further
settings of the file: ALONE = True (nothing else may run beside it), LIMIT (seconds, default 60), NEEDS (programs without
which it is skipped), UNABLE (what else this machine lacks for it, in words; None: nothing).
"""

import multiprocessing
import os
import shutil
import subprocess
import tempfile

import processes
import settings
from examples import write_example
from namespaces import Namespace, connect_chain, connect_pair
from recorder import Live, Recorder, Report


class Lab:
    """One run of one scenario; as a context manager it takes away everything it made, however the scenario ends."""

    def __init__(self, binary, family=4, examples=None):
        self.binary = binary
        self.examples = examples  # the folder that example() writes to; None: it writes nothing
        self.family = family
        self.folder = tempfile.mkdtemp(prefix=f"twlab-{os.getpid()}-")
        self.trace = os.path.join(self.folder, "trace.pcapng")
        self.report = None
        self._keep = False
        self._namespaces = []
        self._unexpected = []

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        processes.end_all()
        for namespace in self._namespaces:
            namespace.delete()
        if (kind is None and not self._keep) or not os.path.exists(self.trace):
            shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self):
        """Leaves the trace behind, for whoever looks why the report is wrong; its path."""
        self._keep = True
        return self.trace

    # Hosts and cables.

    def host(self, name):
        namespace = Namespace(name)
        self._namespaces.append(namespace)
        return namespace

    def pair(self, a="client", b="server"):
        """Two hosts on one cable."""
        hosts = self.host(a), self.host(b)
        connect_pair(*hosts, 1)
        return hosts

    @staticmethod
    def cable(a, b, number):
        """One more cable: the addresses of both sides, each by family. Numbers from 3 on are free beside a chain."""
        return connect_pair(a, b, number)

    def chain(self, *names):
        """Hosts in a row, by default the usual case: an edge host, a device in the middle, a front end."""
        hosts = [self.host(name) for name in names or ("edge", "mid", "fe")]
        connect_chain(*hosts)
        return hosts

    def address(self, namespace):
        return namespace.addresses[self.family]

    @staticmethod
    def meeting():
        """A point where two programs wait for each other: meeting.wait() in both."""
        return multiprocessing.get_context("fork").Barrier(2)

    # The product.

    def record(self, *namespaces, options=(), trace=None):
        """Records these hosts, each one a witness; the others take part in the scenario unseen."""
        return Recorder(self.binary, trace or self.trace, namespaces, options)

    def live(self, *namespaces, options=()):
        """Watches these hosts live."""
        return Live(self.binary, os.path.join(self.folder, "live.txt"), namespaces, options)

    def tcpwitness(self, *words, **more):
        """Any other call of the program; a CompletedProcess with text."""
        return subprocess.run([self.binary, *words], capture_output=True, text=True, timeout=30 * settings.patience, **more)

    def file(self, name):
        """A file in the run's own folder."""
        return os.path.join(self.folder, name)

    def read_report(self, trace=None, options=()):
        """Of the recording, of another trace, or of several files as one case."""
        self.report = Report(self.binary, trace or self.trace, options)
        self._unexpected = list(self.report.findings)
        return self.report

    def events(self, namespace, kind):
        """The report's events of this kind that one host saw."""
        if self.report is None:
            self.read_report()
        witnesses = {witness["id"] for witness in self.report.of("witness") if witness["netns.inode"] == namespace.inum}
        return [event for event in self.report.of("event") if event["kind"] == kind and event["witness"] in witnesses]

    def connections(self, namespace, role=None):
        """The report's connections of one host; role "client", "server" or "listener"."""
        if self.report is None:
            self.read_report()
        witnesses = {witness["id"] for witness in self.report.of("witness") if witness["netns.inode"] == namespace.inum}
        return [
            connection
            for connection in self.report.of("connection")
            if connection["witness"] in witnesses and role in (None, connection["role"])
        ]

    def example(self, rule):
        """What the report prints of this finding becomes the example on its page (docs/findings), where the runner was asked for that."""
        if self.examples and self.family == 4:
            write_example(self.examples, rule, self.tcpwitness("report", self.trace, "--color", "never", "--utc").stdout)
    # What this kernel can tell.

    def probe_status(self, name):
        """Of the recording that is reported: "attached", or why it is not there."""
        if self.report is None:
            self.read_report()
        return {probe["name"]: probe["status"] for probe in self.report.of("witness")[0]["probes"]}[name]

    @property
    def when_told(self):
        """How sure a finding is that rests on the kernel's reason for a reset: kernels that do not give one need another probe, and guess."""
        return "proven" if "not needed" in self.probe_status("answer_reset") else "likely"

    # What the report must say.

    def expect(self, rule, culprit=None, certainty=None, count=None, mentions=()):
        """Exactly one finding of this rule, with this culprit, certainty and count, and these words in its headline."""
        if self.report is None:
            self.read_report()
        found = [finding for finding in self._unexpected if finding["rule"] == rule]
        assert len(found) == 1, f"{len(found)} findings of rule {rule}, expected 1; {self._told()}"
        finding = found[0]
        for field, wanted in (("culprit", culprit), ("certainty", certainty), ("count", count)):
            assert wanted is None or finding[field] == wanted, f"{rule}: {field} is {finding[field]}, expected {wanted}; {self._told()}"
        for word in mentions:
            assert str(word) in finding["headline"], f"{rule}: the headline does not mention {word}; {self._told()}"
        assert finding["evidence"], f"{rule}: no evidence"
        assert (not finding["settle"]) == (finding["certainty"] == "proven"), f"{rule}: settle is '{finding['settle']}'; {self._told()}"
        self._unexpected.remove(finding)
        return finding

    def expect_only(self, *rules):
        """Findings of these rules, each at least once, and of no other."""
        if self.report is None:
            self.read_report()
        assert {finding["rule"] for finding in self._unexpected} == set(rules), f"expected only {', '.join(rules)}; {self._told()}"

    def expect_nothing_else(self):
        if self.report is None:
            self.read_report()
        assert not self._unexpected, f"unexpected findings; {self._told()}"

    def _told(self):
        lines = [
            f"    {finding['rule']}: {finding['culprit']}, {finding['certainty']}, {finding['count']} times: {finding['headline']}"
            for finding in self.report.findings
        ]
        return "the report says:\n" + "\n".join(lines or ["    nothing"])
