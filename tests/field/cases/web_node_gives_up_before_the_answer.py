"""Node 20 reports ETIMEDOUT for servers far away: it gives each address 250 ms, and the answer takes 400 ms.

With more than one address Node closes an attempt after autoSelectFamilyAttemptTimeout. The SYN-ACK comes 150 ms later, and is reset as nobody's. Nothing is
lost, and the server is well. Both ends are recorded.
"""

import programs
import wire
from judge import expected

SOURCE = "nodejs/node #54359 and #52082 (happy eyeballs time out too early on slow links)"
NEEDS = ("node",)
RIGHT = [expected("connect-timeout", "local-application", at_least="likely", mentions=["node"])]
ACCEPTABLE = [[expected(("connect-timeout", "unexplained"), ("local-application", "unknown"), at_most="likely")]]
BESIDE = [expected(("no-route", "host-unreachable"), "local-configuration"), expected("reset-sent", ("local-application", "local-kernel"), at_most="likely")]

NOWHERE = {4: "198.51.100.9", 6: "2001:db8::9"}


def scenario(lab):
    client, server = wire.between(lab, "client", "server", delay=0.2)
    client.ip(f"route add unreachable {NOWHERE[4]}", f"route add unreachable {NOWHERE[6]}")
    script = programs.write(lab, "get.js", f"""
const addresses = ['{lab.address(server)}', '{NOWHERE[lab.family]}'].map(address => ({{address, family: {lab.family}}}));
const lookup = (host, options, done) => done(null, addresses);
require('net').connect({{host: 'api.test', port: 8080, autoSelectFamily: true, lookup}})
  .on('error', error => console.log(error.errors.map(each => each.code).join(' ')));
setTimeout(Boolean, 2000);
""")  # fmt: skip
    web = "/usr/bin/python3", "-m", "http.server", "8080", "--bind", "0.0.0.0" if lab.family == 4 else "::"
    programs.start(lab, server, *web, listens=8080)
    with lab.record(client, server):
        done = programs.run(lab, client, "node", script)
        assert "ETIMEDOUT" in done.stdout, done
