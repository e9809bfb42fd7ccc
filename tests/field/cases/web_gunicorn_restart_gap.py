"""nginx answers 502 for some seconds at each deployment: gunicorn is stopped before the new one listens.

Between the two nobody listens on the port, and each connect is refused. Before and after, all is well. Only the application's host is recorded.
"""

import signal

import programs
import web_common
from judge import expected

SOURCE = "benoitc/gunicorn #3354 and #2409: connect() failed (111: Connection refused) while connecting to upstream"
NEEDS = ("gunicorn", "curl")
RIGHT = [expected("listener-gone", "local-application", mentions=["gunicorn"])]
ACCEPTABLE = []
BESIDE = [expected("endpoint-down"), expected("endpoint-up")]

APPLICATION = """
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'hello']
"""


def scenario(lab):
    client, server = lab.pair()
    programs.write(lab, "application.py", APPLICATION)

    def begin():
        return programs.start(lab, server, "gunicorn", "--chdir", lab.folder, "--bind", "[::]:8000", "application:application", listens=8000)

    def ask():
        return web_common.curl(lab, client, "-m", "5", web_common.url(lab, server, 8000)).returncode

    old = begin()
    with lab.record(server):
        assert ask() == 0
        old.send_signal(signal.SIGTERM)
        assert old.wait(15) == 0
        assert [ask() for _ in range(3)] == [7] * 3
        begin()
        assert ask() == 0
