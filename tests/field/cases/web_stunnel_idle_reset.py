"""A connection through stunnel is reset after it was idle: TIMEOUTidle, after which stunnel resets both its sides on purpose.

The client sent something, got its answer, and kept the connection for later. No device on the path forgot it: stunnel closes it with SO_LINGER 0.
Only the stunnel host is recorded.
"""

import ssl

import processes
import programs
import traffic
import web_common
from judge import expected

SOURCE = "heroku/heroku-buildpack-redis pull 19 and xapi-project/xen-api pull 1779 (TIMEOUTidle); stunnel's manual on TIMEOUTidle and RESET"
NEEDS = ("stunnel4", "openssl")
RIGHT = [expected("reset-sent", "local-application", mentions=["stunnel"])]
ACCEPTABLE = []


def scenario(lab):
    client, tunnel, backend = lab.chain("client", "tunnel", "backend")
    web_common.certificate(lab)
    config = programs.write(lab, "stunnel.conf", f"""
foreground = yes
pid =
[web]
accept = :::8443
connect = {lab.address(backend)}:8000
cert = {lab.file('both.pem')}
TIMEOUTidle = 3
""")  # fmt: skip

    def echo():
        listener = traffic.listen(8000, lab.family)
        yield
        connection, _ = listener.accept()
        connection.sendall(traffic.receive(connection, 5))
        yield traffic.error_of(connection.recv, 1)

    def asking():
        plain = traffic.connect(lab.address(tunnel), 8443)
        connection = ssl._create_unverified_context().wrap_socket(plain, server_hostname="test")
        connection.sendall(b"hello")
        assert connection.recv(5) == b"hello"
        yield traffic.error_of(connection.recv, 1)

    programs.start(lab, tunnel, "stunnel4", config, listens=8443)
    program = backend.start(echo)
    with lab.record(tunnel):
        program.go()
        print("client:", client.start(asking))
        print("backend:", program.await_step())
    processes.end_all()
