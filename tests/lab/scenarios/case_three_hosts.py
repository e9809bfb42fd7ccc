"""Three hosts, three traces, three clocks: the edge, the router in the middle, and the front end.

The router's own trace names the firewall rule's host: what the two ends could only lay on the path is found where it was done, as it is when one
trace holds all three. Packets that pass the router tie the clocks of all three together.
"""

from forged_reset_case import forged_reset
from other_host import as_other_host

LIMIT = 120


def scenario(lab):
    hosts = edge, mid, fe = lab.chain()
    files = {host: lab.file(f"{host.short_name}.pcapng") for host in hosts}
    forged_reset(lab, hosts, lab.record(*hosts), *(lab.record(host, trace=files[host]) for host in hosts))
    lab.read_report()
    [together] = lab.report.findings

    theirs = as_other_host(files[fe], lab.file("fe-elsewhere.pcapng"), shift_s=-13.99)
    router = as_other_host(files[mid], lab.file("mid-elsewhere.pcapng"), shift_s=3 * 3600, drift_ppm=40, boot=0x123456)
    for order in ([files[edge], router, theirs], [theirs, files[edge], router]):
        lab.read_report(order)
        [apart] = lab.report.findings
        for what in ("rule", "culprit", "certainty"):
            assert apart[what] == together[what], f"{what}: {apart[what]} from three traces, {together[what]} from one\n{apart}\n{together}"
        for words in ("made it", "NETFILTER_DROP", "reject with tcp reset"):
            assert any(words in reason for reason in apart["reasons"]), f"the router's part is not told ({words}): {apart}"
        clocks = [file["clock"] for witness in lab.report.of("witness") for file in witness["files"]]
        assert clocks.count("own") == 1 and set(clocks) <= {"own", "one-way", "matched"} and len(clocks) == 3, f"not all clocks are compared by packets: {clocks}"
