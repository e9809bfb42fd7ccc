"""A database in the company's network is "no route to host" since docker-compose made a bridge: its subnet is the database's.

The route to the bridge is more specific than the default route, so ARP asks for the database among the containers, and nobody answers. Only the host is
recorded. What is decisive is the device that the connection leaves by.
"""

import errno

import traffic
from judge import expected

SOURCE = "docker/for-win #1838 and #231, bitwarden/server #947: Docker's interface overlaps with the local LAN"
RIGHT = [expected("host-unreachable", ("path", "local-configuration"), at_least="likely", mentions=["br-828c78b6"])]
ACCEPTABLE = [
    [expected("host-unreachable", ("path", "local-configuration"))],
]

GATEWAY = {4: "172.28.0.1/16", 6: "fd28::1/64"}
DATABASE = {4: "172.28.15.220", 6: "fd28::220"}


def scenario(lab):
    host, _, lan = lab.chain("host", "gateway", "lan")
    lan.ip(f"address add {DATABASE[4]}/32 dev lo", f"address add {DATABASE[6]}/128 dev lo")
    container = lab.host("container")
    host.ip(
        "link add br-828c78b6 type bridge",
        "link set br-828c78b6 up",
        f"link add veth1 type veth peer name eth0 netns {container.name}",
        "link set veth1 master br-828c78b6 up",
        f"address add {GATEWAY[4]} dev br-828c78b6",
        f"address add {GATEWAY[6]} dev br-828c78b6 nodad",
    )
    container.ip("link set eth0 up")
    with lab.record(host):
        assert host.run(traffic.connect_error, DATABASE[lab.family], 1433, name="sqlcmd") == errno.EHOSTUNREACH
