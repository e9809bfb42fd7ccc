"""Somebody sets the server's device down for two and a half seconds in the midst of a download, which stands still and goes on. The stall is that host's
configuration, not the path's. With the client's device it is the client's.
"""

import time

import traffic

AWAY = 2.5


def scenario(lab):
    for number, where in enumerate(("server", "client")):
        client, server = lab.pair(f"client{number}", f"server{number}")
        hosts = {"server": server, "client": client}
        for host in (server, client):
            host.sysctl(ipv6__conf__all__keep_addr_on_down=1)
        device = {"server": f"to-client{number}", "client": f"to-server{number}"}[where]
        route = f"route replace {lab.address({'server': client, 'client': server}[where])} dev {device}"

        def frontend():
            listener = traffic.listen(5061, lab.family)
            yield
            connection, _ = listener.accept()
            yield
            for _ in range(60):
                connection.sendall(bytes(1000))
                time.sleep(0.1)
            connection.close()

        def downloading():
            connection = traffic.connect(lab.address(server), 5061)
            yield
            while connection.recv(65536):
                pass
            connection.close()

        program = server.start(frontend)
        trace = lab.file(f"{where}.pcapng")
        with lab.record(client, server, trace=trace):
            reader = client.begin(downloading)
            program.step()
            reader.await_step()
            program.go()
            reader.go()
            time.sleep(1)
            hosts[where].ip(f"link set {device} down")
            time.sleep(AWAY)
            hosts[where].ip(f"link set {device} up", route)
            program.await_step()
            reader.await_step()
        [found] = lab.read_report(trace).findings
        assert found["rule"] in ("loss-stall", "no-route") and found["culprit"] == "local-configuration", found
        assert device in found["headline"], found
