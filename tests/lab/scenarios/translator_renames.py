"""An address translator that nobody recorded forgets an idle client, and passes its next request on under another port. The server's kernel knows no such
connection, and its RST is translated back.

The client gets a RST that the server's trace does not have under that name. It is not forged: the same sequence number left the server for another port.
"""

import errno
import time

import traffic

PORT = 5061


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    family = {4: "ip", 6: "ip6"}[lab.family]
    router.nft(f"table {family} t {{ chain post {{ type nat hook postrouting priority 100; oifname \"to-server\" tcp dport {PORT} masquerade random\n}}\n}}")
    router.sysctl(netfilter__nf_conntrack_tcp_timeout_established=1, netfilter__nf_conntrack_tcp_loose=1)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(5)
        connection.sendall(b"hello")
        yield
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), PORT)
        connection.sendall(b"hello")
        traffic.receive(connection, 5)
        yield
        connection.sendall(b"again")
        yield traffic.error_of(connection.recv, 5)

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        pool = client.begin(asking, name="pool")
        pool.await_step()
        time.sleep(2.5)
        assert pool.step() == errno.ECONNRESET

    lab.expect("reset-received", culprit="path", certainty="likely", count=1, mentions=["pool", "a translator between had forgotten it"])
    lab.expect_nothing_else()
    program.step()
