"""A server's netmask is too wide: it looks for a client that is behind a router on its own link, where nobody answers. Its SYN-ACKs never leave.

TCP there "sent them again", but no device saw one: nothing was lost on the way back. The near miss: the same with the route as it should be.
"""

import traffic

CONNECT_LIMIT = 6


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    whole = {4: 32, 6: 128}[lab.family]

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        traffic.accept_and_outlast(listener, 1)
        yield

    program = server.start(frontend)
    with lab.record(client, router, server):
        program.go()
        client.run(traffic.connect_and_close, lab.address(server), 5061, name="lucky")
        server.ip(f"route add {lab.address(client)}/{whole} dev to-router")
        program.await_step()
        client.run(traffic.give_up_connecting, lab.address(server), 5061, CONNECT_LIMIT, name="unlucky")

    lab.expect("host-unreachable", culprit="local-configuration", certainty="likely", count=1, mentions=["SYN-ACKs never leave", lab.address(client), "on its own link"])
    lab.expect_nothing_else()
