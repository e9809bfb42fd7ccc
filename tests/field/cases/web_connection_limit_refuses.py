"""Some of a page's parallel requests are refused though the web server runs: its firewall allows three connections for each address.

The fourth connection at the same time is rejected with a RST by the server's own rule (connlimit). nginx never sees it. Only the server is recorded.
"""

import processes
import traffic
import web_common
from judge import expected

SOURCE = "rfxn/advanced-policy-firewall #34 and breakwa11/shadowsocks-rss #454 (connlimit with REJECT); picoCTF/picoCTF #224: users behind one address suffer"
NEEDS = ("nginx", "curl")
RIGHT = [expected(("connect-refused", "local-drop", "reset-sent"), "local-firewall", at_least="likely")]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 8080 ct state new ct count over 3 reject with tcp reset
          }
        }
    """)
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200;")

    def page():
        connections = [traffic.connect(lab.address(server), 8080) for _ in range(3)]
        yield
        yield
        for connection in connections:
            connection.close()

    with lab.record(server):
        program = client.start(page)
        for _ in range(3):
            assert web_common.curl(lab, client, web_common.url(lab, server, 8080)).returncode == 7
        program.step()
    processes.end_all()
