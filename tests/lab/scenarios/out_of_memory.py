"""A worker outgrows the memory limit of its control group while it works on a request, and the kernel's OOM killer ends it: process-died says so.

Near miss: another worker is killed with -9, which nobody's memory had a part in.
"""

import os
import signal
import time

import cgroups
import traffic

LIMIT_BYTES = 64 << 20
UNABLE = None if cgroups.limits_memory() else "needs a memory controller of control groups"


def scenario(lab):
    client, server = lab.pair()

    def postmaster(group):
        listener = traffic.listen(5061, lab.family)
        yield
        for hungry in (True, False):
            connection, _ = listener.accept()
            pid = os.fork()
            if pid == 0:
                listener.close()
                connection.recv(100)
                if hungry:
                    group.enter()
                    hoard = []
                    while len(hoard) < 64:
                        hoard.append(bytearray(os.urandom(1 << 10)) * (4 << 10))
                time.sleep(60)
            connection.close()
            yield pid
            os.waitpid(pid, 0)

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"select")
        yield
        yield connection.recv(1)

    with cgroups.MemoryGroup("small", LIMIT_BYTES) as group:
        program = server.start(postmaster, group, name="postmaster")
        with lab.record(client, server):
            for hungry in (True, False):
                asker = client.start(asking)
                worker = program.step()
                if not hungry:
                    time.sleep(0.2)
                    os.kill(worker, signal.SIGKILL)
                assert asker.step() == b""
            program.finish()

    starved, killed = sorted(lab.read_report().findings, key=lambda one: one["first_time_boot_nano"])
    for found in (starved, killed):
        assert (found["rule"], found["culprit"], found["certainty"], found["count"]) == ("process-died", "local-application", "proven", 1), found
        assert "postmaster" in found["headline"] and "1 open connection" in found["headline"], found
    assert "OOM killer" in starved["headline"] and "memory ran out" in str(starved["reasons"]), starved
    assert "killed by SIGKILL" in killed["headline"], killed
    ends = [event for event in lab.report.of("event") if event["kind"] == "process_exit" and event.get("signal")]
    assert [bool(event.get("out_of_memory")) for event in ends] == [True, False], ends
