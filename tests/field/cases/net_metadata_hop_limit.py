"""A container asks the cloud's metadata service for a token, and the answer dies on the node: it was sent with a hop limit of 1.

EC2's IMDSv2 answers a PUT with TTL 1, so that no answer leaves the machine. A container is one hop further: the node drops the answer as expired, and
curl waits for what was sent. Container and node are recorded; the metadata service is not.
"""

import socket

import net_common as net
import traffic
from judge import expected

SOURCE = "smithy-lang/smithy-rs #1449, JuliaCloud/AWS.jl #655: IMDSv2 from a container reaches the hop limit of 1"
NEEDS = ("curl",)
RIGHT = [expected("local-drop", ("peer-host", "path", "local-configuration"))]
ACCEPTABLE = [
    [expected("local-drop", "local-kernel")],
    [expected("server-silent", ("peer-host", "peer-application", "path", "unknown"), at_most="likely")],
]


def scenario(lab):
    container, node, metadata = lab.chain("container", "node", "metadata")

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(1000)
        if lab.family == 4:
            connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        else:
            connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken")
        yield
        connection.close()

    program = metadata.start(service)
    with lab.record(container, node):
        program.go()
        assert net.curl(lab, container, lab.address(metadata), 8080, "-m", "6", "-X", "PUT", path="/latest/api/token") == 28
    program.kill()
