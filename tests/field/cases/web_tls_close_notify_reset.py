"""Healthy: every short HTTPS connection to nginx ends with a RST, after the whole answer and both close_notify alerts.

The server says close_notify, closes, and does not wait. The client answers with its own close_notify, which nobody reads any more, so the server's
kernel sends RST. Both sides have got everything; only packet captures look bad.
"""

import ssl

import traffic
import web_common

SOURCE = "nginx/nginx #627: HTTPS on short-lived connections generates TCP RST; golang/go #71172"
NEEDS = ("nginx", "openssl")
RIGHT = []
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    cert, key = web_common.certificate(lab)
    web_common.nginx(lab, server, 8443, f"""
        {web_common.listen(8443, 'ssl')} ssl_certificate {cert}; ssl_certificate_key {key}; keepalive_timeout 0; return 200 hello;
    """)  # fmt: skip

    def asking():
        context = ssl._create_unverified_context()
        for _ in range(5):
            plain = traffic.connect(lab.address(server), 8443)
            with context.wrap_socket(plain, server_hostname="test") as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                answer = b""
                while part := connection.recv(4096):
                    answer += part
                assert answer.endswith(b"hello"), answer
                try:
                    connection.unwrap()
                except OSError:
                    pass  # the RST may be here already

    with lab.record(client, server):
        client.run(asking)
