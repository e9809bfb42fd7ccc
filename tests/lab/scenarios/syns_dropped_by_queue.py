"""The device's queue takes nothing: every SYN is dropped on its way out.

A queueing discipline with a limit of 0 stands for a queue that is full. No firewall has a part in it: local-drop, the kernel, by the kernel's
own name of the reason, proven.
"""

import errno

import traffic
from namespaces import command


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=2)
    command("tc", "-n", client.name, "qdisc", "add", "dev", "to-server", "root", "pfifo", "limit", "0")

    with lab.record(client):
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="client") == errno.ETIMEDOUT

    lab.expect("local-drop", culprit="local-kernel", certainty="proven", count=1, mentions=["client", "SYNs on the way out", "QDISC", "on to-server"])
    lab.expect_nothing_else()
