"""A slow request ends with an empty reply: gunicorn's master ends the worker that has not reported for --timeout.

The worker gets SIGABRT and goes, the kernel closes its connection with FIN, and a new worker starts. Both ends are recorded.
"""

import programs
import web_common
from judge import expected

SOURCE = "benoitc/gunicorn #1440 and #2236 (WORKER TIMEOUT)"
NEEDS = ("gunicorn", "curl")
RIGHT = [expected(("process-died", "server-silent"), "local-application", at_least="likely", mentions=["gunicorn"])]
ACCEPTABLE = [[expected(("process-died", "server-silent", "unexplained"), ("local-application", "peer-application", "unknown"), at_most="likely")]]

APPLICATION = """
import time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/report":
        time.sleep(30)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def scenario(lab):
    client, server = lab.pair()
    programs.write(lab, "report.py", APPLICATION)
    address = "0.0.0.0:8080" if lab.family == 4 else "[::]:8080"
    programs.start(
        lab, server, "gunicorn", "--chdir", lab.folder, "-b", address, "--timeout", "2", "--graceful-timeout", "1", "report:app", listens=8080, wait=20
    )
    with lab.record(client, server):
        assert web_common.curl(lab, client, web_common.url(lab, server, 8080)).stdout == "200"
        assert web_common.curl(lab, client, web_common.url(lab, server, 8080, "/report")).returncode == 52
