"""Connections to ::1 end with "cannot assign requested address": IPv6 is switched off in the container, while /etc/hosts names ::1.

No device has an IPv6 address, so there is none to connect from. Ports are all free. The client is recorded.
"""

import errno

import traffic
from judge import expected

SOURCE = "moby/moby #37616, docker-library/python #261"
FAMILIES = (6,)
RIGHT = [expected(("no-route", "connect-denied", "port-exhaustion"), "local-configuration", mentions=["IPv6"])]
ACCEPTABLE = [[expected(("no-route", "unexplained"), ("local-configuration", "unknown"))]]


def scenario(lab):
    container, _ = lab.pair("container", "other")
    container.sysctl(ipv6__conf__all__disable_ipv6=1)
    with lab.record(container):
        for _ in range(3):
            assert container.run(traffic.connect_error, "::1", 8080, name="nginx") == errno.EADDRNOTAVAIL
