"""A sender whose receiver does not read dies with "timed out": in the midst, the path to the receiver broke.

A closed window alone never ends a connection, since the receiver's kernel answers every probe. After some seconds the router's filter drops all, the probes
stay unanswered, and the sender's kernel gives up. Sender, router and receiver are recorded.
"""

import errno
import time

import traffic
from judge import expected

SOURCE = "kernel, tcp_probe_timer and tcp_retries2; golang/go #31490 on what a closed window does and does not end"
RIGHT = [expected(("local-drop", "retransmission-timeout"), ("local-firewall", "path"), at_least="likely", mentions=["router"])]
ACCEPTABLE = [[expected(("local-drop", "retransmission-timeout", "loss-stall"), ("local-firewall", "path"))]]
BESIDE = [expected("zero-window-stall", ("local-application", "peer-application"), mentions=["consumer"])]


def scenario(lab):
    sender, router, receiver = lab.chain("sender", "router", "receiver")
    sender.sysctl(tcp_retries2=3)

    def consumer():
        listener = traffic.listen(9000, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.recv(1)

    def producer():
        connection = traffic.connect(lab.address(receiver), 9000)
        yield traffic.error_of(connection.sendall, bytes(20_000_000))

    reading = receiver.start(consumer)
    with lab.record(sender, router, receiver):
        writing = sender.begin(producer)
        reading.step()
        time.sleep(2)  # the window is closed, the probes are answered
        router.nft("table inet f { chain f { type filter hook forward priority 0; policy drop;\n}\n}")
        assert writing.await_step() == errno.ETIMEDOUT
    reading.kill()
