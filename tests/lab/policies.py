"""Policies that a program of a scenario puts on itself, so that the kernel denies it calls: Landlock (a security module) and seccomp."""

import ctypes
import os
import struct

LANDLOCK_CREATE_RULESET, LANDLOCK_RESTRICT_SELF = 444, 446  # alike on every architecture
LANDLOCK_ACCESS_NET_CONNECT_TCP = 1 << 1
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SYS_CONNECT = {"x86_64": 42, "aarch64": 203}
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x00050000, 0x7FFF0000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(number, *words):
    result = _libc.syscall(number, *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), "denied")
    return result


def landlock_knows_tcp():
    """It does from Linux 6.7 on, where it is turned on."""
    return _libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1) >= 4


def landlock_no_connects():
    """Every connect() of this process ends with EACCES from now on."""
    attributes = ctypes.create_string_buffer(struct.pack("=QQ", 0, LANDLOCK_ACCESS_NET_CONNECT_TCP), 16)
    ruleset = _call(LANDLOCK_CREATE_RULESET, attributes, 16, 0)
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call(LANDLOCK_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def seccomp_no_connects(error):
    """Every connect() of this process ends with this errno from now on, before the kernel's network knows of it."""
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD | BPF_W | BPF_ABS; BPF_JMP | BPF_JEQ | BPF_K; BPF_RET | BPF_K
    code = b"".join(
        struct.pack("=HBBI", *one)
        for one in ((load, 0, 0, 0), (equal, 0, 1, SYS_CONNECT[os.uname().machine]), (give, 0, 0, SECCOMP_RET_ERRNO | error), (give, 0, 0, SECCOMP_RET_ALLOW))
    )
    instructions = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(instructions)))
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
