"""One host tries 60 ports of another, by connect() and with raw SYNs as `nmap -sS` does. That is one line, not 60 findings, from either end.

Near miss: a client on the scanner's host asks one closed port three times meanwhile. Its refusals are a finding of their own.
"""

import socket
import struct
import time

import traffic

LIMIT = 120
PORTS = range(6000, 6060)


def scenario(lab):
    scanner, victim = lab.pair("scanner", "victim")

    def frontend():
        listener = traffic.listen(6010, lab.family)
        yield
        connection, _ = listener.accept()
        traffic.error_of(connection.recv, 1)
        connection.close()
        yield

    def connecting():
        for port in PORTS:
            connection = socket.socket(traffic.KIND[lab.family], socket.SOCK_STREAM)
            connection.connect_ex((lab.address(victim), port))
            traffic.close_with_reset(connection)

    def raw():
        sender = socket.socket(traffic.KIND[lab.family], socket.SOCK_RAW, socket.IPPROTO_TCP)
        source = socket.inet_pton(traffic.KIND[lab.family], lab.address(scanner))
        target = socket.inet_pton(traffic.KIND[lab.family], lab.address(victim))
        for port in PORTS:
            head = struct.pack("!HHIIBBHHH", 50000, port, 4711 + port, 0, 5 << 4, 2, 1024, 0, 0)
            pseudo = source + target + (struct.pack("!BBH", 0, 6, len(head)) if lab.family == 4 else struct.pack("!II", len(head), 6))
            total = sum(struct.unpack(f"!{(len(pseudo) + len(head)) // 2}H", pseudo + head))
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            head = head[:16] + struct.pack("!H", ~total & 0xFFFF) + head[18:]
            sender.sendto(head, (lab.address(victim), 0))
        time.sleep(0.3)

    def application():
        for _ in range(3):
            assert traffic.connect_error(lab.address(victim), 7000)
            time.sleep(0.1)

    program = victim.start(frontend)
    for witnesses in ((scanner, victim), (victim,), (scanner,)):
        for how in (connecting, raw):
            if how is connecting:
                program = program if not program.finished else victim.start(frontend)
            with lab.record(*witnesses):
                if how is connecting:
                    program.go()
                honest = scanner.begin(application) if how is connecting and scanner in witnesses else None
                scanner.run(how)
                if honest:
                    honest.await_step()
                if how is connecting:
                    program.await_step()
                    program.kill()
            found = lab.read_report().findings
            told = [finding["headline"] for finding in found]
            assert len(found) == bool(honest), f"{how.__name__} seen by {len(witnesses)}: {told[:5]}"
            assert not honest or (found[0]["rule"], found[0]["count"]) == ("connect-refused", 3) and "application[" in told[0], found
            benign = lab.report.of("benign")
            if how is connecting or victim in witnesses:
                assert benign and benign[0]["pattern"] == "scan" and len(benign) <= 2, f"{how.__name__} seen by {len(witnesses)}: {benign}"
