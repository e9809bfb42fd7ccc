"""A connect to a port where nobody listens, seen from the client alone.

The RST came at once and looks like the peer's own, but a firewall that rejects looks much the same: likely, not proven.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    with lab.record(client):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED

    lab.expect("connect-refused", certainty="likely", count=1)
    lab.expect_nothing_else()
