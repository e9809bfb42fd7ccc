"""`--pid` and `--comm` keep other processes out: what they do leaves neither a connection nor a finding.

Two clients are refused by the same host, one after the other. Only one was asked for, once by its name and once by its process id:
its refusal is found, the other's is not, and none of its packets is in the trace. A server that was asked for by its name has the packets of its
clients in the trace, from their SYN on and on both hosts, and none of the server beside it.
"""

import errno
import os

import traffic

LIMIT = 120


def packet_flows(lab):
    """The ports of every packet in the report."""
    return {frozenset((event["network.local.port"], event["network.peer.port"])) for event in lab.report.of("event") if event["kind"] == "packet"}


def scenario(lab):
    client, server = lab.pair()

    def asking():
        yield
        return traffic.connect_error(lab.address(server), 5061)

    for option in ("--comm", "--pid"):
        wanted = client.start(asking, name="wanted")
        other = client.start(asking, name="other")
        with lab.record(client, server, options=[option, "wanted" if option == "--comm" else str(wanted.pid)]):
            assert wanted.finish() == errno.ECONNREFUSED
            assert other.finish() == errno.ECONNREFUSED

        lab.read_report()
        lab.expect("connect-refused", count=1, mentions=["wanted"])
        lab.expect_nothing_else()
        commands = {connection.get("process.command") for connection in lab.connections(client, "client")}
        assert commands == {"wanted"}, f"{option}: connections of {commands} in the report"
        ports = {connection["network.local.port"] for connection in lab.connections(client, "client")}
        assert all(ports & flow for flow in packet_flows(lab)), f"{option}: packets of {packet_flows(lab)}, wanted has {ports}"
        assert not lab.report.of("gap"), lab.report.of("gap")
        os.unlink(lab.trace)

    def serving(port):
        listener = traffic.listen(port, lab.family)
        yield
        traffic.accept_and_outlast(listener, 1)

    wanted, other = server.start(serving, 5061, name="wanted"), server.start(serving, 5062, name="other")
    with lab.record(client, server, options=["--comm", "wanted"]):
        for program, port in ((wanted, 5061), (other, 5062)):
            program.go()
            assert client.run(traffic.connect_error, lab.address(server), port) == 0
            program.await_step()

    lab.read_report()
    lab.expect_nothing_else()
    flows = packet_flows(lab)
    assert all(5061 in flow for flow in flows), f"packets of {flows}, only the server on 5061 was asked for"
    told = lab.tcpwitness("report", lab.trace, "-v").stdout
    assert "SYN out" in told and "SYN in" in told, "the SYN is missing on a side:\n" + told
    assert not lab.report.of("gap"), lab.report.of("gap")
