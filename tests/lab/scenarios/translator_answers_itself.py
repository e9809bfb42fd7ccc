"""An address translator forgets an idle connection. What the server sends to it next is answered by the translator's own kernel, with RST.

No address moved, and no packet filter reset: the host that answers is the one whose entry ran out.
"""

import errno
import time

import traffic

PORT = 5061


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    family = {4: "ip", 6: "ip6"}[lab.family]
    router.nft(f"table {family} t {{ chain post {{ type nat hook postrouting priority 100; oifname \"to-server\" masquerade\n}}\n}}")
    router.sysctl(netfilter__nf_conntrack_tcp_timeout_established=1)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.sendall(b"news")
        yield traffic.error_of(connection.recv, 5)

    def listening():
        connection = traffic.connect(lab.address(server), PORT)
        yield
        yield
        del connection

    program = server.start(frontend)
    with lab.record(client, router, server):
        subscriber = client.begin(listening)
        program.step()
        subscriber.await_step()
        time.sleep(2.5)
        assert program.step() == errno.ECONNRESET

    lab.expect("reset-received", culprit="local-configuration", certainty="likely", count=1, mentions=["router, which translates its addresses, has forgotten it"])
    lab.expect_nothing_else()
    subscriber.step()
