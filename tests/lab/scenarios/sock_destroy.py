"""Somebody destroys sockets of others (SOCK_DESTROY, `ss -K`; agents do it when an address goes): RST and ECONNABORTED come from his process.

The trace names him, and says of each reset what made it: SOCK_DESTROY, close() with SO_LINGER 0 (read from the socket), a listener that went with
connections in its queue, connect() with AF_UNSPEC. The kernel's reason is the same for all of them.
"""

import ctypes
import errno
import os
import subprocess

import traffic

NEEDS = ("ss",)


def disconnect(connection):
    """connect() with AF_UNSPEC."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.connect(connection.fileno(), bytes(16), 16) == 0, os.strerror(ctypes.get_errno())


def scenario(lab):
    client, server = lab.pair()

    def frontend():
        listener = traffic.listen(5061, lab.family)
        brief = traffic.listen(5062, lab.family)
        yield
        accepted = [listener.accept()[0] for _ in range(3)]
        yield
        yield traffic.error_of(accepted[0].recv, 1)
        traffic.close_with_reset(accepted[1])
        disconnect(accepted[2])
        brief.close()
        yield

    def asking():
        yield
        connections = [traffic.connect(lab.address(server), port) for port in (5061, 5061, 5061, 5062)]
        yield [connection.getsockname()[1] for connection in connections]
        yield traffic.error_of(connections[0].recv, 1)

    def agent(port):
        words = ["ss", f"-{lab.family}", "-Ktn", "sport", "=", ":5061", "and", "dport", "=", f":{port}"]
        killer = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        killer.wait()
        return killer.pid

    program = server.start(frontend)
    with lab.record(client, server):
        asker = client.start(asking)
        destroyed, lingering, disconnected, unaccepted = asker.step()
        ports = {destroyed: "sock_destroy", lingering: "close", disconnected: "connect", unaccepted: "listener_close"}
        program.step()
        killer = server.run(agent, destroyed)
        assert program.step() == errno.ECONNABORTED
        assert asker.step() == errno.ECONNRESET
        program.step()

    peers = {connection["id"]: connection["network.peer.port"] for connection in lab.connections(server, "server")}
    told = {peers[event["connection"]]: event for event in lab.events(server, "reset_sent")}
    assert {port: event.get("by") for port, event in told.items()} == ports, told
    assert told[destroyed]["process.pid"] == killer and told[destroyed]["process.command"] == "ss", told[destroyed]
    assert told[lingering]["linger"] and told[lingering]["linger_s"] == 0, told[lingering]
    assert not any(told[port]["linger"] for port in (destroyed, disconnected)), told
    assert all(told[port]["process.pid"] == program.pid for port in (lingering, disconnected)), told
    (aborted,) = [event for event in lab.events(server, "error") if event["error.type"] == "ECONNABORTED"]
    assert aborted["process.pid"] == killer, aborted
