"""10,000 clean connections, closed in every usual way: nothing is found, nothing is lost.

The client closes first; the server closes first; both at the same time; the client sends its half (shutdown) and reads the
answer to the end; the server answers and then both linger idle with keepalive before they close; and many with no data at all.

The kernel leaves a probe out when an interrupt comes while that probe runs, and on a busy machine that happens now and then. A run that
this touched must say so, with nothing but an evidence-gap, and is then repeated.
"""

import re
import socket

import traffic

ROUNDS = 1667
PATTERNS = "client first", "server first", "both at once", "half close", "keepalive", "no data"
FAMILIES = (4, 6)
LIMIT = 120


def serve(connection, pattern, meeting):
    request = traffic.receive(connection, 5) if pattern != "no data" else b""
    if pattern == "half close":
        while connection.recv(100):
            pass
    if request:
        connection.sendall(request)
    if pattern == "both at once":
        meeting.wait()
        connection.shutdown(socket.SHUT_WR)
    if pattern != "server first":
        while connection.recv(100):
            pass
    connection.close()


def ask(address, pattern, meeting):
    connection = traffic.connect(address, 5061)
    if pattern == "keepalive":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if pattern != "no data":
        connection.sendall(b"hello")
    if pattern == "half close":
        connection.shutdown(socket.SHUT_WR)
    if pattern != "no data":
        traffic.receive(connection, 5)
    if pattern == "both at once":
        meeting.wait()
        connection.shutdown(socket.SHUT_WR)
    if pattern in ("server first", "both at once", "half close"):
        while connection.recv(100):
            pass
    connection.close()


def record_once(lab, client, server):
    """Records all of it; returns how many records were lost."""

    def frontend(meeting):
        listener = traffic.listen(5061, lab.family, backlog=2 * ROUNDS)  # the client runs ahead; no queue shall overflow
        yield
        for pattern in PATTERNS:
            for _ in range(ROUNDS):
                connection, _ = listener.accept()
                serve(connection, pattern, meeting)

    def asking(meeting):
        for pattern in PATTERNS:
            for _ in range(ROUNDS):
                ask(lab.address(server), pattern, meeting)

    meeting = lab.meeting()
    program = server.start(frontend, meeting)
    with lab.record(client, server) as recorder:
        program.go()
        client.run(asking, meeting)
        program.await_step()
        server.run(traffic.await_closed, 5061)
    lab.read_report()
    return int(re.search(r"(\d+) lost", recorder.text).group(1))


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(ip_local_port_range="1024 65000")

    for _ in range(3):
        lost = record_once(lab, client, server)
        if not lost:
            break
        lab.expect("evidence-gap", mentions=[str(lost)])
        lab.expect_nothing_else()

    lab.expect_nothing_else()
    wanted = len(PATTERNS) * ROUNDS
    for host, role in ((client, "client"), (server, "server")):
        connections = lab.connections(host, role)
        assert len(connections) == wanted, f"{len(connections)} {role} connections in the report, {wanted} were made; {lost} lost"
        ended = {connection["ending"] for connection in connections}
        assert ended == {"closed"}, f"clean {role} connections ended as {ended}"
    assert not lost, "records were lost in each of three runs"
