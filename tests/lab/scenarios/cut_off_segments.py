"""An open connection is cut off, and both hosts are recorded with --segments: then it is proven which way the data was lost.

As in cut_off, but once the device drops what the client sends, and once only what the server answers.
"""

import errno

import traffic

LIMIT = 150

CUT = """
    table inet t {{
      chain f {{
        type filter hook forward priority 0;
        tcp {} 5061 drop
      }}
    }}
"""


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    client.sysctl(tcp_retries2=3)

    for port, mentions in (("sport", "ACKs never came back"), ("dport", "never arrived at")):

        def frontend():
            listener = traffic.listen(5061, lab.family)
            yield
            connection, _ = listener.accept()
            connection.sendall(connection.recv(5))
            yield
            connection.close()

        def asking():
            connection = traffic.connect(lab.address(server), 5061)
            connection.sendall(b"hello")
            traffic.receive(connection, 5)
            yield
            connection.sendall(b"hello?")
            yield traffic.error_of(connection.recv, 5)

        program = server.start(frontend)
        with lab.record(client, server, options=("--port", "5061", "--segments")):
            asker = client.begin(asking)
            program.step()
            asker.await_step()
            mid.nft(CUT.format(port))
            assert asker.step() == errno.ETIMEDOUT
        mid.nft("flush ruleset")
        program.kill()

        lab.read_report()
        finding = lab.expect("retransmission-timeout", culprit="path", certainty="proven", count=1, mentions=["asking"])
        assert any(mentions in reason for reason in finding["reasons"]), finding["reasons"]
        lab.example("retransmission-timeout")
        lab.expect_nothing_else()
