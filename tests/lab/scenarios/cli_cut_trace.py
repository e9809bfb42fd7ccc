"""A trace that was cut off anywhere is readable up to the cut.

One recording of a refused connect is cut at many lengths. Every cut reads without a crash; once the section header is whole, report
ends well and shows no more than the whole trace does.
"""

import errno

import traffic

FAMILIES = (4,)


def scenario(lab):
    client, server = lab.pair()
    with lab.record(client, server):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
    whole = len(lab.read_report().of("event"))
    with open(lab.trace, "rb") as file:
        content = file.read()
    header = int.from_bytes(content[4:8], "little")
    previous = 0
    for size in range(0, len(content), max(1, len(content) // 60)):
        with open(lab.trace, "wb") as file:
            file.write(content[:size])
        done = lab.tcpwitness("report", lab.trace, "--format", "json")
        assert done.returncode in (range(1, 126) if size < header else (0,)), f"cut at {size}: status {done.returncode}: {done.stderr}"
        events = done.stdout.count('{"type":"event"')
        assert previous <= events <= whole, f"cut at {size}: {events} events, {previous} before, {whole} in all"
        previous = events
