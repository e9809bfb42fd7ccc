"""A service cannot start, "Address already in use", and yet nothing listens on its port: an outgoing connection was given that port number.

The service's port lies in ip_local_port_range. An agent's connection to its collector got it as source port. The host is recorded from the agent's
connect() on.
"""

import programs
import traffic
from judge import expected

SOURCE = "hashicorp/nomad #3456 and #1728, siderolabs/talos #12037, appcelerator-archive/amp #1064: ports in the ephemeral range"
NEEDS = ("redis-server",)
RIGHT = [expected("port-exhaustion", "local-configuration", at_least="likely", mentions=["redis-server", "agent"])]
ACCEPTABLE = [
    [expected("port-exhaustion", "local-configuration", mentions=["redis-server"])],
]


def scenario(lab):
    host, collector = lab.pair("host", "collector")
    host.sysctl(ip_local_port_range="50100 50101")

    def collect():
        listener = traffic.listen(4317, lab.family)
        yield
        connections = [listener.accept()[0] for _ in range(2)]
        for connection in connections:
            connection.recv(1)
            connection.close()

    def agent():
        connections = [traffic.connect(lab.address(collector), 4317) for _ in range(2)]
        yield
        for connection in connections:
            connection.close()

    program = collector.start(collect)
    program.go()
    with lab.record(host):
        sender = host.start(agent)
        words = ["redis-server", "--port", "50100", "--bind", lab.address(host), "--save", "", "--dir", lab.folder]
        done = programs.run(lab, host, *words)
        assert done.returncode == 1 and "in use" in done.stdout, done.stdout
        sender.finish()
    program.await_step()
