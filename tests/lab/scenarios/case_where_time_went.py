"""A session that both hosts recorded, each with a clock of its own: whose is the time that its answers took?

The first answer is quick. The second takes the server 600 ms. Of the third the request is lost once on the way, so that the client sends it
again after its RTO: that is the path's time. Between its requests the client takes 300 ms. None of this depends on how the clocks compare.
"""

import subprocess
import time

import traffic
from other_host import as_other_host

LIMIT = 90
THINKS, SERVES = 0.3, 0.6


def scenario(lab):
    edge, mid, fe = lab.chain()
    mid.nft("""
        table inet t {
          chain f {
            type filter hook forward priority 0;
            tcp dport 5061 tcp flags & (syn|psh) == psh numgen inc mod 3 == 2 drop
          }
        }
    """)
    mine, theirs = lab.file("edge.pcapng"), lab.file("fe.pcapng")

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        for wait in (0, SERVES, 0):
            request = traffic.receive(connection, 5)
            time.sleep(wait)
            connection.sendall(request)
        connection.recv(1)
        connection.close()

    def asking():
        connection = traffic.connect(lab.address(fe), 5061)
        for request in (b"first", b"later", b"again"):
            connection.sendall(request)
            traffic.receive(connection, 5)
            time.sleep(THINKS)
        connection.close()

    program = fe.start(frontend)
    with lab.record(edge, trace=mine, options=("--segments", "--port", "5061")), lab.record(fe, trace=theirs, options=("--segments", "--port", "5061")):
        program.go()
        edge.run(asking)
        program.await_step()

    for shift, drift in ((0, 0), (-13.99, 0), (3 * 3600, 40)):
        elsewhere = as_other_host(theirs, lab.file(f"fe{shift}.pcapng"), shift_s=shift, drift_ppm=drift)
        lab.read_report([mine, elsewhere])
        lab.expect_nothing_else()
        [split] = [one["time_split"] for one in lab.report.of("connection") if "time_split" in one]
        assert split["exchanges"] == 3, f"not three requests and answers: {split}"
        client, path, server = (split[f"{who}_ns"] / 1e9 for who in ("client", "path", "server"))
        assert 2 * THINKS <= client < 2 * THINKS + 0.1, f"the client's own time: {split}"
        assert 0.15 < path < 1, f"the path's time, a lost request's RTO: {split}"
        assert SERVES <= server < SERVES + 0.1, f"the server's time: {split}"
        assert SERVES <= split["longest_ns"] / 1e9 and split["longest_server_ns"] / 1e9 >= SERVES, f"the longest wait: {split}"
    text = subprocess.run([lab.binary, "report", mine, theirs], capture_output=True, text=True, check=True).stdout
    assert "3 requests and answers: " in text and " at the server; the longest answer took " in text, text
