"""A connect that its own process takes back after 50 ms, before an answer was due, and one that is answered: neither is given up."""

import socket
import time

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 drop
          }
        }
    """)

    def fickle():
        connection = socket.socket(traffic.family_of(lab.address(fe)), socket.SOCK_STREAM)
        connection.setblocking(False)
        connection.connect_ex((lab.address(fe), 5061))
        time.sleep(0.05)
        connection.close()

    def frontend():
        listener = traffic.listen(5062, lab.family)
        yield
        traffic.accept_and_outlast(listener, 1)

    def asking():
        traffic.connect(lab.address(fe), 5062).close()

    program = fe.start(frontend)
    with lab.record(edge):
        program.go()
        edge.run(fickle)
        edge.run(asking)
        program.await_step()

    lab.expect_nothing_else()
    assert [one["pattern"] for one in lab.report.of("benign")] == ["withdrawn"], lab.report.of("benign")
