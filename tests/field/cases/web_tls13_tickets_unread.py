"""A log server loses the end of what it is sent: the shipper never reads, and the server's TLS 1.3 session tickets lie unread when it closes.

Closing a socket with unread data sends RST instead of FIN, and the server's kernel throws away what it had not read. Both ends are recorded.
"""

import os
import ssl
import time

import traffic
import web_common
from judge import expected

SOURCE = "openssl/openssl #10880 and #7948, python-trio/trio #819"
NEEDS = ("openssl",)
RIGHT = [expected("reset-sent", "local-application", at_least="likely", mentions=["shipper", "unread"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    certificate, key = web_common.certificate(lab)

    def log_server():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        listener = traffic.listen(6514, lab.family)
        yield
        connection, _ = listener.accept()
        secure = context.wrap_socket(connection, server_side=True)
        time.sleep(1)  # it is slower than the shipper
        try:
            while secure.recv(65536):
                pass
        except OSError as error:
            yield error.errno

    def shipper():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        secure = context.wrap_socket(traffic.connect(lab.address(server), 6514))
        for _ in range(20):
            secure.sendall(b"a line of the log\n" * 200)
        time.sleep(0.3)
        os.close(secure.detach())

    program = server.start(log_server)
    program.go()
    with lab.record(client, server):
        client.run(shipper)
        program.await_step()
