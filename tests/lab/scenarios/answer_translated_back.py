"""A translating router between a client and a server, which answers through it: the translation is made both ways, and nothing is wrong."""

import traffic

PORT = 5061


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    family = {4: "ip", 6: "ip6"}[lab.family]
    router.nft(f"""
        table {family} t {{
          chain pre {{
            type nat hook prerouting priority -100;
            tcp dport {PORT} dnat to {lab.address(server)}
          }}
        }}
    """)

    def frontend():
        listener = traffic.listen(PORT, lab.family)
        yield
        traffic.accept_and_outlast(listener, 1)

    def asking():
        connection = traffic.connect(lab.address(router), PORT)
        connection.sendall(b"x")
        connection.close()

    program = server.start(frontend)
    with lab.record(client, router, server):
        asker = client.begin(asking)
        program.finish()
        asker.await_step()

    lab.expect_nothing_else()
