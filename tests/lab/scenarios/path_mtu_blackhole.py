"""Large segments vanish on the path and nobody says so: path-mtu-blackhole.

The way to the client takes packets of 1300 bytes. The router's ICMP error is dropped on its way out, so the front end sends its large answer
again and again. The request, the handshake and the client's FIN are small and pass: path-mtu-blackhole, the path, likely.
"""

import time

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.ip("link set to-edge mtu 1300")
    edge.ip("link set to-mid mtu 1500")
    mid.nft("""
        table inet t {
          chain o {
            type filter hook output priority 0;
            icmp type destination-unreachable icmp code frag-needed drop
            icmpv6 type packet-too-big drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(100)
        connection.sendall(b"x" * 5000)
        yield
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(fe), 5061)
        connection.sendall(b"hello")
        yield
        connection.shutdown(traffic.socket.SHUT_WR)
        yield
        connection.close()

    with lab.record(fe):
        program = fe.start(frontend, name="frontend")
        program.go()
        client = edge.start(asking)
        program.await_step()
        time.sleep(4)
        client.step()
        time.sleep(1)

    lab.expect("path-mtu-blackhole", culprit="path", certainty="likely", count=1, mentions=["frontend"])
    lab.expect_nothing_else()
    lab.example("path-mtu-blackhole")
