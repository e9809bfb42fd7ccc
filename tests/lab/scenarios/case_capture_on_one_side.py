"""One host ran tcpwitness, the other only tcpdump: the capture's silence is evidence as the trace's is."""

from forged_reset_case import capture, forged_reset

LIMIT = 90
NEEDS = ("tcpdump",)


def scenario(lab):
    hosts = edge, mid, fe = lab.chain()
    traces = {host: lab.file(f"{host.short_name}.pcapng") for host in (edge, fe)}
    captures = {host: lab.file(f"{host.short_name}.pcap") for host in (edge, fe)}
    forged_reset(
        lab,
        hosts,
        *(lab.record(host, trace=traces[host]) for host in (edge, fe)),
        *(capture(host, "to-mid", captures[host]) for host in (edge, fe)),
    )

    # The edge is only captured: nothing of it covers the time after its last SYN, but every RST came before.
    lab.read_report([traces[fe], captures[edge]])
    found = lab.expect("reset-forged", culprit="path")
    lab.expect_nothing_else()
    # The front end is only captured, and the edge's trace covers the time.
    lab.read_report([traces[edge], captures[fe]])
    lab.expect("reset-forged", culprit="path", certainty="proven")
    lab.expect_nothing_else()
