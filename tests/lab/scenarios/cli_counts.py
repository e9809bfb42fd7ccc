"""The recorder and the report count the same records and say so; a copy of a trace, compressed or cut, changes no count.

A call is one record and two events, and so is a packet on lo: the report names both numbers.
"""

import errno
import gzip
import re

import traffic

FAMILIES = (4,)


def counts(text):
    return re.search(r"^events +(\d+) from (\d+) records, (\d+) lost$", text, re.M).groups()


def scenario(lab):
    client, server = lab.pair()
    with lab.record(client, server) as recorder:
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED
    said = re.search(r"^(\d+) records, 0 lost$", recorder.text, re.M)
    alone = lab.tcpwitness("report", lab.trace)
    assert counts(alone.stdout)[1] == said[1], f"{recorder.text}\n{alone.stdout}"

    packed, part = lab.file("packed"), lab.file("part")
    content = open(lab.trace, "rb").read()
    with gzip.open(packed, "wb") as file:
        file.write(content)
    with open(part, "wb") as file:
        file.write(content[: len(content) * 9 // 10])
    for files in ((lab.trace, packed), (packed, lab.trace), (lab.trace, part), (part, lab.trace, packed)):
        done = lab.tcpwitness("report", *files)
        assert done.returncode == 0, done.stderr
        assert counts(done.stdout) == counts(alone.stdout), f"{files}:\n{done.stdout}"
        assert " ".join(done.stdout.split()).count(": counted once.") == len(files) - 1, done.stdout
        assert done.stderr.count(": counted once\n") == len(files) - 1, done.stderr
