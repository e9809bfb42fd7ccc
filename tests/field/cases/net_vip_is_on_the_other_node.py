"""haproxy does not start on the stand-by node: "cannot bind socket (Cannot assign requested address)", for the VIP is on the other node.

keepalived has the virtual address on one node only, and ip_nonlocal_bind is 0. The stand-by node is recorded.
"""

import programs
from judge import expected

SOURCE = "rcbops/rpc-openstack #3019, ddometita/mmumshad-kubernetes-the-hard-way #7, sysown/proxysql #1614: bind(): Cannot assign requested address"
NEEDS = ("haproxy",)
RIGHT = [expected("port-exhaustion", "local-configuration", at_least="likely", mentions=["haproxy", "6443"])]
ACCEPTABLE = []

VIP = {4: "192.168.5.30", 6: "fd05::30"}


def scenario(lab):
    node, _ = lab.pair("node2", "node1")
    config = programs.write(
        lab,
        "haproxy.cfg",
        f"""
        defaults
          mode tcp
          timeout connect 1s
          timeout client 10s
          timeout server 10s
        frontend kubernetes
          bind {VIP[lab.family]}:6443
          default_backend masters
        backend masters
          server one 127.0.0.1:16443
\n""",
    )
    with lab.record(node):
        done = programs.run(lab, node, "haproxy", "-db", "-f", config)
        assert done.returncode == 1 and "cannot bind socket" in done.stderr, done.stderr
