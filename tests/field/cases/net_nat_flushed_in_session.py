"""An open connection is reset: the gateway that translates its address lost its connection tracking, and its own kernel answers for the address.

The gateway holds the address that the client asked for and passed the connection on to a server. After `conntrack -F` the next segment is for the gateway
itself, which knows no such connection. Client, gateway and server are recorded. Neither client nor server nor the path did it.
"""

import net_common as net
import programs
import traffic
from judge import expected

SOURCE = "docker and kube-proxy hosts whose conntrack table was flushed (conntrack -F, firewall restarts) in mid-session"
NEEDS = ("iptables", "conntrack")
RIGHT = [expected(("reset-received", "reset-forged", "idle-reset"), ("local-configuration", "local-kernel", "path"), at_least="likely", mentions=["translat"])]
ACCEPTABLE = [[expected(("reset-received", "idle-reset"), ("local-configuration", "local-kernel", "path", "peer-host"), at_most="likely")]]


def scenario(lab):
    client, gateway, server = lab.chain("client", "gateway", "server")
    service = gateway.addresses[lab.family]
    net.iptables(lab, gateway, f"-t nat -A PREROUTING -d {service} -p tcp --dport 80 -j DNAT --to-destination {net.bracketed(lab.address(server))}:9000")

    def echo():
        listener = traffic.listen(9000, lab.family)
        yield
        connection, _ = listener.accept()
        while data := connection.recv(100):
            connection.sendall(data)

    def session():
        connection = traffic.connect(service, 80)
        connection.sendall(b"one")
        assert traffic.receive(connection, 3) == b"one"
        yield
        connection.sendall(b"two")
        yield traffic.error_of(connection.recv, 3)

    program = server.start(echo, name="appd")
    with lab.record(client, gateway, server):
        program.go()
        talking = client.begin(session, name="session")
        talking.await_step()
        assert programs.run(lab, gateway, "conntrack", "-F").returncode == 0
        # The rule goes as well, as with a firewall that is restarted: else the next segment makes a new entry.
        net.iptables(lab, gateway, "-t nat -F PREROUTING")
        talking.step()
    program.kill()
