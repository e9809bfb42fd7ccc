"""Behind an LVS director in direct routing mode one real server never answers: it does not have the service's address on its loopback.

The director hands it packets for the virtual address unchanged. The server's kernel does not know that address as its own and does not forward, so it
drops each SYN; nginx never hears of it. The client and the real server are recorded: the SYNs arrived and were dropped there.
"""

import web_common
from judge import expected

SOURCE = "acassen/keepalived #1827 and #2213 (direct routing, the VIP on lo of each real server); LVS-HOWTO on LVS-DR"
NEEDS = ("nginx", "curl")
RIGHT = [expected(("local-drop", "connect-timeout"), ("local-configuration", "local-kernel", "peer-host"), mentions=["SYN"])]
ACCEPTABLE = []


def scenario(lab):
    client, director, server = lab.chain("client", "director", "server")
    vip = "10.77.100.1" if lab.family == 4 else "fd77:100::1"
    director.ip(f"route add {vip} via {lab.address(server)}")
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200;")
    with lab.record(client, server):
        done = web_common.curl(lab, client, "--connect-timeout", "4", f"http://{web_common.bracketed(vip)}:8080/")
        assert done.returncode == 28, done
