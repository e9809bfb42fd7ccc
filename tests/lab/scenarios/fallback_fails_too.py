"""Near misses of a fallback: both addresses refuse; and of two servers of one family one refuses. Each refusal stays a finding."""

import traffic


def scenario(lab):
    client, server = lab.pair()
    other = 6 if lab.family == 4 else 4

    def frontend():
        listener = traffic.listen(5062, lab.family, address=lab.address(server))
        yield
        traffic.accept_and_outlast(listener, 1)

    def both_refused():
        assert traffic.connect_error(server.addresses[other], 5061)
        assert traffic.connect_error(lab.address(server), 5061)

    def next_server():
        assert traffic.connect_error(lab.address(client), 5062)  # a second server that is down: the client's own host
        traffic.connect(lab.address(server), 5062).close()

    program = server.start(frontend)
    with lab.record(client):
        program.go()
        client.run(both_refused)
        client.run(next_server)
        program.await_step()

    refused = sorted(finding["headline"].split("[")[0] for finding in lab.read_report().findings if finding["culprit"])
    assert refused.count("both_refused") == 2 and len(refused) >= 3, refused
    assert not lab.report.of("benign"), lab.report.of("benign")
