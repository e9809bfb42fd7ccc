"""A destination refuses six connects in a row, and then takes one: it was down and is up again. Four refusals are no outage.

The refusals are told by their own finding; endpoint-down and endpoint-up say how the destination stands, and for how long it was away.
"""

import errno

import traffic

LIMIT = 120


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(1)
        connection.close()

    for failures, comes_up, state in ((4, True, None), (6, False, "endpoint-down"), (6, True, "endpoint-up")):
        with lab.record(client, server):
            for _ in range(failures):
                assert client.run(traffic.connect_error, lab.address(server), 5061, name="dialer") == errno.ECONNREFUSED
            if comes_up:
                program = server.start(frontend)
                program.go()
                assert client.run(traffic.connect_error, lab.address(server), 5061, name="dialer") == 0
                program.await_step()

        lab.read_report()
        refused = lab.expect("connect-refused", count=failures)
        if state:
            finding = lab.expect(state, culprit=refused["culprit"], certainty=refused["certainty"], count=1, mentions=["5061"])
            assert any(f"{failures} with ECONNREFUSED" in reason for reason in finding["reasons"]), finding["reasons"]
            lab.example(state)
        lab.expect_nothing_else()
