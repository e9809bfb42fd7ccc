"""Non-blocking connects that are refused, or time out, with poll and with epoll.

connect() itself only says EINPROGRESS; the program learns the error from poll or epoll and SO_ERROR. tcpwitness must report the
same findings as for a blocking connect, with the right program, and must not take EINPROGRESS for a failure.
"""

import errno

import traffic


def scenario(lab):
    client, server = lab.pair()
    client.sysctl(tcp_syn_retries=1)
    server.nft("""
        table inet t {
          chain i {
            type filter hook input priority 0;
            tcp dport 5062 drop
          }
        }
    """)

    def frontend():
        listener = traffic.listen(5063, lab.family)
        yield
        listener.close()

    def connecting(port, wait):
        return traffic.connect_nonblocking(lab.address(server), port, wait)

    server.start(frontend)
    with lab.record(client):
        for name, wait in (("poller", traffic.wait_with_poll), ("epoller", traffic.wait_with_epoll)):
            assert client.run(connecting, 5061, wait, name=name) == errno.ECONNREFUSED
            assert client.run(connecting, 5063, wait, name=name) == 0
        waiting = [
            client.begin(connecting, 5062, traffic.wait_with_poll, name="poller"),
            client.begin(connecting, 5062, traffic.wait_with_epoll, name="epoller"),
        ]
        assert [process.await_step() for process in waiting] == [errno.ETIMEDOUT] * 2

    report = lab.read_report()
    for rule in ("connect-refused", "connect-timeout"):
        assert sum(finding["count"] for finding in report.findings if finding["rule"] == rule) == 2, f"not 2 times {rule}"
        told = " ".join(finding["headline"] for finding in report.findings if finding["rule"] == rule)
        assert "poller" in told, f"{rule} names no program: {told}"
    lab.expect_only("connect-refused", "connect-timeout")
