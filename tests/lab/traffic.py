"""What the programs of the scenarios do with sockets: short names for the usual calls. `family` is 4 or 6."""

import errno
import pathlib
import select
import socket
import struct
import time

ANY = {4: "0.0.0.0", 6: "::"}
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
KIND = {4: socket.AF_INET, 6: socket.AF_INET6}


def listen(port, family=4, backlog=64, reuse_port=False, address=None):
    listener = socket.socket(KIND[family], socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((address or ANY[family], port))
    listener.listen(backlog)
    return listener


def connect(address, port):
    """A connected socket; raises OSError."""
    connection = socket.socket(family_of(address), socket.SOCK_STREAM)
    try:
        connection.connect((address, port))
    except OSError:
        connection.close()
        raise
    return connection


def connect_error(address, port):
    """Connects and closes; the errno that connect() ended with, 0 when it did not fail."""
    connection = socket.socket(family_of(address), socket.SOCK_STREAM)
    error = connection.connect_ex((address, port))
    connection.close()
    return error


def connect_nonblocking(address, port, wait):
    """The same with a non-blocking socket: `wait(connection)` returns once poll or epoll reported it; then SO_ERROR."""
    connection = socket.socket(family_of(address), socket.SOCK_STREAM)
    connection.setblocking(False)
    error = connection.connect_ex((address, port))
    if error == errno.EINPROGRESS:
        wait(connection)
        error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    connection.close()
    return error


def wait_with_poll(connection):
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    poll.poll()


def wait_with_epoll(connection):
    with select.epoll() as epoll:
        epoll.register(connection, select.EPOLLOUT)
        epoll.poll()


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def connect_and_close(address, port):
    connect(address, port).close()


def give_up_connecting(address, port, seconds):
    """A connect() with a time limit of the application's own, which is over first."""
    with socket.socket(family_of(address), socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect((address, port))
        except TimeoutError:
            return
    raise AssertionError(f"connect() to {address} was answered")


def accept_and_outlast(listener, count):
    """Takes so many connections, one after the other, and closes each when its client has."""
    for _ in range(count):
        connection, _ = listener.accept()
        connection.recv(1)
        connection.close()


def await_closed(port, seconds=10):
    """Until no connection with that port here is on its way any more: the last ACK of one may be late, or lost and drawn out by the FIN sent again."""
    listen, time_wait = "0A", "06"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = [line.split() for name in ("tcp", "tcp6") for line in pathlib.Path(f"/proc/self/net/{name}").read_text().splitlines()[1:]]
        if not any(row[1].endswith(f":{port:04X}") and row[3] not in (listen, time_wait) for row in rows):
            return
        time.sleep(0.05)
    raise AssertionError(f"connections of port {port} are still open after {seconds} s")


def close_with_reset(connection):
    """SO_LINGER with time 0: close() throws everything away and sends RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def receive(connection, size):
    """Exactly `size` bytes, or fewer when the peer closes first."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            break
        data += part
    return data


def error_of(call, *args):
    """The errno that a call fails with; 0 when it does not."""
    try:
        call(*args)
        return 0
    except OSError as error:
        return error.errno


TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
REPAIR_OFF, SEND_QUEUE = -1, 2


def forget(connection):
    """The socket goes without a word: nothing is sent, as when its host loses power."""
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    connection.close()


def connect_from(port, address, to_port, isn=None):
    """A connected socket with this port of its own, and this initial sequence number; raises OSError."""
    connection = socket.socket(family_of(address), socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind(("", port))
    if isn is not None:
        connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, SEND_QUEUE)
        connection.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, isn)
        connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF)
    connection.connect((address, to_port))
    return connection
