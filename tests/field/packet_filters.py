"""Filters that drop packets without the firewall: BPF programs of a control group, and one that a socket carries itself."""

import ctypes
import os
import socket
import struct

import cgroups

CGROUP_SKB, EGRESS = 8, 1
SO_ATTACH_FILTER = 26


def deny_egress(group):
    """No packet of the group's processes leaves, as with systemd's IPAddressDeny=any."""
    instructions = struct.pack("=BBhi", 0xB7, 0, 0, 0) + struct.pack("=BBhi", 0x95, 0, 0, 0)  # r0 = 0; exit
    code, license = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"GPL")
    words = CGROUP_SKB, 2, ctypes.addressof(code), ctypes.addressof(license), 0, 0, 0, 0, 0, b"sd_fw_egress", 0, EGRESS
    program = cgroups._bpf(cgroups.BPF_PROG_LOAD, struct.pack("=IIQQIIQII16sII", *words))
    directory = os.open(group.path, os.O_RDONLY)
    cgroups._bpf(cgroups.BPF_PROG_ATTACH, struct.pack("=IIII", directory, program, EGRESS, 0))
    os.close(directory)
    os.close(program)


def drop_all(listener):
    """The socket's own classic filter: return 0."""
    code = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))
    listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HxxxxxxP", 1, ctypes.addressof(code)))
