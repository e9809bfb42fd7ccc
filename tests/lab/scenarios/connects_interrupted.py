"""A program connects without pause while its CPU delivers what came of the connects before: the kernel interrupts it thousands of times.

The kernel does not run a probe's program a second time on a CPU where it is running, so another one has to tell what the softirq did, and
nothing is lost, nor told twice. Some machines' kernels run no program at all while a softirq interrupts certain tasks, and count nothing: the recorder
finds that by the states around it, and what is missing in the report is told as lost.
"""

import re

import interrupted
import traffic

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
        server.run(traffic.await_closed, 5061)  # the qdisc holds the last ACKs too

    lost = int(re.search(r"(\d+) lost", recorder.text)[1])
    unseen = int((re.search(r"(\d+) of them counted by nobody", recorder.text) or [0, 0])[1])
    assert lost == unseen, recorder.text
    if lost:
        lab.expect("evidence-gap", mentions=[str(lost)])
    lab.expect_nothing_else()
    for host, role in ((client, "client"), (server, "server")):
        whole = [end for end in lab.connections(host, role) if end.get("established_time") and end["ending"] == "closed"]
        assert len(whole) > 0.99 * CONNECTIONS, f"{role}: {len(whole)} of {CONNECTIONS}"
        assert CONNECTIONS - len(whole) <= lost, f"{role}: {len(whole)} of {CONNECTIONS} are whole, {lost} records are told as lost"
    last = {}
    for event in lab.report.of("event"):
        if event["kind"] == "state":
            change = event["from"], event["to"]
            assert last.get(event["connection"]) != change, f"told twice: event {event['id']}"
            last[event["connection"]] = change
