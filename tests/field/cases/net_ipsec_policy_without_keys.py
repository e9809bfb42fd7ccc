"""A connect hangs, and nothing leaves the host: an IPsec policy wants the packets encrypted, and nobody makes the keys.

Client and server are recorded. The network and the server have no part in it.
"""

import errno

import traffic
from judge import expected
from namespaces import command

SOURCE = "ip-xfrm(8); strongSwan's trap policies whose daemon is down; the kernel's net.core.xfrm_acq_expires"
RIGHT = [expected("connect-timeout", ("local-configuration", "local-kernel"), at_least="likely", mentions=["leaving"])]
ACCEPTABLE = [[expected("connect-timeout", ("local-configuration", "local-kernel", "unknown"))]]


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    own, other = lab.address(client), lab.address(server)
    length = 32 if lab.family == 4 else 128
    command(
        *("ip", "-n", client.name, "xfrm", "policy", "add", "dir", "out", "src", f"{own}/{length}", "dst", f"{other}/{length}"),
        *("tmpl", "src", own, "dst", other, "proto", "esp", "mode", "transport"),
    )

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        listener.close()

    program = server.start(service, name="webd")
    with lab.record(client, server):
        assert client.run(traffic.connect_error, other, 8080, name="curl") in (errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.EAGAIN, errno.ESRCH)
    program.finish()
