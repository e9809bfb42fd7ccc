"""A client without TLS talks to Redis's TLS port: "Error: Connection reset by peer".

Redis wants a ClientHello, reads the first bytes of a plain command, finds no TLS in it, and closes the connection with the rest unread: RST. Recorded on
the server.
"""

import db_common
import programs
from judge import expected

SOURCE = "redis/redis #11569, redis/redis #7454, redis/RedisInsight #6019 (ECONNRESET without TLS)"
NEEDS = ("redis-server", "redis-cli", "openssl")
RIGHT = [expected("reset-sent", "local-application", at_least="likely", mentions=["redis-server"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair("app", "cache")
    key, certificate = lab.file("key.pem"), lab.file("cert.pem")
    words = "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=cache", "-keyout", key, "-out", certificate
    assert programs.run(lab, server, "openssl", *words).returncode == 0
    tls = "--tls-port", "6380", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"
    db_common.start_redis(lab, server, *tls)
    db_common.await_true(lambda: programs.listening(server, 6380), 10, "the TLS port")
    with lab.record(server):
        for _ in range(3):
            done = programs.run(lab, client, "redis-cli", "-h", lab.address(server), "-p", "6380", "SET", "key", "x" * 200)
            assert "reset" in (done.stdout + done.stderr).lower(), done
