"""A connect to a port where nobody listens, and both hosts are recorded.

The front end's kernel answers the SYN with RST, because it has no socket for it, and connect() ends with ECONNREFUSED. With
both ends in one story that is proven. Both are on this host, so it is its configuration: nobody listens there.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    with lab.record(client, server):
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="client") == errno.ECONNREFUSED

    lab.expect("connect-refused", culprit="local-configuration", certainty="proven", count=1, mentions=["client"])
    lab.example("connect-refused")
    lab.expect_nothing_else()
