"""Requests between nodes work while answers are small: the overlay's MTU is the cable's, and the packed packets come in fragments, which are lost.

The overlay's devices have MTU 1500 instead of 1450. The nodes fragment the UDP packets, and the cloud drops fragments. curl waits for the file and gives
up. The server's pod is recorded.
"""

import net_common as net
import programs
from judge import expected
from net_overlay import overlay

SOURCE = "moby/moby #20178 and #13475 (fixed by --mtu=1400/1450), mochman/Bypass_CGNAT #33: docker's MTU is larger than the tunnel's"
NEEDS = ("curl", "nginx")
FAMILIES = (4,)  # for IPv6 the kernel's VXLAN lowers the path MTU by itself, and nothing is lost
RIGHT = [expected("path-mtu-blackhole", "path", at_most="likely", mentions=["nginx"])]
ACCEPTABLE = [
    [expected("loss-stall", "path", at_most="likely")],
]


def scenario(lab):
    one, _, node2, other = overlay(lab, mtu=1500)
    node2.nft("table ip t { chain o { type filter hook output priority 400; udp dport 8472 meta length > 1500 drop\n}\n}")
    programs.write(lab, "file", "x" * 20_000)
    net.nginx(lab, other, f"server {{ listen {net.listen_on(lab, 8080)}; root {lab.folder}; location /small {{ return 200 ok; }} }}", 8080)
    with lab.record(other):
        assert net.curl(lab, one, lab.address(other), 8080, path="/small") == 0
        assert net.curl(lab, one, lab.address(other), 8080, "-m", "6", path="/file") == 28
