"""A process connects in a container's control group: the trace names the container and who runs it.

The path is asked by the group's id when its first task is seen, so a process that ends at once is named too. The text report says it once in the
connection's line, and once in the finding.
"""

import cgroups
import traffic

CONTAINER = "0123456789abcdef" * 4


def scenario(lab):
    client, server = lab.pair()

    def contained(group):
        group.enter()
        yield
        yield traffic.connect_error(lab.address(server), 5061)

    with cgroups.Cgroup(f"docker-{CONTAINER}.scope") as group:
        with lab.record(client):
            program = client.start(contained, group)
            program.step()
            program.kill()

    (connection,) = lab.connections(client, "client")
    groups = {group["cgroup_id"]: group for group in lab.report.of("witness")[0]["cgroups"]}
    told = groups[connection["cgroup_id"]]
    assert told["path"].endswith(f"/docker-{CONTAINER}.scope"), told
    assert (told["container.id"], told["container.runtime"]) == (CONTAINER, "docker"), told
    text = lab.tcpwitness("report", lab.trace, "--color", "never").stdout
    assert text.count(f"in docker:{CONTAINER[:12]}") == 2, text
