"""A stream stands still for three seconds and goes on: the server's own link was down in the midst of it.

Both ends are recorded. The network between them and both programs are well.
"""

import time

import traffic
from judge import expected

SOURCE = "many reports of NIC resets and bond failovers in the midst of transfers ('Link is Down', 'Link is Up')"
RIGHT = [expected(("no-route", "loss-stall", "local-drop"), "local-configuration", at_least="likely", mentions=["to-client"])]
ACCEPTABLE = [[expected(("no-route", "loss-stall", "local-drop"), ("local-configuration", "local-kernel"))]]
LIMIT = 90


def scenario(lab):
    client, server = lab.pair()

    def service():
        listener = traffic.listen(9000, lab.family)
        yield
        connection, _ = listener.accept()
        for _ in range(60):
            connection.sendall(b"x" * 20_000)
            time.sleep(0.1)
        connection.close()

    def player():
        connection = traffic.connect(lab.address(server), 9000)
        yield
        total = 0
        while data := connection.recv(65536):
            total += len(data)
        yield total

    program = server.start(service, name="streamer")
    with lab.record(client, server):
        program.go()
        playing = client.begin(player, name="player")
        playing.await_step()
        playing.go()
        time.sleep(2)
        server.ip("link set to-client down")
        time.sleep(3)
        address = lab.address(server)
        server.ip("link set to-client up", f"address replace {address}/{24 if lab.family == 4 else 64} dev to-client{'' if lab.family == 4 else ' nodad'}")
        server.ip(f"neighbour replace {lab.address(client)} lladdr 02:77:00:00:01:01 dev to-client nud permanent")
        assert playing.await_step() == 60 * 20_000
        program.await_step()
