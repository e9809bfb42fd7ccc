"""A router answers the SYN of a non-blocking connect with ICMP at once, while the process is still inside connect(): the error is soft.

The kernel ends nothing for it. It tells the error to whoever asks for SO_ERROR, once. One program asks and gives up; one closes without having asked.
The trace holds the ICMP error with the connection, what getsockopt() told, and what nobody asked for.
"""

import errno
import socket
import time

import traffic

REJECTS = {5061: ("host-unreachable", "EHOSTUNREACH"), 5062: ("port-unreachable", "ECONNREFUSED")}


def scenario(lab):
    edge, mid, fe = lab.chain()
    rules = "\n".join(f"tcp dport {port} reject with icmpx type {kind}" for port, (kind, _) in REJECTS.items())
    mid.nft(f"table inet t {{\n chain f {{\n type filter hook forward priority 0;\n {rules}\n }}\n}}")

    def asking(port, asks):
        connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
        connection.setblocking(False)
        assert connection.connect_ex((lab.address(fe), port)) == errno.EINPROGRESS
        time.sleep(0.1)
        error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if asks else 0
        connection.close()
        return errno.errorcode.get(error)

    with lab.record(edge):
        for port, (_, error) in REJECTS.items():
            assert edge.run(asking, port, True) == error
            edge.run(asking, port, False)

    ends = {}
    for connection in lab.connections(edge, "client"):
        ends.setdefault(connection["network.peer.port"], []).append(connection)
    for port, (_, error) in REJECTS.items():
        asked, silent = ends[port]
        events = lab.report.of("event")
        for connection in (asked, silent):
            assert any(event["kind"] == "icmp" for event in events if event.get("connection") == connection["id"]), connection
        (told,) = [event for event in events if event["kind"] == "option" and event.get("connection") == asked["id"]]
        assert (told["option"], told["error.type"]) == ("SO_ERROR", error), told
        assert asked["error.type"] == error, asked
        closed = [event.get("soft_error") for event in events if event["kind"] == "state" and event["to"] == "CLOSE" and event.get("connection") == silent["id"]]
        assert closed == [error], closed
