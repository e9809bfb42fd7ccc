"""Downloads crawl since both ends negotiate ECN: a router on the way drops every packet that is marked as ECN-capable.

SYNs, pure ACKs and retransmissions carry no mark and pass; each segment of data is lost once and only its retransmission arrives. curl gives up in the
middle. The server is recorded.
"""

import net_common as net
import programs
from judge import expected

SOURCE = "systemd/systemd #9748: tcp_ecn causes my network downloads to fail or become very slow"
NEEDS = ("curl", "nginx")
RIGHT = [expected(("loss-stall", "retransmission-timeout"), "path", at_most="likely")]
ACCEPTABLE = [
    [expected("unexplained", "unknown")],
]
BESIDE = [expected(("reset-received", "reset-sent"), ("peer-application", "peer-host", "local-application"), at_most="likely")]


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    for host in (client, server):
        host.sysctl(tcp_ecn=1)
    programs.write(lab, "file", "x" * 20_000_000)
    net.nginx(lab, server, f"server {{ listen {net.listen_on(lab, 8080)}; root {lab.folder}; }}", 8080)
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            ip ecn ect0 tcp sport 8080 drop
            meta nfproto ipv6 @nh,10,2 2 tcp sport 8080 drop
          }
        }
    """)  # the two bits of the traffic class by hand: nft 1.0.6 looks for them in the wrong place
    with lab.record(server):
        assert net.curl(lab, client, lab.address(server), 8080, "-m", "6", path="/file") == 28
