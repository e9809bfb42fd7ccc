"""A message broker in memory alarm stops reading from its publishers: their writes block, and it looks like a dead network.

RabbitMQ does so on purpose ("Publishers will be blocked until this alarm clears"): it leaves the data in the socket, the window closes, and the publisher hangs
in send() until the alarm is over, here for 7 s. Recorded on the publisher's host.
"""

import time

import traffic
from judge import expected

SOURCE = "rabbitmq/rabbitmq-server #156, rabbitmq/rabbitmq-server #23, fhteam/laravel-amqp #20"
RIGHT = [expected("zero-window-stall", "peer-application", at_most="likely", mentions=["publisher"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "rabbit")

    def broker():
        listener = traffic.listen(5672, lab.family)
        yield
        connection, _ = listener.accept()
        traffic.receive(connection, 1 << 16)
        time.sleep(7)  # the alarm
        while connection.recv(1 << 20):
            pass
        connection.close()

    def publisher():
        connection = traffic.connect(lab.address(server), 5672)
        for _ in range(1000):
            connection.sendall(b"m" * 16384)
        connection.close()

    program = server.start(broker, name="beam.smp")
    with lab.record(client):
        program.go()
        client.run(publisher)
        program.await_step()
