"""`live -v` prints every event of a connection, in order of time, or says that it tells it late."""

import re

import traffic

# What the client's end goes through, in this order; between them may stand more.
CLIENT = (
    "connect(",
    "CLOSE -> SYN_SENT",
    "SYN ",
    "SYN_SENT -> ESTABLISHED",
    "ESTABLISHED -> FIN_WAIT1",
    "destroyed",
)

ALONE = True  # beside others a record may be read later than the order of lines is kept for


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(1)
        connection.close()

    def dialer():
        traffic.connect(lab.address(server), 5061).close()

    program = server.start(frontend)
    with lab.live(client, server, options=["-v"]) as live:
        program.go()
        client.run(dialer)
        program.await_step()
        live.await_lines(20, 3)

    ends = [line for line in live.lines if "dialer[" in line and ":5061" in line]
    rest = iter(ends)
    for words in CLIENT:
        assert any(words in line for line in rest), f"'{words}' does not come, or not in its place:\n" + "\n".join(ends)
    times = [re.search(r"\d\d:\d\d:\d\d\.\d+", line)[0] for line in live.lines if " late)" not in line]
    steps_back = sum(later < earlier for earlier, later in zip(times, times[1:]))
    assert steps_back == (times[-1] < times[0]), "not in order of time:\n" + "\n".join(live.lines)  # midnight may be once
    assert "0 findings" in live.text, live.text
