"""curl hangs after its ClientHello: the server's certificates come in full segments, which a tunnel on the way cannot take.

The router before the tunnel must say so by ICMP, and a filter drops that. Handshake and ClientHello are small and pass, the server's answer is sent
again and again. Only the web server is recorded.
"""

import web_common
from judge import expected

SOURCE = "kubernetes/ingress-nginx #10213; dperson/openvpn-client #374; moby/moby #50035: TLS hangs after ClientHello, the MTU was the cause"
NEEDS = ("nginx", "curl", "openssl")
RIGHT = [expected("path-mtu-blackhole", "path", at_most="likely", mentions=["nginx"])]
ACCEPTABLE = []


def scenario(lab):
    client, tunnel, server = lab.chain("client", "tunnel", "server")
    tunnel.ip("link set to-client mtu 1300")
    client.ip("link set to-tunnel mtu 1500")
    tunnel.nft("""
        table inet t {
          chain o {
            type filter hook output priority 0;
            icmp type destination-unreachable icmp code frag-needed drop
            icmpv6 type packet-too-big drop
          }
        }
    """)
    cert, key = web_common.certificate(lab, names=60)
    web_common.nginx(lab, server, 8443, f"{web_common.listen(8443, 'ssl')} ssl_certificate {cert}; ssl_certificate_key {key}; return 200;")
    with lab.record(server):
        done = web_common.curl(lab, client, "-k", "-m", "6", web_common.url(lab, server, 8443, scheme="https"))
        assert done.returncode == 28, done
