"""The half of each trace: what the report says of a part of the evidence, held against what it says of the whole.

Whoever has only one host's trace, only the packets, only the first or the last half, gets a weaker report, not another one:
- nothing is surer than the whole's evidence allows: what a part calls proven, the whole calls proven too;
- nothing contradicts the whole: where it has proven who did it, a part names nobody else, unless as possible;
- a part is clean only if the whole is;
- the laws of accounting.py hold for parts too; of the first and the last half only these are asked, since where a cut falls is chance, and what is true
  of a connection's half need not be told of the whole;
- files that are parts of one recording, and the same recording twice, give exactly what the whole gives.

part_exceptions.py tells, one by one, where a part's report may differ, and why that is right.
"""

import os
from dataclasses import dataclass

import part_exceptions
from accounting import STATES, baseless, false_comfort, unaccounted
from parts import Trace, halves, merged_with_itself, one_side, rotated
from recorder import Report

MOST_BLOCKS = 10_000  # of a trace whose parts are judged: bulk says nothing more
SURE = {"possible": 0, "likely": 1, "proven": 2}


@dataclass
class Said:
    rule: str
    certainty: str
    culprit: str
    kind: str         # application, kernel, configuration, firewall, host; path; unknown
    who: str          # the address of the host that is to blame; empty where the report leaves open which of the recorded ones it is
    about: frozenset  # ends of connections
    headline: str

    def may_be(self, other):
        """Whether both can have one culprit in mind. Of a host one side knows less than the other; what a recorded router did is the path's doing to others."""
        if "unknown" in (self.kind, other.kind):
            return True
        if "path" in (self.kind, other.kind):
            return self.kind == other.kind or "local-" in (self.culprit + other.culprit) and not (self.who or other.who)
        if self.who and other.who and self.who != other.who:
            return False
        return self.kind == other.kind or "host" in (self.kind, other.kind)


def ends(connection):
    """A connection as both of its ends name it; of a listener, and of a socket that got no port, what is known."""
    found = [(connection.get(f"network.{end}.address"), connection.get(f"network.{end}.port")) for end in ("local", "peer")]
    return frozenset(end for end in found if None not in end)


class Judged:
    """A report, reduced to what two of them can be compared by."""

    def __init__(self, report):
        self.report = report
        self.connections = {one["id"]: one for one in report.of("connection")}
        of_conversation = {}
        for one in self.connections.values():
            of_conversation.setdefault(one.get("conversation", ("alone", one["id"])), set()).add(ends(one))
        self.keys = {number: of_conversation[one.get("conversation", ("alone", number))] - {frozenset()} for number, one in self.connections.items()}
        self.verdict = report.of("verdict")[0]
        self.said = [self.reduced(finding) for finding in report.findings if finding["rule"] not in STATES]

    def reduced(self, finding):
        about = frozenset(key for number in finding["connections"] for key in self.keys.get(number, ()))
        where, _, kind = finding["culprit"].partition("-")
        example = self.connections.get(finding["connections"][0], {}) if finding["connections"] else {}
        several = len(self.report.of("witness")) > 1 and where == "local"
        who = "" if several or not kind else example.get(f"network.{where}.address", "")
        return Said(finding["rule"], finding["certainty"], finding["culprit"], kind or where, who, about, finding["headline"])

    def exactly(self):
        return sorted((finding["rule"], finding["culprit"], finding["certainty"], finding["count"]) for finding in self.report.findings)


def accounted(part):
    for problem in unaccounted(part.report) + false_comfort(part.report) + baseless(part.report):
        yield "accounting", problem


def against_whole(part, whole):
    """(rule, sentence) for each law that the part's report breaks."""
    for one in part.said:
        fellows = [other for other in whole.said if other.about & one.about or other.rule == one.rule and not (other.about and one.about)]
        told = f"{one.rule}: {one.culprit}, {one.certainty}: {one.headline}"
        if one.certainty == "proven" and not any(other.certainty == "proven" and other.may_be(one) for other in fellows):
            yield one.rule, f"surer than the whole: {told}"
        proven = [other for other in fellows if other.certainty == "proven"]
        if SURE[one.certainty] > 0 and proven and not any(one.may_be(other) for other in fellows):
            yield one.rule, f"against the whole, which proves {proven[0].rule}, {proven[0].culprit}: {told}"
    if part.verdict["verdict"] == "clean" and whole.verdict["verdict"] != "clean":
        yield "clean", f"clean, and the whole is {whole.verdict['verdict']}: {whole.verdict['sentence']}"
    yield from accounted(part)


def not_the_same(part, whole):
    if part.exactly() != whole.exactly():
        yield "same", f"another report: {part.exactly()}, not {whole.exactly()}"
    if part.verdict["verdict"] != whole.verdict["verdict"]:
        yield "same", f"another verdict: {part.verdict['sentence']} ({'; '.join(part.verdict['reasons'])})"
    yield from ()


class Parts:
    """The parts of a scenario's files, written beside them: (name, files, whether it must be the same)."""

    def __init__(self, lab, files):
        self.lab, self.files = lab, files

    def write(self, name, data):
        path = self.lab.file(f"part-{name}.pcapng")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def packets_of(self, name, path):
        """Its packets as tcpdump would have taken them; none where it holds none."""
        to = self.lab.file(f"part-{name}-packets.pcapng")
        done = self.lab.tcpwitness("report", path, "--format", "pcapng", "--packets-only", "-o", to, "--force")
        if "holds no packets" in done.stderr:
            return []
        assert done.returncode == 0, f"export of {name}: {done.stderr}"
        return [to]

    def all(self):
        traces = [Trace(open(path, "rb").read()) for path in self.files]
        if sum(len(trace.packets) for trace in traces) > MOST_BLOCKS:
            return
        sides = {}
        if len(traces) > 1:
            sides = {f"file {number + 1}": path for number, path in enumerate(self.files)}
        elif len(traces[0].namespaces) > 1:
            for number, name in traces[0].namespaces.items():
                host = name.rpartition("-")[2]  # the scenario's word for it
                sides[host] = self.write(f"only-{host}", one_side(traces[0], number))
        for name, path in sides.items():
            yield name, [path], False
            yield f"packets of {name}", self.packets_of(name.replace(" ", ""), path), False
        yield "packets", [packets for number, path in enumerate(self.files) for packets in self.packets_of(f"whole{number}", path)], False
        cut = [halves(trace) for trace in traces]
        yield "first half", [self.write(f"first{number}", one[0]) for number, one in enumerate(cut)], False
        yield "last half", [self.write(f"last{number}", one[1]) for number, one in enumerate(cut)], False
        if len(traces) == 1:
            yield "five files", [self.write(f"rotated{number}", data) for number, data in enumerate(rotated(traces[0], 5))], True
            yield "merged with itself", [self.write("merged", merged_with_itself(traces[0]))], True
        copy = self.write("copy", open(self.files[0], "rb").read())
        yield "given twice", [*self.files, copy], True


def is_trace(path):
    with open(path, "rb") as file:
        return b"boot_id=" in file.read(4096)


def broken(lab, scenario):
    """Sentences: the laws that reports of parts break. For scenarios that end with a report of whole traces."""
    files = lab.report.files if lab.report else []
    if not files or lab.report.options or not all(os.path.exists(path) and is_trace(path) for path in files):
        return []
    whole, problems = Judged(lab.report), []
    for name, paths, same in Parts(lab, files).all():
        if not paths:
            continue
        try:
            part = Judged(Report(lab.binary, paths))
        except AssertionError as failure:
            problems.append(f"{name}: {failure}")
            continue
        broken_laws = accounted(part) if name.endswith("half") else not_the_same(part, whole) if same else against_whole(part, whole)
        for rule, sentence in broken_laws:
            if not part_exceptions.explains(scenario, name, rule):
                problems.append(f"{name}: {sentence}")
    return problems
