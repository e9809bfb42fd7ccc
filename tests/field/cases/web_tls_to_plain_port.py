"""A client speaks TLS to a plain HTTP port: 'SSL: wrong version number'. TCP itself worked as it should.

nginx answers the ClientHello with 400 and closes in good order; curl cannot make sense of it and closes too. The mistake is in the URL.
"""

import web_common
from judge import expected

SOURCE = "menatwork/syncCto #288 (port 80 entered for https), openssl/openssl #6805: 'wrong version number' against a plain port"
NEEDS = ("nginx", "curl")
RIGHT = []
ACCEPTABLE = [[expected("reset-sent", "local-application", mentions=["curl"])]]


def scenario(lab):
    client, server = lab.pair()
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} return 200 hello;")
    with lab.record(client, server):
        for _ in range(3):
            assert web_common.curl(lab, client, web_common.url(lab, server, 8080, scheme="https")).returncode == 35
