"""The cache instance was terminated and its address is nobody's; a client that cached the address gets EHOSTUNREACH after 3 s.

The name has long moved on, the client keeps the old IP. Both were in one subnet: nobody answers ARP (or neighbour discovery) for it, so no SYN ever leaves.
Recorded on the client.
"""

import programs
from judge import expected

SOURCE = "carlos8f/haredis #18, StackExchange/StackExchange.Redis #1891, redis/redis #9103 (the old address of a node that is gone)"
NEEDS = ("node",)
GONE = {4: "10.77.1.99", 6: "fd77:1::99"}
RIGHT = [expected("host-unreachable", ("path", "peer-host"), mentions=["node", "does not answer"])]
ACCEPTABLE = [[expected("host-unreachable", ("path", "peer-host", "unknown"))]]

CLIENT = """
const socket = require('net').connect(6379, process.argv[1]);
socket.on('error', error => { console.log(error.code); process.exit(0); });
"""


def scenario(lab):
    client, _ = lab.pair("app", "router")
    with lab.record(client):
        done = programs.run(lab, client, "node", "-e", CLIENT, GONE[lab.family], timeout=30)
        assert done.stdout.strip() == "EHOSTUNREACH", done
