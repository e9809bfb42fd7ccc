"""Sessions hang after a firewall's failover: the new one never saw their handshakes, and lets only established connections pass.

Its connection tracking does not pick up sessions in the midst (tcp_loose=0), so each segment counts as invalid and meets the chain's policy. Client and
firewall are recorded.
"""

import socket
import struct
import time

import traffic
from judge import expected

SOURCE = "conntrackd's manual on failover; documentation of nf_conntrack_tcp_loose; kubernetes/kubernetes #74839 on invalid packets"
RIGHT = [expected("local-drop", "local-firewall", at_least="likely", mentions=["firewall", "policy drop"])]
ACCEPTABLE = []

NETLINK_NETFILTER, DELETE_ALL_CONNTRACK = 12, 1 << 8 | 2


def forget_sessions():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        netlink.send(struct.pack("=IHHIIBBH", 20, DELETE_ALL_CONNTRACK, 5, 1, 0, 0, 0, 0))
        netlink.recv(4096)


def scenario(lab):
    client, firewall, server = lab.chain("client", "firewall", "server")
    firewall.nft(
        "table inet f { chain f { type filter hook forward priority 0; policy drop; ct state established accept\nct state new tcp flags syn accept\n}\n}"
    )
    firewall.sysctl(netfilter__nf_conntrack_tcp_loose=0)

    def service():
        listener = traffic.listen(5432, lab.family)
        yield
        connection, _ = listener.accept()
        while data := connection.recv(100):
            connection.sendall(data)

    def session():
        connection = traffic.connect(lab.address(server), 5432)
        connection.sendall(b"a")
        connection.recv(1)
        yield
        connection.sendall(b"b")
        yield
        time.sleep(5)  # the subject of the case
        traffic.forget(connection)

    answering = server.start(service, name="postgres")
    answering.go()
    with lab.record(client, firewall):
        app = client.start(session, name="app")
        firewall.run(forget_sessions)
        app.finish()
    answering.kill()
