"""The client's cable is pulled in the midst of a connection: its own device without carrier, not the path.

The kernel sends again and again into a device that has no carrier. Near miss: another device of the host loses its carrier, and the trouble
is elsewhere.
"""

import time

import traffic
from namespaces import command


def scenario(lab):
    client, server = lab.pair()
    spare = lab.host("spare")
    command("ip", "-n", client.name, "link", "add", "spare0", "type", "veth", "peer", "name", "spare1", "netns", spare.name)
    client.ip("link set spare0 up")
    spare.ip("link set spare1 up")
    client.sysctl(tcp_retries2=3)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        taken = [listener.accept()[0] for _ in range(2)]
        yield
        del taken

    def asking():
        connection = traffic.connect(lab.address(server), 5061)
        yield
        connection.sendall(b"hello")
        yield traffic.error_of(connection.recv, 5)

    program = server.start(frontend)
    elsewhere = lab.file("elsewhere.pcapng")
    with lab.record(client, trace=elsewhere):
        program.go()
        first = client.begin(asking, name="first")
        first.await_step()
        spare.ip("link set spare1 down")
        server.nft("table inet t { chain i { type filter hook input priority 0; tcp dport 5061 tcp flags & syn == 0 drop\n}\n}")
        first.step()
    found = lab.read_report(elsewhere).findings
    assert [one["rule"] for one in found] == ["retransmission-timeout"] and found[0]["culprit"] == "path", found

    server.nft("flush ruleset")
    with lab.record(client):
        second = client.begin(asking, name="second")
        second.await_step()
        program.await_step()
        server.ip("link set to-client down")
        time.sleep(0.2)
        second.step()
        time.sleep(3)
    [found] = lab.read_report().findings
    assert found["culprit"] == "local-configuration" and "to-server has no carrier" in found["headline"], found
