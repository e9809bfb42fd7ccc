"""A server gets the SYN and cannot answer: it has no route to the client's network.

No SYN-ACK leaves the server, so nothing was lost on the way back, and no firewall has a part in it. Client, router and server are recorded: one finding.
"""

import traffic

LIMIT = 120


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_syn_retries=2, tcp_syn_linear_timeouts=0)

    def service():
        listener = traffic.listen(5061, lab.family)
        yield
        listener.close()

    program = server.start(service, name="webd")

    server.ip("route del 0.0.0.0/0" if lab.family == 4 else "route del ::/0")
    with lab.record(client, mid, server):
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="caller")
    lab.read_report()
    lab.expect("no-route", culprit="local-configuration", certainty="likely", count=1, mentions=["webd", "does not answer", lab.address(client)])
    lab.expect_nothing_else()
    program.finish()
