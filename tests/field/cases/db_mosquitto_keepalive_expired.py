"""A sensor's publish fails with "broken pipe": the broker had closed the session long before, since no ping came within its keepalive.

The sensor announced 2 s and was busy with something else. The broker closed with FIN after some seconds, which the sensor did not look at. Both ends are
recorded.
"""

import time

import programs
import traffic
import web_common
from judge import expected

SOURCE = "MQTT 3.1.1, section 3.1.2.10; mosquitto's log line 'Client ... has exceeded timeout, disconnecting'"
NEEDS = ("mosquitto",)
RIGHT = [expected(("reset-sent", "reset-received"), ("local-application", "peer-application"), mentions=["mosquitto"])]
ACCEPTABLE = []

CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x02\x00\x01s"
PUBLISH = b"\x30\x05\x00\x01aXY"


def scenario(lab):
    client, server = lab.pair("sensor", "broker")
    config = programs.write(lab, "mosquitto.conf", "user root\nlistener 1883\nallow_anonymous true\n")
    programs.start(lab, server, "mosquitto", "-c", config, listens=1883)

    def sensor():
        connection = traffic.connect(lab.address(server), 1883)
        connection.sendall(CONNECT)
        assert traffic.receive(connection, 4)[:2] == b"\x20\x02"
        web_common.await_state(connection, web_common.CLOSE_WAIT)
        time.sleep(1)
        errors = []
        for _ in range(3):
            errors.append(traffic.error_of(connection.sendall, PUBLISH))
            time.sleep(0.2)
        return errors

    with lab.record(client, server):
        assert any(client.run(sensor))
