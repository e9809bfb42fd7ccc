"""A development server cannot be reached from outside its host, though it runs: it listens on 127.0.0.1 only.

On the host itself it answers. A connect to the host's own address is refused by its kernel. Both hosts are recorded.
"""

import web_common
from judge import expected

SOURCE = "microsoft/vscode-remote-release #7137; kumahq/kuma-website #59; microsoft/batch-processing-kit pull 15"
NEEDS = ("curl",)
FAMILIES = (4,)
RIGHT = [expected("connect-refused", ("peer-host", "peer-application", "local-application", "local-configuration"), mentions=["127.0.0.1:8000"])]
ACCEPTABLE = [[expected("connect-refused", ("peer-host", "peer-application", "local-configuration"))]]

SERVER = """
import http.server
http.server.ThreadingHTTPServer(('127.0.0.1', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def scenario(lab):
    client, server = lab.pair()
    web_common.python(lab, server, SERVER, listens=8000)
    with lab.record(client, server):
        assert web_common.curl(lab, server, "http://127.0.0.1:8000/").stdout == "200"
        assert web_common.curl(lab, client, web_common.url(lab, server, 8000)).returncode == 7
