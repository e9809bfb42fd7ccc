"""A download is given up by curl's own time limit, while data comes all the time: the server's uplink is shaped to 800 kbit/s.

The server wrote its whole answer at once. Nothing stood still, nothing was lost, and nobody was silent. Both ends are recorded.
"""

import programs
import web_common
from judge import NONE, expected
from namespaces import command

SOURCE = "curl's exit status 28, 'Operation timed out after 4001 milliseconds with 363404 out of 6000000 bytes received'; tc-tbf"
NEEDS = ("nginx", "curl", "tc")
RIGHT = NONE
ACCEPTABLE = [
    [expected(("connect-timeout", "reset-sent", "unexplained"), ("local-application", "local-configuration", "unknown"))],
    [expected("local-drop", ("local-configuration", "local-kernel"), mentions=["QDISC_DROP"])],  # the shaper's own drops, when its queue runs over
]


def scenario(lab):
    client, server = lab.pair()
    command("tc", "-n", server.name, "qdisc", "add", "dev", "to-client", "root", "tbf", "rate", "800kbit", "burst", "16k", "latency", "400ms")
    programs.write(lab, "large", "x" * 6_000_000)
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} root {lab.folder};")
    with lab.record(client, server):
        assert web_common.curl(lab, client, "-m", "4", web_common.url(lab, server, 8080, "/large")).returncode == 28
