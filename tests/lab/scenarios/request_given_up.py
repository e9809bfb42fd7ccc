"""Clients give up on their requests after a time limit of their own, without --segments: one was read and not answered, one never read, one never accepted.

Sockets were opened and closed in good order, nothing was lost and nothing reset. The report must name the server's application and how long it sat
there, from the client's side, the server's, and both.
"""

import time

import traffic

LIMIT = 120


def scenario(lab):
    client, server = lab.pair()

    def reads(port=5061):
        listener = traffic.listen(port, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(100)
        time.sleep(3.5)
        connection.close()

    def ignores():
        listener = traffic.listen(5062, lab.family)
        yield
        connection, _ = listener.accept()
        time.sleep(4)
        connection.close()

    def leaves():
        listener = traffic.listen(5063, lab.family)
        yield
        time.sleep(4)
        listener.close()

    def asking(port):
        connection = traffic.connect(lab.address(server), port)
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        time.sleep(3)
        connection.close()

    for hosts in ((client,), (server,), (client, server)):
        servers = [server.start(program) for program in (reads, ignores, leaves)]
        with lab.record(*hosts):
            for program in servers:
                program.go()
            askers = [client.begin(asking, port) for port in (5061, 5062, 5063)]
            for program in (*askers, *servers):
                program.await_step()
        findings = lab.read_report().findings
        told = "\n".join(f"{finding['rule']}, {finding['culprit']}, {finding['certainty']}: {finding['headline']}" for finding in findings)
        assert {finding["rule"] for finding in findings} == {"server-silent"} and len(findings) == 3, f"{len(hosts)} hosts:\n{told}"
        for port in (5061, 5062, 5063):
            one = next(finding for finding in findings if f":{port}" in finding["headline"])
            assert one["culprit"] == ("peer-application" if client in hosts else "local-application"), told
            assert "gave up" in one["headline"] and "after 3.0 s" in one["headline"], told
            if server in hosts:
                assert one["certainty"] == {5061: "possible", 5062: "proven", 5063: "likely"}[port], told
        if server in hosts:
            assert "reads[" in told and "ignores[" in told and "left 18 bytes unread" in told and "no process had accepted" in told, told
