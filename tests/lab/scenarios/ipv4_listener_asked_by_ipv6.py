"""A server listens on 0.0.0.0, and a client that takes `localhost` for ::1 is refused. Such a socket never takes IPv6: nothing listens there.

The near miss: a server that listens on [::] takes both.
"""

import errno
import socket

import traffic

FAMILIES = (6,)


def scenario(lab):
    host = lab.host("host")

    def frontend():
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as narrow:
            narrow.bind(("0.0.0.0", 3000))
            narrow.listen(4)
            wide = traffic.listen(3001, 6)
            yield
            wide.accept()[0].close()
            yield

    program = host.start(frontend, name="webapp")
    with lab.record(host):
        program.go()
        assert host.run(traffic.connect_error, "::1", 3000, name="node") == errno.ECONNREFUSED
        assert host.run(traffic.connect_error, "127.0.0.1", 3001, name="other") == 0
        program.await_step()

    lab.expect("connect-refused", culprit="local-configuration", certainty="proven", count=1, mentions=["nothing listens on [::1]:3000", "only on IPv4 (0.0.0.0:3000)"])
    lab.expect_nothing_else()
