"""A monitoring host is banned by fail2ban in the midst of a session: its open connection goes dead and new ones time out.

The web server's firewall drops everything from the banned address from one moment to the next. The open keep-alive connection gets no answer any more,
and a new connect is given up by the client. Only the web server is recorded; its own firewall dropped the packets.
"""

import http.client
import socket

import processes
import web_common
from judge import expected

SOURCE = "fail2ban/fail2ban #1718 (own address banned), #822 and #1547 (a user locked out of the site)"
NEEDS = ("nginx", "curl")
RIGHT = [expected("local-drop", "local-firewall", at_least="likely")]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    kind, word = ("ipv4_addr", "ip") if lab.family == 4 else ("ipv6_addr", "ip6")
    server.nft(f"""
        table inet f2b {{
          set banned {{
            type {kind}
          }}
          chain i {{
            type filter hook input priority -1;
            {word} saddr @banned drop
          }}
        }}
    """)
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200 hello;")

    def monitor():
        connection = http.client.HTTPConnection(lab.address(server), 8080, timeout=5)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hello"
        yield
        try:
            connection.request("GET", "/")
            connection.getresponse()
        except socket.timeout:
            connection.close()
            yield "dead"

    with lab.record(server):
        program = client.start(monitor)
        server.nft(f"add element inet f2b banned {{ {lab.address(client)} }}")
        assert program.step() == "dead"
        assert web_common.curl(lab, client, "--connect-timeout", "3", web_common.url(lab, server, 8080)).returncode == 28
    processes.end_all()
