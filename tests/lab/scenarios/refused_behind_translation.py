"""A router turns the address that the client asks into one where nothing listens: the headline names that address, not the one that was asked.

Near miss: answer_translated_back, where somebody listens.
"""

import errno

import traffic

PORT, DEAD = 5061, 5062


def scenario(lab):
    client, router, server = lab.chain("client", "router", "server")
    family, address = {4: ("ip", "{}"), 6: ("ip6", "[{}]")}[lab.family]
    router.nft(f"""
        table {family} t {{
          chain pre {{
            type nat hook prerouting priority -100;
            tcp dport {PORT} dnat to {address.format(lab.address(server))}:{DEAD}
          }}
        }}
    """)
    with lab.record(client, router, server):
        assert client.run(traffic.connect_error, lab.address(router), PORT, name="client") == errno.ECONNREFUSED

    lab.expect("connect-refused", culprit="local-configuration", certainty="proven", count=1, mentions=["is translated to", str(DEAD), "where nothing listens on"])
    lab.expect_nothing_else()
