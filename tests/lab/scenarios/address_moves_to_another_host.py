"""An address moves to another host while a connection to it is open (VRRP, a failover): the new host knows nothing of the connection and answers
its next segment with RST.

The RST is honest: neither the path nor a packet filter made it. The old host's end stays open and sent nothing.
"""

import errno

import traffic

PORT, SHARED = 5061, {4: "10.77.9.9", 6: "fd77:9::9"}
LENGTH = {4: 32, 6: 128}


def scenario(lab):
    client, router, first, second = (lab.host(name) for name in ("client", "router", "first", "second"))
    cables = [lab.cable(client, router, 1), lab.cable(router, first, 2), lab.cable(router, second, 3)]
    router.sysctl(ip_forward=1, ipv6__conf__all__forwarding=1)
    shared, family = SHARED[lab.family], lab.family
    client.ip(f"route add default via {cables[0][1][family]}")
    for host, cable in ((first, cables[1]), (second, cables[2])):
        host.ip(f"route add default via {cable[0][family]}")

    def take(host, cable):
        host.ip(f"address add {shared}/{LENGTH[family]} dev lo" + (" nodad" if family == 6 else ""))
        router.ip(f"route replace {shared} via {cable[1][family]}")

    def service(accepts):
        listener = traffic.listen(PORT, family)
        yield
        if accepts:
            connection, _ = listener.accept()
            yield
            del connection

    def asking():
        connection = traffic.connect(shared, PORT)
        yield
        connection.sendall(b"hello")
        yield traffic.error_of(connection.recv, 5)

    take(first, cables[1])
    service_one = first.start(service, True)
    second.start(service, False)
    with lab.record(client, first, second):
        asker = client.begin(asking)
        service_one.step()
        asker.await_step()
        first.ip(f"address delete {shared}/{LENGTH[family]} dev lo")
        take(second, cables[2])
        assert asker.step() == errno.ECONNRESET

    lab.expect("reset-received", certainty="proven", count=1, mentions=("does not know it", "second", shared))
    lab.expect_nothing_else()
