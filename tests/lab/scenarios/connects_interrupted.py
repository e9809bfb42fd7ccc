"""A program connects without pause while its CPU delivers what came of the connects before: the kernel interrupts it thousands of times.

A queueing discipline that lets a packet through each 50 µs does the interrupting: its timer's softirq carries a SYN over and its SYN-ACK back,
now and then in the middle of a probe that runs for the program's connect(). The kernel does not run that probe's program a second time, so
another one has to tell what the softirq did, and nothing is lost.
"""

import os
import socket

import traffic
from namespaces import command

ALONE = True
CONNECTIONS, AT_ONCE = 4_000, 500
SYN = {4: 74, 6: 94}  # bytes on the wire


def scenario(lab):
    client, server = lab.pair()
    rate = SYN[lab.family] * 8 * 20_000
    command("tc", "-n", client.name, "qdisc", "add", "dev", "to-server", "root", "tbf", "rate", f"{rate}bit", "burst", "1600", "limit", "10mb")

    def frontend():
        listener = traffic.listen(5061, lab.family, backlog=2 * AT_ONCE)
        yield
        traffic.accept_and_outlast(listener, CONNECTIONS)
        yield

    def connecting():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        for _ in range(CONNECTIONS // AT_ONCE):
            connections = [socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM) for _ in range(AT_ONCE)]
            for connection in connections:
                connection.setblocking(False)
            for connection in connections:
                connection.connect_ex((lab.address(server), 5061))
            for connection in connections:
                traffic.wait_with_poll(connection)
                connection.close()

    server.sysctl(core__somaxconn=2 * AT_ONCE, tcp_max_syn_backlog=2 * AT_ONCE)
    program = server.start(frontend)
    with lab.record(client, server) as recorder:
        program.go()
        client.run(connecting, name="connecting")
        program.await_step()

    assert ", 0 lost" in recorder.text, recorder.text
    lab.read_report()
    for host, role in ((client, "client"), (server, "server")):
        whole = [end for end in lab.connections(host, role) if end.get("established_time") and end["ending"] == "closed"]
        assert len(whole) > 0.99 * CONNECTIONS, f"{role}: {len(whole)} of {CONNECTIONS}"  # see tests/lab/run on certain tasks
