"""A security module (Landlock) denies connect() with EACCES, and a seccomp filter with EPERM. Nothing left the host; this host's configuration, proven.

A BPF program of a control group is there and denies nobody: EACCES is not its answer, and it is not named. Near misses: in that control group a connect
that is refused and one that succeeds are what they are.
"""

import errno

import cgroups
import policies
import traffic

UNABLE = None if policies.landlock_knows_tcp() else "needs Landlock with TCP rules (Linux 6.7)"


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        traffic.accept_and_outlast(listener, 1)

    def confined(confine, *words):
        confine(*words)
        return traffic.connect_error(lab.address(server), 5061)

    def allowed(group):
        group.enter()
        yield
        traffic.connect(lab.address(server), 5061).close()
        yield traffic.connect_error(lab.address(server), 5062)

    program = server.start(frontend)
    with cgroups.Cgroup("watched") as group:
        group.judge_connects(lab.family, allow=True)
        with lab.record(client):
            program.go()
            assert client.run(confined, policies.landlock_no_connects, name="landlocked") == errno.EACCES
            assert client.run(confined, policies.seccomp_no_connects, errno.EPERM, name="filtered") == errno.EPERM
            member = client.start(allowed, group)
            assert member.step() == errno.ECONNREFUSED
            program.await_step()
        member.kill()

    assert not [packet for packet in lab.events(client, "packet") if packet.get("process.pid")]
    found = {name: one for one in lab.read_report().findings for name in ("landlocked", "filtered", "allowed") if one["headline"].startswith(f"{name}[")}
    assert len(found) == len(lab.report.findings) == 3, lab.report.findings
    for name, error, by in (("landlocked", "EACCES", "by a security module"), ("filtered", "EPERM", "seccomp")):
        assert (found[name]["rule"], found[name]["culprit"], found[name]["certainty"]) == ("connect-denied", "local-configuration", "proven"), found[name]
        assert error in found[name]["headline"], found[name]
    assert "by a security module" in found["landlocked"]["headline"] and "judges" not in found["landlocked"]["headline"], found["landlocked"]
    assert found["allowed"]["rule"] == "connect-refused", found["allowed"]
