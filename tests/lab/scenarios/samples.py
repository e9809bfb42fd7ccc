"""`record --sample 1s` tells every second how each connection does, as `ss -tie` would; without it only its end tells."""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        traffic.receive(connection, 100_000)
        connection.recv(1)
        connection.close()

    def sending():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(bytes(100_000))
        time.sleep(3.5)
        connection.close()

    program = server.start(frontend)
    with lab.record(client, server, options=["--sample", "1s"]):
        program.go()
        client.run(sending)
        program.await_step()

    lab.expect_nothing_else()
    asking = lab.connections(client, "client")[0]["id"]
    samples = [event for event in lab.report.of("event") if event["kind"] == "sample" and event["connection"] == asking]
    assert len(samples) >= 2, f"{len(samples)} samples of the client's connection in 3.5 s"
    assert samples[-1]["acked_bytes"] == 100_000, f"{samples[-1]['acked_bytes']} bytes acknowledged in the last sample"
    assert samples[-1]["srtt_us"] > 0 and samples[-1]["snd_cwnd"] > 0 and samples[-1]["sent_segments"] > 0
    ends = [event for event in lab.report.of("event") if event["kind"] == "destroy" and event["connection"] == asking]
    assert ends[0]["acked_bytes"] == 100_000 and "rwnd_limited_ms" in ends[0]
