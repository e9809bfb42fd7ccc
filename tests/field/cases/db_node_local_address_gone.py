"""A client is told to connect from an address that its host does not have any more: "bind EADDRNOTAVAIL".

The configuration names the outbound (virtual) address; it moved to another host. bind() before connect() fails each time, and no packet leaves. It has nothing to
do with free ports. Recorded on the client.
"""

import programs
from judge import expected

SOURCE = "haraka/Haraka #2123 (bind EADDRNOTAVAIL for outbound), nodejs/node-v0.x-archive #3214"
NEEDS = ("node",)
GONE = {4: "10.77.1.50", 6: "fd77:1::50"}
# The rule's name is about ports, its meaning is bind() that finds no port or no address: the address must be named.
RIGHT = [expected(("port-exhaustion", "unexplained"), "local-configuration", at_least="likely", mentions=["node", "EADDRNOTAVAIL", "50"])]
ACCEPTABLE = [[expected(("port-exhaustion", "unexplained"), ("local-configuration", "unknown"), mentions=["EADDRNOTAVAIL"])]]

CLIENT = """
let left = 3;
function attempt() {
  const socket = require('net').connect({port: 6379, host: process.argv[1], localAddress: process.argv[2]});
  socket.on('error', error => { console.log(error.code); if (--left) setTimeout(attempt, 300); });
}
attempt();
"""


def scenario(lab):
    client, server = lab.pair("app", "cache")
    with lab.record(client):
        done = programs.run(lab, client, "node", "-e", CLIENT, lab.address(server), GONE[lab.family], timeout=20)
        assert done.stdout.split() == ["EADDRNOTAVAIL"] * 3, done
