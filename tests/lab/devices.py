"""Devices of a scenario: what they do to packets besides carrying them."""

import ctypes
import fcntl
import socket
import struct
import subprocess

from namespaces import command

SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
XDP_DROP, XDP_PASS = 1, 2
TC_ACT_OK, TC_ACT_SHOT = 0, 2


def checksum_in_software(device):
    """For a program: packets of this host leave with their checksums filled in, so that a change on the way shows. A virtual cable needs none otherwise."""
    value = ctypes.create_string_buffer(struct.pack("=II", ETHTOOL_STXCSUM, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCETHTOOL, struct.pack("16sP", device.encode(), ctypes.addressof(value)))


def _program(lab, name, verdict):
    """A BPF program that says the same of each packet, as an object file. The scenario needs clang."""
    source, made = lab.file(f"{name}.c"), lab.file(f"{name}.o")
    with open(source, "w") as file:
        file.write(f"""
            __attribute__((section("program"), used)) int {name}(void *packet) {{ return {verdict}; }}
            char _license[] __attribute__((section("license"), used)) = "GPL";
        """)
    subprocess.run(["clang", "-O2", "-target", "bpf", "-c", source, "-o", made], check=True)
    return made


def attach_xdp(lab, host, device, name, verdict):
    command("ip", "-n", host.name, "link", "set", "dev", device, "xdpdrv", "obj", _program(lab, name, verdict), "sec", "program")


def attach_tc(lab, host, device, name, verdict):
    """On what comes in."""
    command("tc", "-n", host.name, "qdisc", "add", "dev", device, "clsact")
    command("tc", "-n", host.name, "filter", "add", "dev", device, "ingress", "bpf", "da", "obj", _program(lab, name, verdict), "sec", "program")
