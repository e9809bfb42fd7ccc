"""A counter of the firewall is told as it was found and as it stood at the end, and only when it moved."""

import traffic


def scenario(lab):
    client, server = lab.pair()
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 5061 tcp flags & (syn|ack) == syn counter accept
            tcp dport 5062 counter drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        for _ in range(3):
            listener.accept()[0].close()
        listener.close()

    program = server.start(frontend)
    with lab.record(client, server):
        program.go()
        for _ in range(3):
            assert client.run(traffic.connect_error, lab.address(server), 5061) == 0
        program.await_step()

    counters = [event for event in lab.read_report().of("event") if event["kind"] == "environment" and event["topic"] == "nft_counter"]
    assert [fact["after"] for fact in counters if fact["what"] == "found"] == ["0 packets", "0 packets"]
    assert [(fact["before"], fact["after"]) for fact in counters if fact["what"] == "counted"] == [("0 packets", "3 packets")]
    lab.expect_nothing_else()
