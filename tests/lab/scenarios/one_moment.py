"""A recording begins and ends in the midst of traffic: at one moment for all probes.

Attaching and detaching takes the kernel tens of milliseconds for each program. What passes meanwhile must not be there in halves, or a
connection would seem to have no SYN, or no answer: of each connection's usual steps, those that are recorded follow each other.
"""

import time

import traffic

STEPS = ("call connect", "state SYN_SENT", "packet out SYN", "packet in SYN-ACK", "state ESTABLISHED", "packet out FIN", "packet in FIN")


def step(event):
    if event["kind"] == "call" and event["phase"] == "enter":
        return f"call {event['call']}"
    if event["kind"] == "state":
        return f"state {event['to']}"
    if event["kind"] == "packet":
        return f"packet {event['direction']} {event['flags'].removesuffix('-ACK') if 'FIN' in event['flags'] else event['flags']}"
    return None


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        while True:
            connection, _ = listener.accept()
            connection.recv(1)
            connection.close()

    def asking():
        yield
        while True:
            traffic.connect(lab.address(server), 5061).close()
            time.sleep(0.001)

    server.start(frontend).go()
    client.start(asking).go()
    with lab.record(client, server):
        time.sleep(0.3)

    lab.read_report()
    steps = {}
    for event in lab.report.of("event"):
        if step(event) in STEPS and "connection" in event:
            steps.setdefault(event["connection"], []).append(step(event))
    roles = {connection["id"]: connection["role"] for connection in lab.report.of("connection")}
    halves = {}
    clients = [connection for connection in steps if roles[connection] == "client"]
    for connection in clients:
        seen = [name for name in STEPS if name in steps[connection]]
        first = STEPS.index(seen[0])
        if seen != list(STEPS[first : first + len(seen)]):
            halves[connection] = seen
    assert len(clients) > 50, f"only {len(clients)} connections"
    assert not halves, f"{len(halves)} of {len(clients)} connections are there in halves: {list(halves.items())[:3]}"
