"""One SYN is lost on this host, the next one passes: that is nothing to report.

An nftables rule in the client's output hook drops the first SYN only. The kernel sends it again a second later, and all is well.
"""

import traffic


def scenario(lab):
    client, server = lab.pair()
    client.nft("""
        table inet t {
          chain o {
            type filter hook output priority 0;
            tcp dport 5061 tcp flags & (syn|ack) == syn limit rate over 1/hour burst 1 packets accept
            tcp dport 5061 tcp flags & (syn|ack) == syn drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        while connection.recv(100):
            pass
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"hello")
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        client.run(asking)
        program.await_step()

    lab.expect_nothing_else()
    dropped = [event for event in lab.report.of("event") if event["kind"] == "drop"]
    assert len(dropped) == 1, f"{len(dropped)} drops in the report, expected the one SYN"
