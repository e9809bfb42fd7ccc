"""A translator lets a segment of the server pass as it is, because its connection tracking has no entry for it: the client knows no connection with
that address and resets it. The server sees a RST of its client, the client an answer that never comes.

It is one finding for both ends: the address is wrong. Neither the client nor the server did anything.
"""

import time

import traffic

VIP = {4: "10.99.0.1", 6: "fd99::1"}


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    family = {4: "ip", 6: "ip6"}[lab.family]
    mid.nft(f"""
        table {family} nat {{
          chain pre {{
            type nat hook prerouting priority -100;
            {family} daddr {VIP[lab.family]} tcp dport 5061 dnat to {lab.address(server) if lab.family == 4 else "[" + lab.address(server) + "]"}:5061
          }}
        }}
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.sendall(b"answer")
        time.sleep(0.5)
        connection.close()
        yield

    def asking():
        connection = traffic.connect(VIP[lab.family], 5061)
        yield
        connection.settimeout(1)
        traffic.error_of(connection.recv, 6)
        yield

    program = server.start(frontend)
    with lab.record(client, mid, server):
        asker = client.begin(asking, name="asking")
        program.step()
        asker.await_step()
        mid.nft(f"""
            table {family} raw {{
              chain pre {{
                type filter hook prerouting priority -300;
                tcp sport 5061 notrack
              }}
            }}
        """)
        program.go()
        asker.step()
        program.await_step()
    asker.kill()

    lab.expect("wrong-address", culprit="path", certainty="proven", count=1, mentions=[VIP[lab.family], "asking"])
    lab.expect_nothing_else()
