"""A client opens a second connection to the server that it talks to (FTP's passive data), and a router between drops its SYNs. It gives both up.

The server had answered and waits for the second connection, too: its silence on the first one is no fault of its own. One story.
"""

import socket
import time

import traffic

LIMIT_S = 3


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    router.nft("table inet t { chain f { type filter hook forward priority 0; tcp dport 40000-40999 drop\n}\n}")

    def frontend():
        listener = traffic.listen(21, lab.family)
        data = traffic.listen(40000, lab.family)
        yield
        connection, _ = listener.accept()
        connection.sendall(b"220 ready")
        connection.recv(100)
        connection.sendall(b"227 port 40000")
        yield connection.recv(100)
        data.close()

    def fetching():
        control = traffic.connect(lab.address(server), 21)
        traffic.receive(control, 9)
        control.sendall(b"PASV")
        traffic.receive(control, 14)
        with socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM) as second:
            second.settimeout(LIMIT_S)
            assert traffic.error_of(second.connect, (lab.address(server), 40000)) is not None
        control.close()
        raise SystemExit(28)

    program = server.start(frontend)
    with lab.record(client, router, server):
        program.go()
        fetcher = client.begin(fetching, name="fetcher")
        program.await_step()
        time.sleep(0.5)
        del fetcher

    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["40000"])
    lab.expect_nothing_else()
