"""`--segments` records every segment of the sockets that the filter chose, headers only, and of no other; without it, none but SYN, FIN and RST.

Two clients talk to one server, one after the other. By process the wanted client's data and ACKs are in the trace, by port both clients'; no
byte of what they said is in the file.
"""

import os
import subprocess

import traffic

NEEDS = ("tshark",)
SECRET = b"a secret that no trace may hold"


def data_ports(trace):
    """The clients' ports of all data segments in the file."""
    words = ["tshark", "-r", trace, "-Y", "tcp.len > 0 && tcp.dstport == 5061", "-T", "fields", "-e", "tcp.srcport"]
    return set(subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ, "HOME": "/nonexistent"}).stdout.split())


def scenario(lab):
    client, server = lab.pair()
    for options, talkative in (
        (["--segments", "--pid"], {"wanted"}),
        (["--segments", "--comm", "wanted"], {"wanted"}),
        (["--segments", "--port", "5061"], {"wanted", "other"}),
        (["--port", "5061"], set()),
    ):

        def frontend():
            listener = traffic.listen(5061, lab.family)
            yield
            for _ in range(2):
                connection, _ = listener.accept()
                traffic.receive(connection, len(SECRET))
                connection.sendall(SECRET)
                connection.recv(1)
                connection.close()

        def asking():
            yield
            connection = traffic.connect(lab.address(server), 5061)
            connection.sendall(SECRET)
            traffic.receive(connection, len(SECRET))
            connection.close()

        program = server.start(frontend)
        wanted, other = client.start(asking, name="wanted"), client.start(asking, name="other")
        if options[-1] == "--pid":
            options = [*options, str(wanted.pid)]
        with lab.record(client, options=options):
            program.go()
            wanted.finish()
            other.finish()
            program.await_step()

        lab.read_report()
        lab.expect_nothing_else()
        owners = {connection["id"]: connection.get("process.command") for connection in lab.connections(client, "client")}
        data = [event for event in lab.report.of("event") if event["kind"] == "packet" and event["payload_bytes"]]
        by_owner = {owners.get(event["connection"]) for event in data}
        assert by_owner == talkative, f"{options}: data segments of {by_owner}, expected those of {talkative}"
        for owner in talkative:
            ways = [(event["direction"], event["payload_bytes"]) for event in data if owners[event["connection"]] == owner]
            assert ways == [("out", len(SECRET)), ("in", len(SECRET))], f"{options}: {owner}'s data segments are {ways}"
        ports = data_ports(lab.trace)  # the report leaves out what was not asked for; the file may not hold it either
        assert len(ports) == len(talkative), f"{options}: data segments of the ports {ports} are in the file"
        with open(lab.trace, "rb") as file:
            assert SECRET not in file.read(), "payload is in the trace"
        os.unlink(lab.trace)
