"""A flood of SYNs to one port, as IPv4 packets with checksums and all, what the kernel says came of it, and what every flood's trace must be."""

import os
import socket
import struct

import traffic
from namespaces import command


SYN, ACK = 0x02, 0x10


def syns(sources, destination, port, count, first=0, flags=SYN, ack=0):
    """`count` packets, whose sources take turns and whose source ports run through; from the `first` on. With other `flags`: what the same
    sources may send next."""
    target = socket.inet_aton(destination)
    for number in range(first, first + count):
        ends = socket.inet_aton(sources[number % len(sources)]) + target
        segment = struct.pack("!HHIIBBHHH", 1024 + number % 60_000, port, number, ack, 5 << 4, flags, 1024, 0, 0)
        words = struct.unpack("!16H", ends + struct.pack("!HH", socket.IPPROTO_TCP, len(segment)) + segment)
        total = sum(words)
        total = (total & 0xFFFF) + (total >> 16)
        checksum = ~(total + (total >> 16)) & 0xFFFF
        header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, socket.IPPROTO_TCP, 0) + ends
        yield header + segment[:16] + struct.pack("!H", checksum) + segment[18:]


def send(packets, destination):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for packet in packets:
            raw.sendto(packet, (destination, 0))


def resets_sent():
    with open("/proc/thread-self/net/snmp") as file:
        names, values = [line.split() for line in file if line.startswith("Tcp:")]
    return int(values[names.index("OutRsts")])


def recorded_and_counted(report, kind, what):
    """How many events without a socket of one kind were recorded one by one, and how many were only counted."""
    recorded = sum(event["kind"] == kind and not event["has_socket"] for event in report.of("event"))
    counted = sum(event["count"] for event in report.of("event") if event["kind"] == "repeats" and event["what"] == what)
    return recorded, counted


def answer(listener, times=1):
    """The service that matters: takes connections, one after the other, and sends back what each says."""
    for _ in range(times):
        connection, _ = listener.accept()
        connection.sendall(connection.recv(5))
        connection.recv(1)
        connection.close()


def ask(address, port, times=1):
    """Its client: says hello and wants to hear it back."""
    for _ in range(times):
        connection = traffic.connect(address, port)
        connection.sendall(b"hello")
        assert traffic.receive(connection, 5) == b"hello"
        connection.close()


def around_connections(lab, client, server, watched, port, count, connections):
    """Records the `watched` hosts while the port is flooded, from a network that is not there and from the client's own address in turns, and
    the client makes real connections to it in the midst. Returns the recorder, and what the last of the watched hosts counted."""
    client.sysctl(ip_local_port_range="61100 65000")  # not those of the flood, which comes from its address too
    server.sysctl(tcp_synack_retries=0)  # else some are sent again while the recorder ends
    target = lab.address(server)
    sources = [source for number in range(100) for source in (f"10.99.{number}.{number + 1}", lab.address(client))]

    def frontend():
        listener = traffic.listen(port, lab.family)
        yield
        answer(listener, connections)
        yield

    def flooding():
        yield
        send(syns(sources, target, port, count // 3), target)
        yield  # the flood is under way
        send(syns(sources, target, port, count - count // 3, first=count // 3), target)

    program, flooder = server.start(frontend), client.start(flooding)
    with lab.record(*watched) as recorder:
        flooder.step()
        program.go()
        flooder.go()
        client.run(ask, target, port, connections, name="asking")
        program.await_step()
        flooder.await_step()
        return recorder, passed(watched[-1])


# For nft: what comes in and goes out, counted where the packets are seen by the recorder too.
COUNTERS = """
    table inet flood {
      counter SYN { }
      counter RST { }
      counter SYN-ACK { }
      chain in {
        type filter hook prerouting priority -300;
        tcp flags & (syn | ack) == syn counter name SYN
        tcp flags & rst == rst counter name RST
      }
      chain out {
        type filter hook output priority -300;
        tcp flags & (syn | ack) == (syn | ack) counter name SYN-ACK
      }
    }
"""


def passed(host):
    """Packets by name of counter, as the kernel of `host` has counted them."""
    words = command("ip", "netns", "exec", host.name, "nft", "list", "counters").split()
    return {words[at + 1]: int(words[at + 4]) for at, word in enumerate(words) if word == "counter"}


def assert_all_told(lab, host, flags, direction, what, port, passed):
    """Packets of one kind at one port of one host: what was recorded and what was only counted are together what its kernel says."""
    witness = next(witness["id"] for witness in lab.report.of("witness") if witness["netns.inode"] == host.inum)
    events = [event for event in lab.report.of("event") if event["witness"] == witness and event.get("network.local.port") == port]
    recorded = sum(event["kind"] == "packet" and event["flags"] == flags and event["direction"] == direction for event in events)
    counted = sum(event["count"] for event in events if event["kind"] == "repeats" and event["what"] == what)
    assert recorded + counted == passed and counted, f"{recorded} {flags} recorded and {counted} counted, but {passed} passed"


def assert_bounded(lab, recorder):
    """Nothing was lost, and the disk is not full."""
    assert ", 0 lost" in recorder.text, recorder.text
    size = os.path.getsize(lab.trace)
    assert size < 8_000_000, f"{size} bytes for a flood"


def assert_complete(lab, host, role, count=1):
    """So many connections of that host are in the trace with all that belongs to them."""
    report = lab.report
    ends = [end for end in lab.connections(host, role) if end.get("established_time")]
    assert len(ends) == count, f"{len(ends)} connections of {count}"
    events = {end["id"]: [] for end in ends}
    for event in report.of("event"):
        if event.get("connection") in events:
            events[event["connection"]].append(event)
    for each in events.values():
        flags = [event["flags"] for event in each if event["kind"] == "packet"]
        assert {"SYN", "SYN-ACK", "FIN-ACK"} <= set(flags), flags
        assert "ESTABLISHED" in [event["to"] for event in each if event["kind"] == "state"], each
        assert {"call", "destroy"} <= {event["kind"] for event in each}, each
