"""One host cannot reach a site that everybody else reaches: it asks for ECN in its SYNs, and an old firewall drops such SYNs.

The client's kernel asks for ECN and, as older ones do, does not try without. All its SYNs vanish; a client without ECN gets through at the same
time. Both ends are recorded: the SYNs never arrive.
"""

import web_common
from judge import expected

SOURCE = "systemd/systemd #9748 (tcp_ecn makes downloads fail); cesanta/mongoose #3402; lnykryn/systemd-rhel pull 240"
NEEDS = ("nginx", "curl")
RIGHT = [expected("connect-timeout", "path", at_least="likely", mentions=["curl"])]
ACCEPTABLE = []


def scenario(lab):
    client, middle, server = lab.chain("client", "middle", "server")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=1, tcp_ecn=1, tcp_ecn_fallback=0)
    middle.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp flags & (syn | ack | ecn | cwr) == syn | ecn | cwr drop
          }
        }
    """)
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200;")
    address = web_common.url(lab, server, 8080)
    with lab.record(client, server):
        done = web_common.curl(lab, client, address)
        assert done.returncode == 28 or "timed out" in done.stderr, done
        client.sysctl(tcp_ecn=0)
        assert web_common.curl(lab, client, address).stdout == "200"
