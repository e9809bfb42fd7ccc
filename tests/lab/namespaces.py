"""Network namespaces, the links between them and their firewalls: the hosts and the network of a scenario."""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from processes import Process

PREFIX = "twlab"


def command(*words, text=None, check=True):
    done = subprocess.run(words, input=text, text=True, capture_output=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


class Namespace:
    """One host of a scenario. Its name carries the pid of the process that made it, so that leftovers are told from the living."""

    def __init__(self, short_name):
        self.short_name = short_name
        self.name = f"{PREFIX}-{os.getpid()}-{short_name}"
        self.path = f"/run/netns/{self.name}"
        self.addresses = {}  # family (4 or 6) -> address; of the first link
        command("ip", "netns", "add", self.name)
        self.ip("link set lo up")

    @property
    def inum(self):
        return os.stat(self.path).st_ino

    def ip(self, *lines):
        command("ip", "-n", self.name, "-batch", "-", text="\n".join(lines) + "\n")

    def nft(self, rules):
        command("ip", "netns", "exec", self.name, "nft", "-f", "-", text=rules)

    def sysctl(self, **values):
        """sysctl(tcp_syn_retries=2): under net.ipv4, where TCP's settings for IPv6 live too; else give the path, '/' as '__'."""
        self.run(_write_sysctls, values)

    def start(self, function, *args, name=None):
        """Starts a program here, and waits for its first yield (or its end)."""
        process = Process(self.path, function, args, name)
        process.await_step()
        return process

    def begin(self, function, *args, name=None):
        """Starts a program here, and does not wait; await_step() does."""
        return Process(self.path, function, args, name)

    def run(self, function, *args, name=None):
        """Runs a program here to its end; returns what it returns."""
        return self.start(function, *args, name=name).finish()

    def delete(self):
        command("ip", "netns", "del", self.name, check=False)


def _write_sysctls(values):
    for key, value in values.items():
        path = key.replace("__", "/") if "__" in key else f"ipv4/{key}"
        if key == "tcp_syn_linear_timeouts" and not os.path.exists(f"/proc/sys/net/{path}"):
            continue  # before Linux 6.5: each pause between SYNs is twice the one before, as with 0
        with open(f"/proc/sys/net/{path}", "w") as file:
            file.write(str(value))


def connect_pair(a, b, number):
    """A cable between two hosts: 10.77.NUMBER.1 and .2, fd77:NUMBER::1 and ::2. Returns each side's addresses.

    Each side knows the other's MAC beforehand: neighbour discovery, slow on a cable just plugged in, is no scenario's subject.
    """
    names = f"to-{b.short_name}", f"to-{a.short_name}"
    macs = f"02:77:00:00:{number:02x}:01", f"02:77:00:00:{number:02x}:02"
    command(
        *("ip", "link", "add", names[0], "netns", a.name, "address", macs[0], "type", "veth"),
        *("peer", "name", names[1], "netns", b.name, "address", macs[1]),
    )
    sides = [{4: f"10.77.{number}.{last}", 6: f"fd77:{number}::{last}"} for last in (1, 2)]
    for host, device, side, other, mac in ((a, names[0], *sides, macs[1]), (b, names[1], *reversed(sides), macs[0])):
        host.ip(
            f"address add {side[4]}/24 dev {device}",
            f"address add {side[6]}/64 dev {device} nodad",
            f"link set {device} up",
            *(f"neighbour add {other[family]} lladdr {mac} dev {device} nud permanent" for family in (4, 6)),
        )
        for family in (4, 6):
            host.addresses.setdefault(family, side[family])
    return sides


def connect_chain(*hosts):
    """edge - mid - fe: cables between neighbours; those in the middle forward, the two at the ends route through them."""
    cables = [connect_pair(a, b, number + 1) for number, (a, b) in enumerate(zip(hosts, hosts[1:]))]
    for host in hosts[1:-1]:
        host.sysctl(ip_forward=1, ipv6__conf__all__forwarding=1)
    hosts[0].ip(f"route add default via {cables[0][1][4]}", f"route add default via {cables[0][1][6]}")
    hosts[-1].ip(f"route add default via {cables[-1][0][4]}", f"route add default via {cables[-1][0][6]}")


def sweep():
    """Deletes what dead runners left behind: one that was killed with -9 could not clean up, and traces of failures stay a while."""
    for folder in glob.glob(f"{tempfile.gettempdir()}/{PREFIX}-*-*"):
        if not _is_lab(int(os.path.basename(folder).split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)
    swept = []
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else []:
        owner = re.fullmatch(rf"{PREFIX}-(\d+)-.*", name)
        if owner and not _is_lab(int(owner[1])):
            command("ip", "netns", "del", name, check=False)
            swept.append(name)
    return swept


def _is_lab(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"python" in file.read()
    except OSError:
        return False
