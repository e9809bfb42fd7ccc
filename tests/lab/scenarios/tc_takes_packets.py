"""A tc program on the server's device takes what comes in: the kernel tells that drop. local-drop on that host, its program, not the path.

The client alone knows only that nobody answers.
"""

import errno

import traffic
from devices import TC_ACT_SHOT, attach_tc

NEEDS = ("clang",)


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    attach_tc(lab, server, "to-client", "takes_all", TC_ACT_SHOT)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        del listener

    server.start(frontend)
    alone = lab.file("alone.pcapng")
    with lab.record(client, server), lab.record(client, trace=alone):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ETIMEDOUT

    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=[server.name, "takes_all"])
    lab.expect_nothing_else()
    lab.read_report(alone)
    lab.expect("connect-timeout", culprit="path", certainty="possible", count=1)
    lab.expect_nothing_else()
