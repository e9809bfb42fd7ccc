"""The peer is not there: nobody answers ARP or neighbour discovery for its address. host-unreachable, the link, proven."""

import errno

import traffic

NOBODY = {4: "10.77.1.99", 6: "fd77:1::99"}


def scenario(lab):
    client, _ = lab.pair()

    with lab.record(client):
        assert client.run(traffic.connect_error, NOBODY[lab.family], 5061, name="client") == errno.EHOSTUNREACH

    lab.expect("host-unreachable", culprit="path", certainty="proven", count=1, mentions=["client", "EHOSTUNREACH", NOBODY[lab.family], "does not answer"])
    lab.expect_nothing_else()
    lab.example("host-unreachable")
    told = {event["neighbour"] for event in lab.report.of("event") if event["kind"] == "neighbour"}
    assert "failed" in told, told
