"""A routing rule (ip rule) refuses what a program marks (SO_MARK): connect() fails with EACCES. no-route, its configuration, proven.

No table was asked: that it was a rule is found by asking the kernel again with the same mark. The near miss fails with EINVAL, where there
is no route either, but for a reason of its own: its address is too short.
"""

import ctypes
import errno
import os
import socket
import time

import traffic
from namespaces import command

ELSEWHERE = {4: "198.51.100.7", 6: "2001:db8:77::7"}
TRIES, MARK = 2, 7


def scenario(lab):
    client, server = lab.pair()
    command("ip", f"-{lab.family}", "-n", client.name, *f"rule add pref 50 fwmark {MARK} prohibit".split())

    def refused():
        for _ in range(TRIES):
            connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
            assert connection.connect_ex((lab.address(server), 5061)) == errno.EACCES
            connection.close()
            time.sleep(0.3)

    def wrong_length():
        connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        address = int(traffic.KIND[lab.family]).to_bytes(2, "little") + (5061).to_bytes(2, "big")
        if lab.family == 4:
            address += socket.inet_pton(socket.AF_INET, ELSEWHERE[4])  # 8 of 16 bytes
        else:
            address += bytes(4) + socket.inet_pton(socket.AF_INET6, ELSEWHERE[6])[:12]  # 20 of 28
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.connect(connection.fileno(), address, len(address)) == -1 and ctypes.get_errno() == errno.EINVAL, os.strerror(ctypes.get_errno())
        connection.close()

    with lab.record(client):
        client.run(refused, name="marked")
        client.run(wrong_length, name="careless")

    lab.expect("no-route", culprit="local-configuration", certainty="proven", count=TRIES, mentions=["marked", "EACCES", "a prohibit rule"])
    lab.expect("unexplained", culprit="unknown", certainty="possible", mentions=["careless", "EINVAL"])
    lab.example("unexplained")
    lab.expect_nothing_else()
    told = [event for event in lab.report.of("event") if event["kind"] == "route"]
    assert [event["route"] for event in told] == ["prohibit_rule"] * TRIES, told
