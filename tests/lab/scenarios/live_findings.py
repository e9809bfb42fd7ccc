"""`live` says each finding once, within seconds, and nothing about what is healthy.

A connect is refused, a session goes well, a server closes with unread data: two lines on stdout, both within 3 s of what they
tell. Everything else that live says, what it attached and what it counted, stands on stderr.
"""

import errno
import re
import time

import traffic


def scenario(lab):
    client, server = lab.pair()
    address = lab.address(server)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        healthy, _ = listener.accept()
        traffic.receive(healthy, 4)
        healthy.sendall(b"pong")
        healthy.close()
        careless, _ = listener.accept()
        yield
        careless.close()
        yield

    def asking():
        healthy = traffic.connect(address, 5061)
        healthy.sendall(b"ping")
        traffic.receive(healthy, 5)
        healthy.close()
        connection = traffic.connect(address, 5061)
        connection.sendall(b"a request that nobody reads")
        yield
        yield traffic.error_of(connection.recv, 100)

    program = server.start(frontend)
    with lab.live(client, server) as live:
        assert client.run(traffic.connect_error, address, 5062, name="dialer") == errno.ECONNREFUSED
        refused = live.await_lines(1, 3)[0]
        asker = client.begin(asking)
        program.step()
        asker.await_step()
        program.step()
        assert asker.step() == errno.ECONNRESET
        reset = live.await_lines(2, 3)[1]
        time.sleep(2.5)

    assert live.lines == [refused, reset], f"more than two lines: {live.lines}"
    for line in live.lines:
        assert re.match(r"\d\d:\d\d:\d\d\.\d+  (proven|likely|possible) ", line), f"not a line of live: {line}"
    sure = "proven" if "told by the kernel" in lab.tcpwitness("doctor").stdout else "likely"  # of the reason of a reset
    told = (
        (refused, ("proven", "local-configuration", "connect-refused", "dialer", "5062")),
        (reset, (sure, "local-application", "reset-sent", "frontend")),
    )
    for line, words in told:
        assert all(word in line for word in words), f"not all of {words} in: {line}"
    for words in ("probes attached", "watching", " 0 lost", "2 findings"):
        assert words in live.text, f"'{words}' is missing on stderr: {live.text}"
