"""A service's connections time out, and nothing of them is seen on the network: its systemd unit has IPAddressDeny=any.

systemd does that with a BPF program on the unit's control group, which drops what the processes send. connect() is not denied, so that the program waits for
an answer to SYNs that never leave. Only the client is recorded.
"""

import errno

import cgroups
import packet_filters
import traffic
from judge import expected

SOURCE = "systemd/systemd #6764 and #9513 (IPAddressDeny=)"
RIGHT = [expected("local-drop", ("local-configuration", "local-firewall"), at_least="likely", mentions=["BPF"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)

    def unit(group):
        group.enter()
        yield traffic.connect_error(lab.address(server), 8080)

    with cgroups.Cgroup("app.service") as group:
        packet_filters.deny_egress(group)
        with lab.record(client):
            program = client.begin(unit, group, name="app")
            assert program.await_step() == errno.ETIMEDOUT
        program.kill()
