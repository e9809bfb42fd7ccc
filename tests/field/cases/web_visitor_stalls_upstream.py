"""An application behind nginx hangs in its write: the visitor at the far end has stopped reading, and nginx passes the pressure on.

Without proxy_buffering nginx reads from the application only what the visitor takes. The application's window closes at nginx, which looks as if nginx
were stuck. Recorded are the proxy and the application; on the proxy the visitor's closed window is to be seen.
"""

import socket
import time

import processes
import traffic
import web_common
from judge import expected

SOURCE = "puma/puma #3110 and 18F/before-you-ship #241: slow readers hold a worker when proxy_buffering is off; hydroshare/hydroshare #3953"
NEEDS = ("nginx", "node")
VISITOR = expected("zero-window-stall", ("peer-application", "peer-host"), at_most="likely")
RIGHT = [VISITOR]
ACCEPTABLE = [[VISITOR, expected("zero-window-stall", ("local-application", "peer-application"), mentions=["nginx"])]]

APPLICATION = """
require('http').createServer((request, answer) => { answer.end(Buffer.alloc(30000000, 'x')); }).listen(8000, '::');
"""


def scenario(lab):
    visitor, proxy, application = lab.chain("visitor", "proxy", "application")
    web_common.node(lab, application, 8000, APPLICATION)
    upstream = f"http://{web_common.bracketed(lab.address(application))}:8000"
    web_common.nginx(lab, proxy, 8080, f"{web_common.listen(8080)} location / {{ proxy_pass {upstream}; proxy_buffering off; }}")

    def reading():
        connection = socket.socket(traffic.family_of(lab.address(proxy)), socket.SOCK_STREAM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.connect((lab.address(proxy), 8080))
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert traffic.receive(connection, 30000)
        yield
        yield
        connection.close()

    with lab.record(proxy, application):
        visitor.start(reading)
        time.sleep(7)  # the stall itself
    processes.end_all()

