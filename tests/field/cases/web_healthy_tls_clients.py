"""HEALTHY: nginx serves TLS and HTTP/2 to curl and openssl; all answers come whole.

openssl's close_notify crosses the server's FIN, so that a RST answers it after both were done. Both ends are recorded.
"""

import web_common
from judge import NONE

SOURCE = "openssl's s_client against servers that close first; RFC 8446, section 6.1 (close_notify)"
NEEDS = ("nginx", "curl", "openssl")
RIGHT = NONE


def scenario(lab):
    client, server = lab.pair()
    web_common.certificate(lab)
    web_common.programs.write(lab, "large", "x" * 2_000_000)
    web_common.nginx(
        lab, server, 443,
        f"{web_common.listen(443, 'ssl', 'http2')} ssl_certificate {lab.file('cert.pem')}; ssl_certificate_key {lab.file('key.pem')}; root {lab.folder};",
    )  # fmt: skip
    with lab.record(client, server):
        for _ in range(3):
            assert web_common.curl(lab, client, "-k", web_common.url(lab, server, 443, "/large", "https")).stdout == "200"
        for _ in range(4):
            address = f"{web_common.bracketed(lab.address(server))}:443"
            script = f"(printf 'GET /large HTTP/1.0\\r\\n\\r\\n'; sleep 0.4) | openssl s_client -quiet -connect {address} 2>/dev/null | wc -c"
            done = web_common.programs.run(lab, client, "sh", "-c", script)
            assert int(done.stdout) > 2_000_000, done
