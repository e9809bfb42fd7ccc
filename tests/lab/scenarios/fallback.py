"""A name has an IPv6 and an IPv4 address, and only one of them is served: the client's second attempt comes through at once.

One client meets a refusal at its first address, another silence, and closes that attempt when the other one is answered (happy eyeballs).
Both got what they wanted: nothing is found, and both are counted as fallbacks.
"""

import socket
import time

import traffic


def scenario(lab):
    client, server = lab.pair()
    other = 6 if lab.family == 4 else 4
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 5062 meta nfproto ipv%d drop
          }
        }
    """ % other)

    def frontend():
        listeners = [traffic.listen(port, lab.family, address=lab.address(server)) for port in (5061, 5062)]
        yield
        for listener in listeners:
            traffic.accept_and_outlast(listener, 1)

    def refused():
        assert traffic.connect_error(server.addresses[other], 5061)
        traffic.connect(lab.address(server), 5061).close()

    def racing():
        first = socket.socket(traffic.KIND[other], socket.SOCK_STREAM)
        first.setblocking(False)
        first.connect_ex((server.addresses[other], 5062))
        time.sleep(0.25)
        traffic.connect(lab.address(server), 5062).close()
        first.close()

    program = server.start(frontend)
    with lab.record(client):
        program.go()
        client.run(refused)
        client.run(racing)
        program.await_step()

    lab.expect_nothing_else()
    told = lab.report.of("benign")
    assert [one["pattern"] for one in told] == ["fallback", "fallback"], told
