"""A BGP session never comes up: one side has a TCP-MD5 password, the other has none, and the SYNs vanish in the first one's kernel.

No firewall is involved and the port is listened on; only a counter of the kernel (TCPMD5NotFound) grows. Both routers are recorded.
"""

import errno
import socket
import struct

import traffic
from judge import expected

SOURCE = "osrg/gobgp #2852, FRRouting/frr #6921: no session with an MD5 password on one side only"
RIGHT = [expected("local-drop", ("local-configuration", "local-application", "local-kernel"), at_least="likely", mentions=["MD5", "leaf"])]
ACCEPTABLE = []

TCP_MD5SIG = 14


def scenario(lab):
    spine, leaf = lab.pair("spine", "leaf")
    spine.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)

    def speaker():
        listener = traffic.listen(179, lab.family)
        peer = lab.address(spine)
        address = struct.pack("=HH4s", socket.AF_INET, 0, socket.inet_aton(peer)) if lab.family == 4 else struct.pack(
            "=HHI16s", socket.AF_INET6, 0, 0, socket.inet_pton(socket.AF_INET6, peer))  # fmt: skip
        listener.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, address.ljust(128, b"\0") + struct.pack("=BBHI80s", 0, 0, 6, 0, b"secret"))
        yield
        listener.close()

    program = leaf.start(speaker, name="bgpd")
    with lab.record(spine, leaf):
        assert spine.run(traffic.connect_error, lab.address(leaf), 179, name="bird") == errno.ETIMEDOUT
    program.finish()
