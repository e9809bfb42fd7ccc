"""The edge's trace lacks what would prove it: three in ten of its records are gone, or it ended before the trouble began.

Then nothing is `proven` by what it does not hold.
"""

import time

from forged_reset_case import forged_reset
from other_host import as_other_host

LIMIT = 90


def scenario(lab):
    hosts = edge, mid, fe = lab.chain()
    mine, theirs, early = lab.file("edge.pcapng"), lab.file("fe.pcapng"), lab.file("early.pcapng")
    with lab.record(edge, trace=early):
        time.sleep(0.5)
    forged_reset(lab, hosts, lab.record(edge, trace=mine), lab.record(fe, trace=theirs))

    elsewhere = as_other_host(theirs, lab.file("elsewhere.pcapng"), shift_s=3 * 3600)
    for seed in range(20):
        holes = as_other_host(mine, lab.file(f"holes{seed}.pcapng"), drop_percent=30, seed=seed)
        lab.read_report([holes, elsewhere])
        proven = [one for one in lab.report.findings if one["certainty"] == "proven" and one["rule"] != "evidence-gap"]
        assert not proven, f"proven without the proof: {proven}"
        assert any(one["rule"] == "evidence-gap" for one in lab.report.findings), "the missing records are not told"
        forged = [one for one in lab.report.findings if one["rule"] == "reset-forged"]
        assert not forged or forged[0]["culprit"] == "path", f"the wrong culprit: {forged}"

    lab.read_report([early, elsewhere])
    proven = [one for one in lab.report.findings if one["certainty"] == "proven"]
    assert not proven, f"a trace that ended before proves nothing: {proven}"
