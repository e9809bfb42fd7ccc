"""A cable is loose: the client's device loses its carrier for half a second, between two looks at the configuration, and what was sent then is lost.

The device's own count of lost carriers tells it. Near miss: another device of the host, which nothing goes through, flaps.
"""

import socket
import time

import traffic
from namespaces import command

LIMIT = 120


def scenario(lab):
    client, server = lab.pair()
    spare = lab.host("spare")
    command("ip", "-n", client.name, "link", "add", "spare0", "type", "veth", "peer", "name", "spare1", "netns", spare.name)
    client.ip("link set spare0 up")
    spare.ip("link set spare1 up")

    def asking():
        """Gives up before the kernel sends its SYN again: that would get through."""
        connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        connection.settimeout(0.8)
        try:
            connection.connect((lab.address(server), 5061))
        except TimeoutError:
            return True
        finally:
            connection.close()

    def flap(host, device):
        host.ip(f"link set {device} down")
        waiting = client.begin(asking, name="caller")
        time.sleep(0.5)
        host.ip(f"link set {device} up")
        assert waiting.await_step()

    with lab.record(client):
        time.sleep(0.3)
        flap(server, "to-client")
        time.sleep(3.5)
    [found] = lab.read_report().findings
    assert found["culprit"] == "local-configuration" and "to-server" in found["headline"] and "carrier" in found["headline"], found

    server.nft("table inet t { chain i { type filter hook prerouting priority -300; tcp dport 5061 drop\n}\n}")
    with lab.record(client):
        time.sleep(0.3)
        flap(spare, "spare1")
        time.sleep(3.5)
    [found] = lab.read_report().findings
    assert found["culprit"] == "path" and "carrier" not in found["headline"], found
