"""A proxy's backend refuses, and the proxy resets its client; another backend never answers, and the client gives up first. Each is one story, cause first.

The near miss: a client that is reset by the proxy while another client's request fails behind it.
"""

import time

import traffic


def scenario(lab):
    client, proxy, backend = lab.chain("client", "proxy", "backend")

    def proxying(port):
        listener = traffic.listen(port, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(100)
        assert traffic.connect_error(lab.address(backend), 5061)
        traffic.close_with_reset(connection)

    def waiting():
        listener = traffic.listen(7001, lab.family)
        yield
        connection, _ = listener.accept()
        upstream = traffic.connect(lab.address(backend), 5062)
        upstream.sendall(connection.recv(100))
        time.sleep(5)
        upstream.close()
        connection.close()

    def slow():
        listener = traffic.listen(5062, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(100)
        time.sleep(6)
        connection.close()

    def mixed():
        listener = traffic.listen(7002, lab.family)
        yield
        first, _ = listener.accept()
        second, _ = listener.accept()
        first.recv(100)
        second.recv(100)
        assert traffic.connect_error(lab.address(backend), 5063)
        traffic.close_with_reset(second)
        first.close()

    def asking(port, patience):
        connection = traffic.connect(proxy_address(), port)
        connection.sendall(b"a request")
        connection.settimeout(patience)
        traffic.error_of(connection.recv, 100)
        connection.close()

    def both():
        connections = [traffic.connect(proxy_address(), 7002) for _ in range(2)]
        for connection in connections:
            connection.sendall(b"a request")
        for connection in connections:
            traffic.error_of(connection.recv, 100)
            connection.close()

    def proxy_address():
        return lab.address(proxy)

    programs = [proxy.start(proxying, 7000), proxy.start(waiting), proxy.start(mixed), backend.start(slow)]
    with lab.record(client, proxy):
        for program in programs:
            program.go()
        client.run(asking, 7000, 10)
        client.run(asking, 7001, 3)
        client.run(both)
        for program in programs:
            program.await_step()

    findings = lab.read_report().findings
    told = "\n".join(f"{finding['rule']}: {finding['headline']}" for finding in findings)
    refused = [finding for finding in findings if finding["rule"] == "connect-refused" and "5061" in finding["headline"]]
    assert len(refused) == 1 and "so proxying's client" in refused[0]["headline"] and "was reset" in refused[0]["headline"], told
    silent = [finding for finding in findings if finding["rule"] == "server-silent"]
    assert len(silent) == 1 and ":5062" in silent[0]["headline"] and "gave up" in silent[0]["headline"] and "waiting's client" in silent[0]["headline"], told
    others = [finding for finding in findings if finding not in refused + silent]
    assert sorted(finding["rule"] for finding in others) == ["connect-refused", "reset-sent"], told
