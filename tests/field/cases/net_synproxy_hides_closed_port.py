"""Connections are accepted and at once reset: a SYNPROXY answered for a server on which nothing listens.

The firewall completes the handshake with the client before it asks the server. The server refuses; the client's open connection gets the RST. Client and
server are recorded.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "acassen/keepalived #2271 (synproxy in front of a backend), iptables-extensions' SYNPROXY; netoptimizer/network-testing #1"
RIGHT = [expected(("connect-refused", "reset-received", "reset-sent"), "local-configuration", mentions=["8080"])]
ACCEPTABLE = [
    [expected("reset-received", ("path", "peer-host", "unknown"), at_most="likely")],
    # Two findings that do not know of each other, both true: the RST is the server's, and it made it because nothing listens.
    [expected("reset-received", "peer-host"), expected("reset-sent", "local-configuration", mentions=["8080"])],
]


def scenario(lab):
    client, firewall, server = lab.chain("client", "firewall", "server")
    firewall.sysctl(netfilter__nf_conntrack_tcp_loose=0)
    firewall.nft("""
        table inet t {
          chain p {
            type filter hook prerouting priority raw;
            iifname to-client tcp dport 8080 tcp flags syn notrack
          }
          chain f {
            type filter hook forward priority 0;
            tcp dport 8080 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
            ct state invalid drop
          }
        }
    """)

    def asking():
        try:
            connection = traffic.connect(lab.address(server), 8080)
            connection.settimeout(5)
            connection.recv(1)
        except socket.timeout:
            return errno.EAGAIN
        except OSError as error:
            return error.errno

    with lab.record(client, server):
        assert client.run(asking, name="client") == errno.ECONNRESET
