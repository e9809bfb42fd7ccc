"""The route of an open connection goes away: its segments are thrown away before they leave. no-route, its configuration, proven.

The near miss: another one's is away for a moment only.
"""

import time

import traffic


def scenario(lab):
    client, server = lab.pair()
    host = f"{lab.address(server)}/{32 if lab.family == 4 else 128}"

    def frontend():
        listener = traffic.listen(5061, lab.family)
        yield
        accepted = [listener.accept()[0] for _ in range(2)]
        yield
        for connection in accepted:
            connection.close()

    def talking():
        connection = traffic.connect(lab.address(server), 5061)
        connection.sendall(b"before")
        yield
        connection.sendall(b"in between")
        yield
        connection.sendall(b"after")
        yield

    serving = server.start(frontend)
    with lab.record(client):
        serving.go()
        lucky, unlucky = (client.start(talking, name=name) for name in ("lucky", "unlucky"))
        client.ip(f"route add blackhole {host}")
        lucky.step()
        client.ip(f"route delete blackhole {host}")
        time.sleep(1)
        lucky.step()
        client.ip(f"route add blackhole {host}")
        unlucky.step()
        time.sleep(3)  # 200, 400, 800 and 1600 ms

    lab.expect("no-route", culprit="local-configuration", certainty="proven", count=1, mentions=["unlucky", "is stuck", "a blackhole route in table main"])
    lab.expect_nothing_else()
