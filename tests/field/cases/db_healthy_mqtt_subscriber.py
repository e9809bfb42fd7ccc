"""Healthy: an MQTT subscriber is idle but for its keepalive pings, and a second one with its name takes the session over.

mosquitto_sub waits for messages that do not come and pings every 5 s. A second one with the same client id makes the broker close the first ("already connected,
closing old connection"). Recorded on both hosts with all segments.
"""

import db_common
import programs

SOURCE = "eclipse-mosquitto/mosquitto #2124 (keepalive), MQTT 3.1.1 section 3.1.4 (take-over); mqttjs/MQTT.js #381"
NEEDS = ("mosquitto", "mosquitto_sub", "mosquitto_pub")
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("device", "broker")
    configuration = programs.write(lab, "mosquitto.conf", "listener 1883\nallow_anonymous true\nlog_type all\nuser root\n")
    programs.start(lab, server, "mosquitto", "-c", configuration, listens=1883)
    words = "mosquitto_sub", "-h", lab.address(server), "-t", "news", "-i", "sensor", "-k", "5", "-d"
    with lab.record(client, server, options=("--port", "1883", "--segments")):
        programs.start(lab, client, *words, name="first")
        db_common.await_true(lambda: db_common.log_of(lab, "mosquitto").count("Sending PINGRESP to sensor") >= 2, 30, "two pings")
        second = programs.start(lab, client, *words, "-C", "1", name="second")
        db_common.await_true(lambda: db_common.log_of(lab, "mosquitto").count("Sending SUBACK to sensor") >= 2, 10, "the take-over")
        assert programs.run(lab, client, "mosquitto_pub", "-h", lab.address(server), "-t", "news", "-m", "x").returncode == 0
        second.wait(10)
