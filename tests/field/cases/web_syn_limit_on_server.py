"""Every now and then a page takes one or three seconds to connect: the web server's own firewall limits new connections.

The rule drops SYNs beyond a rate, and the visitors' kernels send them again a second later. The load was never high: a browser opens six
connections at once. Only the server is recorded; its drops are its own.
"""

import programs
import web_common
from judge import expected

SOURCE = "openwrt/packages #12681 (synflood_rate); carlalexander/debops-wordpress #76: SYN limit locks visitors out"
NEEDS = ("nginx", "curl")
RIGHT = [expected("local-drop", "local-firewall", at_least="likely", mentions=["SYN"])]
ACCEPTABLE = [[expected("local-drop", "local-firewall", at_least="likely")]]


def scenario(lab):
    client, server = lab.pair()
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 8080 tcp flags & (syn | ack) == syn limit rate over 2/second burst 3 packets drop
          }
        }
    """)
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200;")
    urls = [word for number in range(10) for word in ("-o", "/dev/null", web_common.url(lab, server, 8080, f"/{number}"))]
    with lab.record(server):
        done = programs.run(lab, client, "curl", "-s", "-Z", "-w", "%{http_code} %{time_connect}\n", *urls)
    times = [float(line.split()[1]) for line in done.stdout.splitlines()]
    assert len(times) == 10 and max(times) > 0.9, done
