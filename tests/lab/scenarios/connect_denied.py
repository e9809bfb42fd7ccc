"""A BPF program of the control group refuses connect(), blocking and non-blocking: EPERM. No SYN left, and the kernel never knew the destination.

The trace holds the connection all the same, with the error and the address that was asked for.
"""

import errno

import cgroups
import traffic


def scenario(lab):
    client, server = lab.pair()

    def denied(group):
        group.enter()
        to = lab.address(server), 5061
        yield traffic.connect_error(*to)
        yield traffic.connect_nonblocking(*to, traffic.wait_with_poll)

    with cgroups.Cgroup("denied") as group:
        group.judge_connects(lab.family)
        with lab.record(client):
            program = client.start(denied, group)
            assert program.step() == errno.EPERM
        program.kill()

    connections = lab.connections(client, "client")
    assert len(connections) == 2, connections
    for connection in connections:
        assert connection["error.type"] == "EPERM" and connection["ending"] == "connect-failed", connection
        assert (connection["network.peer.address"], connection["network.peer.port"]) == (lab.address(server), 5061), connection
        assert connection["process.pid"] == program.pid, connection
    assert not lab.events(client, "packet")

    lab.expect("connect-denied", culprit="local-configuration", certainty="proven", count=2, mentions=["EPERM", "most likely by BPF program", group.path.rsplit("/", 1)[1]])
    lab.example("connect-denied")
    lab.expect_nothing_else()
