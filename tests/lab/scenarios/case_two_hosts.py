"""Two hosts, two traces, two clocks: the front end's is 13.99 s behind, or 3 h ahead and 40 ppm too fast.

Only SYNs pass from one to the other, so the clocks are compared one way. The edge's trace covers the time of every RST and holds none: a
device on the path made them, proven, whatever the clocks say. The timeline is one, and each host's own times stay known.
"""

from forged_reset_case import forged_reset
from other_host import as_other_host

LIMIT = 90


def scenario(lab):
    hosts = edge, mid, fe = lab.chain()
    mine, theirs = lab.file("edge.pcapng"), lab.file("fe.pcapng")
    forged_reset(lab, hosts, lab.record(edge, trace=mine), lab.record(fe, trace=theirs))

    for shift, drift in ((0, 0), (-13.99, 0), (3 * 3600, 40)):
        elsewhere = as_other_host(theirs, lab.file(f"fe{shift}.pcapng"), shift_s=shift, drift_ppm=drift)
        for files in ([mine, elsewhere], [elsewhere, mine]):
            lab.read_report(files)
            found = lab.expect("reset-forged", culprit="path", certainty="proven")
            assert any("timed out" in text for text in [found["headline"]]), f"the effect on the edge is not told: {found['headline']}"
            lab.expect_nothing_else()
            witnesses = lab.report.of("witness")
            assert len(witnesses) == 2 and {len(witness["files"]) for witness in witnesses} == {1}, f"not two witnesses: {witnesses}"
            second = witnesses[1]["files"][0]
            assert second["clock"] == "one-way", f"the clock: {second}"
            sign = 1 if files[0] == mine else -1
            off = second["clock_offset_ns"] / 1e9
            assert abs(off + sign * shift) < 0.02, f"the second clock's offset is {off} s, not {-sign * shift}"
            conversations = {one.get("conversation") for one in lab.report.of("connection") if one["role"] != "listener"}
            assert len(conversations) == 1 and None not in conversations, f"the two ends are not one conversation: {conversations}"
