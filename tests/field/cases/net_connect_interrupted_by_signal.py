"""A program reports "interrupted system call" instead of a connection: a timer's signal came while connect() waited.

connect() ended with EINTR after 50 ms; the SYN-ACK was on its way. The program takes that for a failure and closes the socket. The client is recorded.
"""

import ctypes
import errno
import signal
import socket
import struct

import traffic
import wire
from judge import expected

SOURCE = "zeromq/zeromq3-x #20, weibocom/nginx-upsync-module #135, rust-lang/rust #116132"
RIGHT = [expected(("connect-timeout", "connect-denied", "unexplained"), "local-application", mentions=["EINTR"])]
ACCEPTABLE = [[expected(("unexplained", "connect-timeout"), ("unknown", "local-application"), at_most="likely")]]


def scenario(lab):
    client, server = wire.between(lab, "client", "server", delay=0.1)

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    def program():
        libc = ctypes.CDLL(None, use_errno=True)
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.siginterrupt(signal.SIGALRM, True)
        family, port = traffic.KIND[lab.family], socket.htons(8080)
        address = socket.inet_pton(family, lab.address(server))
        name = struct.pack("=HH4s8x", family, port, address) if lab.family == 4 else struct.pack("=HHI16sI", family, port, 0, address, 0)
        with socket.socket(family) as connection:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            return ctypes.get_errno() if libc.connect(connection.fileno(), name, len(name)) else 0

    serving = server.start(service)
    with lab.record(client):
        for _ in range(2):
            assert client.run(program, name="upsync") == errno.EINTR
    serving.finish()
