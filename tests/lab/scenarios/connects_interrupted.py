"""A program connects without pause while its CPU delivers what came of the connects before: the kernel interrupts it thousands of times.

The kernel does not run a probe's program a second time on a CPU where it is running, so another one has to tell what the softirq did, and
nothing is lost.
"""

import interrupted

ALONE = True
CONNECTIONS = 4_000


def scenario(lab):
    client, server = lab.pair()
    interrupted.interrupt(lab, client)
    program = interrupted.frontend(lab, server, CONNECTIONS)
    with lab.record(client, server) as recorder:
        program.go()
        client.run(interrupted.connect_without_pause, lab.family, lab.address(server), CONNECTIONS, name="connecting")
        program.await_step()

    assert ", 0 lost" in recorder.text, recorder.text
    lab.read_report()
    for host, role in ((client, "client"), (server, "server")):
        whole = [end for end in lab.connections(host, role) if end.get("established_time") and end["ending"] == "closed"]
        assert len(whole) > 0.99 * CONNECTIONS, f"{role}: {len(whole)} of {CONNECTIONS}"  # see tests/lab/run on certain tasks
