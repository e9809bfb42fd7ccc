"""Programs of a scenario: a Python function that runs as a process of its own inside a network namespace.

A plain function runs to its end. A generator function stops at each `yield`, hands the value over, and goes on when the
scenario says so: that is how a scenario orders what its two ends do, without sleeping and hoping.

    def server():
        listener = traffic.listen(5061)
        yield                               # start() returns here
        connection, _ = listener.accept()
        yield connection.getpeername()      # the first step() returns this
"""

import ctypes
import inspect
import os
import pickle
import signal
import socket
import struct
import traceback

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15

_libc = ctypes.CDLL(None, use_errno=True)


class ProgramFailed(Exception):
    """A program of the scenario raised, or died: the scenario itself is broken, not the product."""


class Process:
    """One running program. `pid` and `name` (its comm) are what the recorder ought to see."""

    running = []  # every Process of this scenario that was not waited for, so that none survives it

    def __init__(self, netns_path, function, args, name=None):
        self.name = (name or function.__name__)[:15]
        self.finished = False
        self.result = None
        self._pipe, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self._pipe.close()
            _live_as(self.name, netns_path, function, args, theirs)
        theirs.close()
        Process.running.append(self)

    def step(self):
        """Lets the program go on to its next yield; returns the value that it yields, or returns at its end."""
        self._pipe.sendall(b".")
        return self._next()

    def finish(self):
        """Lets the program run to its end; returns what it returns."""
        while not self.finished:
            self.step()
        return self.result

    def go(self):
        """Lets the program go on without waiting for it; await_step() picks up the value."""
        self._pipe.sendall(b".")

    def await_step(self):
        return self._next()

    def kill(self, number=signal.SIGKILL):
        """Ends the program with a signal, and waits until it is gone with all its sockets."""
        if self in Process.running:
            os.kill(self.pid, number)
            self._reap()
        self.finished = True

    def _next(self):
        kind, value = self._receive()
        if kind == "raise":
            self._reap()
            raise ProgramFailed(f"{self.name}: {value}")
        if kind == "return":
            self.finished, self.result = True, value
            self._reap()
        return value

    def _receive(self):
        head = self._read(4)
        return pickle.loads(self._read(struct.unpack("=I", head)[0]))

    def _read(self, size):
        data = b""
        while len(data) < size:
            part = self._pipe.recv(size - len(data))
            if not part:
                self._reap()
                raise ProgramFailed(f"{self.name} (pid {self.pid}) is gone")
            data += part
        return data

    def _reap(self):
        if self in Process.running:
            Process.running.remove(self)
            os.waitpid(self.pid, 0)
            self._pipe.close()


def end_all():
    for process in list(Process.running):
        process.kill()


def _live_as(name, netns_path, function, args, pipe):
    """The child's whole life; never returns."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    die_with_parent()
    _libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)

    def send(kind, value):
        data = pickle.dumps((kind, value))
        pipe.sendall(struct.pack("=I", len(data)) + data)

    try:
        enter_namespace(netns_path)
        result = function(*args)
        if inspect.isgenerator(result):
            try:
                while True:
                    send("yield", next(result))
                    if not pipe.recv(1):
                        os._exit(1)
            except StopIteration as stop:
                result = stop.value
        send("return", result)
    except BaseException:
        send("raise", traceback.format_exc())
    os._exit(0)


def die_with_parent(number=signal.SIGKILL):
    """For a child: when its parent is killed with -9, nobody else would end it."""
    _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def enter_namespace(path):
    with open(path) as namespace:
        if _libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")
