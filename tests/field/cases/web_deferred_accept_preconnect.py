"""Healthy: nginx listens with 'deferred', and a browser opens its connection some seconds before it has anything to ask.

With TCP_DEFER_ACCEPT the kernel keeps the handshake back until data come; meanwhile it sends its SYN-ACK again. The request comes, is answered, and
nobody has lost anything. It looks like a handshake that somebody did not complete.
"""

import http.client
import time

import web_common

SOURCE = "h5bp/server-configs-nginx #100 and benoitc/gunicorn #1289: TCP_DEFER_ACCEPT and load balancers"
NEEDS = ("nginx",)
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    browser, server = lab.pair("browser", "server")
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080, 'deferred')} return 200 hello;")

    def preconnecting(wait):
        connection = http.client.HTTPConnection(lab.address(server), 8080)
        connection.connect()
        time.sleep(wait)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hello"
        connection.close()

    with lab.record(browser, server):
        for wait in (0, 2.5, 4):
            browser.run(preconnecting, wait)
