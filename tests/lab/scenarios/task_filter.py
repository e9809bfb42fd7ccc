"""`--pid` and `--comm` keep other processes out: what they do leaves neither a connection nor a finding.

Two clients are refused by the same host, one after the other. Only one was asked for, once by its name and once by its process id:
its refusal is found, the other's is not.
"""

import errno
import os

import traffic


def scenario(lab):
    client, server = lab.pair()

    def asking():
        yield
        return traffic.connect_error(lab.address(server), 5061)

    for option in ("--comm", "--pid"):
        wanted = client.start(asking, name="wanted")
        other = client.start(asking, name="other")
        with lab.record(client, server, options=[option, "wanted" if option == "--comm" else str(wanted.pid)]):
            assert wanted.finish() == errno.ECONNREFUSED
            assert other.finish() == errno.ECONNREFUSED

        lab.read_report()
        lab.expect("connect-refused", count=1, mentions=["wanted"])
        lab.expect_nothing_else()
        commands = {connection.get("process.command") for connection in lab.connections(client, "client")}
        assert commands == {"wanted"}, f"{option}: connections of {commands} in the report"
        os.unlink(lab.trace)
