"""A program connects to [::1]:3000 and is refused, though the server runs: it listens on 0.0.0.0, which is IPv4 only.

Node 17 and later take localhost's addresses in the order in which the resolver gives them. The host is recorded.
"""

import errno

import traffic
from judge import expected

SOURCE = "nodejs/node #40537 and #40702 (localhost is ::1 first since Node 17)"
FAMILIES = (6,)
RIGHT = [expected("connect-refused", "local-configuration", at_least="likely", mentions=["nothing listens on [::1]:3000", "only on IPv4"])]
ACCEPTABLE = [[expected("connect-refused", "local-configuration", mentions=["nothing listens"])]]


def scenario(lab):
    host, _ = lab.pair("host", "other")

    def service():
        listener = traffic.listen(3000, 4)
        yield
        listener.close()

    program = host.start(service, name="webd")
    with lab.record(host):
        assert host.run(traffic.connect_error, "::1", 3000, name="node") == errno.ECONNREFUSED
    program.finish()
