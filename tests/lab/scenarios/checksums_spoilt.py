"""A device on the way rewrites segments and leaves their checksums as they were: the server's kernel throws them away. The path, not that kernel.

The client's device fills in its checksums itself, so that what is on the wire is checked. The kernel's drop reason is a symptom. Near misses: a device that
rewrites as much and mends the checksum, and a connection whose segments are left alone.
"""

import errno

import traffic
from devices import checksum_in_software

REWRITES = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        tcp dport 5061 @th,112,16 set 0x1000
        tcp dport 5062 tcp flags & (syn|psh) == psh @th,112,16 set 0x1000
        tcp dport 5063 tcp window set 4096
      }
    }
"""


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0, tcp_retries2=3)
    client.run(checksum_in_software, "to-mid")
    mid.nft(REWRITES)

    def frontend():
        listeners = [traffic.listen(port, lab.family) for port in (5062, 5063, 5064)]
        yield
        held, _ = listeners[0].accept()
        for listener in listeners[1:]:
            connection, _ = listener.accept()
            connection.sendall(traffic.receive(connection, 5))
            connection.recv(1)
            connection.close()
        yield
        held.close()

    def asking():
        connection = traffic.connect(lab.address(server), 5062)
        yield
        connection.sendall(b"hello")
        yield traffic.error_of(connection.recv, 5)

    def lucky():
        for port in (5063, 5064):
            connection = traffic.connect(lab.address(server), port)
            connection.sendall(b"hello")
            assert traffic.receive(connection, 5) == b"hello"
            connection.close()

    program = server.start(frontend)
    alone = lab.file("alone.pcapng")
    with lab.record(client, server), lab.record(server, trace=alone):
        program.go()
        asker = client.start(asking, name="asking")
        asker.go()
        client.run(lucky)
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="unheard") == errno.ETIMEDOUT
        assert asker.await_step() == errno.ETIMEDOUT
        program.await_step()

    found = {one["headline"].split("[")[0]: one for one in lab.read_report().findings}
    assert set(found) == {"asking", "unheard"}, lab.report.findings
    for one in found.values():
        assert (one["rule"], one["culprit"], one["certainty"]) == ("local-drop", "path", "likely"), one
        assert "checksums were wrong" in one["headline"] and one["settle"], one
    for one in lab.read_report(alone).findings:
        assert one["culprit"] == "path" and one["certainty"] != "proven", one
