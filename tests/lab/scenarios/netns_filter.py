"""`--netns` keeps other hosts out: what happens in a namespace that was not asked for leaves no trace.

A second client's connect is refused, and another one is still waiting inside connect() when the recording ends. Only the first
client was to be recorded: nothing of the second may show, not even as a call that never returned.
"""

import errno

import traffic


def scenario(lab):
    client, other, server = lab.chain("client", "other", "server")
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 5062 drop
          }
        }
    """)

    with lab.record(client):
        assert client.run(traffic.connect_error, lab.address(server), 5061, name="client") == errno.ECONNREFUSED
        assert other.run(traffic.connect_error, lab.address(server), 5061, name="other") == errno.ECONNREFUSED
        other.begin(traffic.connect_error, lab.address(server), 5062, name="waiting")

    lab.expect("connect-refused", count=1, mentions=["client"])
    lab.expect_nothing_else()
    witnesses = {witness["netns.name"] for witness in lab.report.of("witness")}
    assert witnesses == {client.name}, f"witnesses are {witnesses}, only {client.name} was asked for"
