"""A control group of a scenario: BPF programs on it that refuse calls, a limit of its memory."""

import ctypes
import os
import re
import struct
import subprocess
import tempfile

BPF_PROG_LOAD, BPF_PROG_ATTACH = 5, 8
CGROUP_SOCK_ADDR = 18
CONNECT = {4: 10, 6: 11}  # enum bpf_attach_type
SYS_BPF = {"x86_64": 321, "aarch64": 280}

_libc = ctypes.CDLL(None, use_errno=True)


def mounted():
    """Where the unified hierarchy is mounted; None: nowhere."""
    with open("/proc/mounts") as mounts:
        found = re.search(r"^\S+ (\S+) cgroup2 ", mounts.read(), re.MULTILINE)
    return found and found[1]


def _bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = _libc.syscall(SYS_BPF[os.uname().machine], command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf()")
    return result


class Cgroup:
    """As a context manager. Its processes must have ended before it goes."""

    def __init__(self, name):
        self._own_mount = None if mounted() else tempfile.mkdtemp(prefix=f"twlab-{os.getpid()}-")
        self.parent = os.path.join(mounted() or self._own_mount, f"twlab-{os.getpid()}")
        self.path = os.path.join(self.parent, name)

    def __enter__(self):
        if self._own_mount:
            subprocess.run(["mount", "-t", "cgroup2", "none", self._own_mount], check=True)
        os.makedirs(self.path)
        return self

    def __exit__(self, *_):
        os.rmdir(self.path)
        os.rmdir(self.parent)
        if self._own_mount:
            subprocess.run(["umount", self._own_mount], check=True)
            os.rmdir(self._own_mount)

    def enter(self):
        """For a program: from now on it belongs here."""
        with open(os.path.join(self.path, "cgroup.procs"), "w") as file:
            file.write(str(os.getpid()))

    def judge_connects(self, family, allow=False):
        """Every connect() of its processes ends with EPERM, or is let through."""
        instructions = struct.pack("=BBhi", 0xB7, 0, 0, int(allow)) + struct.pack("=BBhi", 0x95, 0, 0, 0)  # r0 = 1 or 0; exit
        code, license = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"GPL")
        program = _bpf(
            BPF_PROG_LOAD,
            struct.pack("=IIQQIIQII16sII", CGROUP_SOCK_ADDR, 2, ctypes.addressof(code), ctypes.addressof(license), 0, 0, 0, 0, 0,
                        b"judges", 0, CONNECT[family]),
        )  # fmt: skip
        group = os.open(self.path, os.O_RDONLY)
        _bpf(BPF_PROG_ATTACH, struct.pack("=IIII", group, program, CONNECT[family], 0))
        os.close(group)
        os.close(program)


def _memory_hierarchy():
    """Where a memory limit can be set: the folder, and the file of the limit; None: nowhere."""
    if os.path.exists("/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        return "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
    top = mounted()
    if top:
        with open(os.path.join(top, "cgroup.controllers")) as file:
            if "memory" in file.read().split():
                return top, "memory.max"
    return None


def limits_memory():
    return _memory_hierarchy() is not None


class MemoryGroup:
    """A control group whose processes may have so many bytes. Of either version, whichever the host has memory in."""

    def __init__(self, name, limit):
        top, self._file = _memory_hierarchy()
        self.limit = limit
        self.path = os.path.join(top, f"twlab-{os.getpid()}-{name}")
        if self._file == "memory.max":
            with open(os.path.join(top, "cgroup.subtree_control"), "w") as file:
                file.write("+memory")

    def __enter__(self):
        os.mkdir(self.path)
        with open(os.path.join(self.path, self._file), "w") as file:
            file.write(str(self.limit))
        return self

    def __exit__(self, *_):
        os.rmdir(self.path)

    def enter(self):
        """For a program: from now on it belongs here."""
        with open(os.path.join(self.path, "cgroup.procs"), "w") as file:
            file.write(str(os.getpid()))
