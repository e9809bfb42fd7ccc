"""Connections to a service time out on the nodes that run none of its pods: kube-proxy drops them there (externalTrafficPolicy: Local).

Only the node is recorded, where somebody looks who hears of it. It sees the SYNs come in, and drops each by a rule of its own.
"""

import errno

import traffic
from judge import expected

SOURCE = "kubernetes/kubernetes #121371 and #66354"
RIGHT = [expected("local-drop", "local-firewall", at_least="likely", mentions=["drop"])]
ACCEPTABLE = []


def scenario(lab):
    client, node, pod = lab.chain("client", "node", "pod")
    client.sysctl(tcp_syn_retries=1, tcp_syn_linear_timeouts=0)
    word = "ip" if lab.family == 4 else "ip6"
    node.nft(f"""
        table inet kube {{
          chain no-endpoints {{
            counter drop
          }}
          chain p {{
            type filter hook prerouting priority -110;
            {word} daddr {lab.address(pod)} tcp dport 443 jump no-endpoints
          }}
        }}
    """)
    with lab.record(node):
        assert client.run(traffic.connect_error, lab.address(pod), 443) == errno.ETIMEDOUT
