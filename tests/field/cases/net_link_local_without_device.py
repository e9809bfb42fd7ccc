"""connect() to a link-local address ends with "invalid argument": the configuration names fe80::1 without the device it is on.

Nothing leaves the host. The client is recorded; there is nothing to record elsewhere.
"""

import errno

import traffic
from judge import expected

SOURCE = "NLnetLabs/unbound #67, esnet/iperf #406, nodejs/node #48846"
FAMILIES = (6,)
RIGHT = [expected(("no-route", "connect-denied"), ("local-application", "local-configuration"), at_least="likely", mentions=["fe80::1"])]
ACCEPTABLE = [[expected("unexplained", ("unknown", "local-application", "local-configuration"), at_most="likely", mentions=["EINVAL"])]]


def scenario(lab):
    client, _ = lab.pair()
    with lab.record(client):
        for _ in range(2):
            assert client.run(traffic.connect_error, "fe80::1", 53, name="unbound") == errno.EINVAL
