"""A recorded address translator has no free port for a connection and drops its SYNs: local-drop there, and address translation is named.

Near miss: the first client got the port, and is well.
"""

import errno

import traffic


def scenario(lab):
    edge, mid, fe = lab.chain()
    edge.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    mid.nft("""
        table inet nat {
          chain post {
            type nat hook postrouting priority 100;
            tcp dport 5061 masquerade to :20000
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        connection, _ = listener.accept()
        yield
        connection.close()

    def first():
        connection = traffic.connect(lab.address(fe), 5061)
        yield
        connection.close()

    program = fe.start(frontend)
    with lab.record(edge, mid, fe):
        program.go()
        held = edge.start(first, name="first")
        program.await_step()
        assert edge.run(traffic.connect_error, lab.address(fe), 5061, name="second") == errno.ETIMEDOUT
        held.finish()
        program.finish()

    lab.expect("local-drop", certainty="proven", count=1, mentions=["second", mid.name, "address translation", "masquerade"])
    lab.expect_nothing_else()
