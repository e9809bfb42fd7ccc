"""Connects that are interrupted: a queueing discipline lets a packet through each 50 µs, and its timer's softirq carries a SYN over and its
SYN-ACK back, now and then in the middle of a probe that runs for a program's connect()."""

import os
import socket

import traffic
from namespaces import command

AT_ONCE = 500
SYN = {4: 74, 6: 94}  # bytes on the wire


def interrupt(lab, client):
    rate = SYN[lab.family] * 8 * 20_000
    command("tc", "-n", client.name, "qdisc", "add", "dev", "to-server", "root", "tbf", "rate", f"{rate}bit", "burst", "1600", "limit", "10mb")


def frontend(lab, server, connections):
    """A program of the server's that takes as many connections."""
    server.sysctl(core__somaxconn=2 * AT_ONCE, tcp_max_syn_backlog=2 * AT_ONCE)

    def listening():
        listener = traffic.listen(5061, lab.family, backlog=2 * AT_ONCE)
        yield
        traffic.accept_and_outlast(listener, connections)
        yield

    return server.start(listening)


def connect_without_pause(family, address, connections):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for _ in range(connections // AT_ONCE):
        opened = [socket.socket(traffic.KIND[family], socket.SOCK_STREAM) for _ in range(AT_ONCE)]
        for connection in opened:
            connection.setblocking(False)
        for connection in opened:
            connection.connect_ex((address, 5061))
        for connection in opened:
            traffic.wait_with_poll(connection)
            connection.close()
