"""TLS connections to one port end with 'Connection reset by peer' right after the ClientHello: a filter on the way looks into it and resets.

The TCP handshake passes, so the server seems to be up. The filter takes the ClientHello and sends the client a RST in the server's name; the
server never sees the ClientHello and sent no RST. Both ends are recorded, the filter is not.
"""

import web_common
from judge import expected

SOURCE = "Lochnair/xt_tls #71 (reset at matching SNI); klzgrad/naiveproxy #558; curl/curl #1016"
NEEDS = ("nginx", "curl", "openssl")
RIGHT = [expected("reset-forged", "path", at_least="likely", mentions=["curl"])]
ACCEPTABLE = []


def scenario(lab):
    client, middle, server = lab.chain("client", "middle", "server")
    middle.nft("table inet t { chain f { type filter hook forward priority 0; tcp dport 8443 @ih,0,8 0x16 reject with tcp reset\n}\n}")
    cert, key = web_common.certificate(lab)
    web_common.nginx(lab, server, 8443, f"{web_common.listen(8443, 'ssl')} ssl_certificate {cert}; ssl_certificate_key {key}; return 200;")
    with lab.record(client, server):
        for _ in range(2):
            done = web_common.curl(lab, client, "-k", "-m", "6", web_common.url(lab, server, 8443, scheme="https"))
            assert done.returncode == 35 and "reset" in done.stderr, done
