"""A connection is given up with "timed out" although its peer answers: the application's TCP_USER_TIMEOUT counts a closed window too.

The receiver does not read; its kernel answers every probe. The sender's kernel ends the connection when the window has been closed for as long as the
option says. Both ends are recorded.
"""

import errno
import socket

import traffic
from judge import expected

SOURCE = "golang/go #31490 (TCP_USER_TIMEOUT ends a connection in the zero-window state)"
RIGHT = [expected(("zero-window-stall", "user-timeout"), "local-application", at_least="likely", mentions=["TCP_USER_TIMEOUT"])]
ACCEPTABLE = [[expected("zero-window-stall", "local-application", mentions=["consumer"])]]

TCP_USER_TIMEOUT = 18


def scenario(lab):
    sender, receiver = lab.pair("sender", "receiver")

    def consumer():
        listener = traffic.listen(9000, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.recv(1)

    def producer():
        connection = traffic.connect(lab.address(receiver), 9000)
        connection.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, 4000)
        yield traffic.error_of(connection.sendall, bytes(20_000_000))

    reading = receiver.start(consumer)
    with lab.record(sender, receiver):
        writing = sender.begin(producer)
        reading.step()
        assert writing.await_step() == errno.ETIMEDOUT
    reading.kill()
