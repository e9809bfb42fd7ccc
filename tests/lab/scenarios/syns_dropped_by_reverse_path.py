"""A strict rp_filter drops the client's SYNs, and only the server is recorded.

The server would answer the client's address over another device than the SYN came in on, and net.ipv4.conf.DEVICE.rp_filter is 1: the kernel
drops the SYN without a word. The frees carry IP_RPFILTER: local-drop, the server's configuration, proven, without the client's trace.
"""

import errno

import traffic

FAMILIES = (4,)  # IPv6 has no such filter of its own


def scenario(lab):
    client, server, _ = lab.chain("client", "server", "elsewhere")
    client.sysctl(tcp_syn_retries=2)
    client.ip("address add 10.99.0.1/32 dev lo")
    server.ip("route add 10.99.0.0/24 dev to-elsewhere")
    server.sysctl(ipv4__conf__all__rp_filter=1, **{"ipv4__conf__to-client__rp_filter": 1})

    def frontend():
        listener = traffic.listen(5061)
        yield
        listener.close()

    def asking():
        connection = traffic.socket.socket()
        connection.bind(("10.99.0.1", 0))
        return connection.connect_ex((lab.address(server), 5061))

    server.start(frontend)
    with lab.record(server):
        assert client.run(asking) == errno.ETIMEDOUT

    lab.expect("local-drop", culprit="local-configuration", certainty="proven", count=1, mentions=["10.99.0.1", "strict rp_filter on to-client"])
    lab.expect_nothing_else()
