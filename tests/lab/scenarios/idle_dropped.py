"""A device forgot an idle connection and drops its packets without a word: idle-reset, the path, though nobody has given up yet.

What looks like ordinary retransmits began with the first packet after a long silence. Where the device itself was recorded, its drops and its rule
are the finding. Near misses: a connection that was never silent loses a packet and gets over it; another one was silent as long and lives.
"""

import time

import traffic

FORGETFUL = """
    table inet t {
      chain f {
        type filter hook forward priority 0;
        tcp dport 5063 accept
        tcp sport 5063 accept
        ct state invalid drop
        tcp dport 5062 counter numgen inc mod 1000 == 4 drop
      }
    }
"""
LIMIT = 90


def scenario(lab):
    client, mid, server = lab.chain("client", "mid", "server")
    mid.nft(FORGETFUL)
    mid.sysctl(netfilter__nf_conntrack_tcp_timeout_established=3, netfilter__nf_conntrack_tcp_loose=0)

    def frontend(port):
        listener = traffic.listen(port, lab.family)
        yield
        connection, _ = listener.accept()
        while data := connection.recv(5):
            connection.sendall(data)
        yield

    def quiet():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"hello")
        traffic.receive(connection, 5)
        yield
        connection.sendall(b"again")
        yield
        connection.close()

    def patient():
        connection = traffic.connect(lab.address(server), 5063)
        for _ in range(2):
            connection.sendall(b"hello")
            assert traffic.receive(connection, 5) == b"hello"
            yield
        connection.close()

    def busy():
        connection = traffic.connect(lab.address(server), 5062)
        for _ in range(12):
            connection.sendall(b"hello")
            traffic.receive(connection, 5)
            time.sleep(1)
        connection.close()
        return 0

    programs = [server.start(frontend, port) for port in (5061, 5062, 5063)]
    together = lab.file("together.pcapng")
    with lab.record(client, server), lab.record(client, mid, server, trace=together):
        for program in programs:
            program.go()
        asker, waiter, talker = (client.begin(play, name=play.__name__) for play in (quiet, patient, busy))
        asker.await_step()
        waiter.await_step()
        time.sleep(16)
        asker.step()
        waiter.step()
        talker.await_step()
        time.sleep(2.5)

    lab.expect("idle-reset", culprit="path", certainty="likely", count=1, mentions=["quiet", "16"])
    lab.expect_nothing_else()
    lab.read_report(together)
    lab.expect("local-drop", culprit="local-firewall", certainty="proven", count=1, mentions=["quiet", mid.name, "ct state invalid drop"])
    lab.expect_nothing_else()
    for program in (asker, waiter, *programs):
        program.kill()
