"""After a failover clients cannot connect for a while: they still send to the MAC of the machine that failed, as nobody announced the new one.

The switch no longer knows that MAC and floods the frames, so they even reach the new machine's network card, addressed to somebody else. Client and new
machine are recorded.
"""

import net_common as net
import traffic
from judge import expected

SOURCE = "metallb/metallb #259, openshift/machine-config-operator #2782: a VIP's gratuitous ARP was missed, clients keep the old MAC"
NEEDS = ("curl",)
RIGHT = [expected(("connect-timeout", "local-drop"), ("path", "local-configuration"))]
ACCEPTABLE = [
    [expected("local-drop", "local-kernel", at_most="likely", mentions=["OTHERHOST"])],
    [expected("connect-timeout", "unknown", at_most="likely")],
]

SERVICE = {4: "10.77.9.100/24", 6: "fd77:9::100/64"}


def scenario(lab):
    client, old, new = lab.host("client"), lab.host("old"), lab.host("new")
    switch = net.switch(lab, "switch", {client: 1, old: 2, new: 3})
    address = SERVICE[lab.family].split("/")[0]
    nodad = "nodad" if lab.family == 6 else ""

    def service():
        listener = traffic.listen(6443, lab.family)
        yield
        listener.close()

    program = new.start(service, name="apiserver")
    switch.ip("link set port1 down")
    new.ip(f"address add {SERVICE[lab.family]} dev eth0 {nodad}")
    client.ip(f"neighbour replace {address} lladdr {net.mac(1)} dev eth0 nud reachable")
    client.sysctl(tcp_syn_retries=2)
    with lab.record(client, new):
        assert net.curl(lab, client, address, 6443) == 28
    program.finish()
