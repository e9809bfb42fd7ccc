"""Databases, caches and brokers for the cases db_*: how each is started, and what their clients say on the wire."""

import glob
import os
import socket
import struct
import subprocess
import time

import programs
import settings
import traffic
from processes import enter_namespace


def await_true(condition, seconds=15, what="condition"):
    """Waits until condition() holds; raises when it does not in time."""
    limit = time.monotonic() + seconds * settings.patience
    while not condition():
        if time.monotonic() > limit:
            raise RuntimeError(f"timed out: {what}")
        time.sleep(0.05)


def sockets(host, *filters):
    """What `ss` lists on a host, a line each."""
    done = subprocess.run(["ss", "-Htn", *filters], capture_output=True, text=True, preexec_fn=lambda: enter_namespace(host.path))
    return [line for line in done.stdout.splitlines() if line.strip()]


def log_of(lab, name):
    try:
        with open(lab.file(f"{name}.log")) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def touch(path):
    with open(path, "w"):
        pass


# Redis.


def start_redis(lab, host, *options, port=6379, name="redis"):
    """A redis-server that keeps nothing; options like "--timeout", "1"."""
    folder = lab.file(f"{name}-data")
    os.makedirs(folder, exist_ok=True)
    fixed = ("--port", str(port), "--protected-mode", "no", "--save", "", "--appendonly", "no", "--dir", folder, "--loglevel", "verbose")
    return programs.start(lab, host, "redis-server", *fixed, *options, listens=port or None, name=name)


def redis_ask(connection, *words):
    """Sends one command and returns the first bytes of the answer."""
    redis_send(connection, *words)
    return connection.recv(65536)


def redis_send(connection, *words):
    data = b"*%d\r\n" % len(words)
    for word in words:
        word = word.encode() if isinstance(word, str) else word
        data += b"$%d\r\n%s\r\n" % (len(word), word)
    connection.sendall(data)


# PostgreSQL.


def postgres_program(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else name


def start_postgres(lab, host, *settings_):
    """A fresh cluster of its own that trusts everybody; settings like "max_connections=3". The server's Popen."""
    os.chmod(lab.folder, 0o755)
    folder = lab.file("pgdata")
    made = programs.run(lab, host, "install", "-d", "-o", "postgres", folder)
    assert made.returncode == 0, made.stderr
    made = programs.run(lab, host, postgres_program("initdb"), "-D", folder, "-A", "trust", "-N", "--no-instructions", user="postgres")
    assert made.returncode == 0, made.stderr
    with open(os.path.join(folder, "pg_hba.conf"), "a") as file:
        file.write("host all all 0.0.0.0/0 trust\nhost all all ::/0 trust\nhost replication all 0.0.0.0/0 trust\nhost replication all ::/0 trust\n")
    words = ["-D", folder, "-k", "", "-h", "*", "-c", "fsync=off"]
    for setting in settings_:
        words += ["-c", setting]
    server = programs.start(lab, host, postgres_program("postgres"), *words, listens=5432, user="postgres", name="postgres", wait=30)
    await_true(lambda: "ready to accept connections" in log_of(lab, "postgres"), 30, "postgres is ready")
    return server


def psql(lab, host, server, *words, options="", **more):
    """psql to its end; `options` are further words of the connection string."""
    return programs.run(lab, host, *psql_words(lab, server, options), *words, **more)


def psql_words(lab, server, options=""):
    return "psql", "-X", "-A", "-t", f"host={lab.address(server)} user=postgres dbname=postgres gssencmode=disable {options}"


# MariaDB.


def start_mariadb(lab, host, *options, before=()):
    """A fresh MariaDB whose root has no password; `before`: a command that starts it."""
    folder = lab.file("mydata")
    temporary = lab.file("mytmp")  # of its own: a starting server removes the temporary tables of others in a shared one
    for name in (folder, temporary):
        os.makedirs(name, exist_ok=True)
    small = ("--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M", f"--tmpdir={temporary}")
    made = programs.run(
        lab, host, "mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={folder}", "--auth-root-authentication-method=normal",
        "--skip-test-db", *small, timeout=90,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    grant = programs.write(lab, "grant.sql", "CREATE USER IF NOT EXISTS app@'%';\nGRANT ALL ON *.* TO app@'%';\n")
    fixed = ("--no-defaults", "--user=root", f"--datadir={folder}", f"--socket={lab.file('my.sock')}", f"--pid-file={lab.file('my.pid')}", f"--init-file={grant}")
    return programs.start(lab, host, *before, "mariadbd", *fixed, *small, "--bind-address=*", *options, listens=3306, name="mariadb", wait=60)


def mariadb_login(address, user="app", port=3306):
    """A connection logged in as a user without a password, as a driver does it."""
    connection = traffic.connect(address, port)
    mariadb_packet(connection)
    flags = 0x00000001 | 0x00000200 | 0x00002000 | 0x00008000 | 0x00080000  # long password, 4.1, transactions, secure connection, plugin auth
    answer = struct.pack("<IIB23x", flags, 1 << 24, 45) + user.encode() + b"\0" + b"\0" + b"mysql_native_password\0"
    connection.sendall(struct.pack("<I", len(answer) | 1 << 24) + answer)
    answer = mariadb_packet(connection)
    if answer[:1] == b"\xfe":  # it asks to switch to the plugin that we named; without a password the answer is empty
        connection.sendall(struct.pack("<I", 3 << 24))
        answer = mariadb_packet(connection)
    assert answer[:1] == b"\0", answer
    return connection


def mariadb_query(connection, text):
    data = b"\x03" + text.encode()
    connection.sendall(struct.pack("<I", len(data)) + data)


def mariadb_packet(connection):
    head = traffic.receive(connection, 4)
    if len(head) < 4:
        return b""
    return traffic.receive(connection, struct.unpack("<I", head)[0] & 0xFFFFFF)


# A balancer in the middle that ends idle flows itself.

ETHERTYPES = {4: 0x0800, 6: 0x86DD}
FIN, SYN, RST, ACK = 1, 2, 4, 16


def reset_idle_flow(devices, port, idle):
    """Watches what leaves on these devices; once the one flow of this port is idle for so long, resets each side in the other's name.

    A program of the host in the middle: the first yield is when it watches, the second when the RSTs are out.
    """
    watching = {}
    for device in devices:
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        tap.bind((device, 0))
        tap.settimeout(0.1)
        watching[device] = tap
    yield
    last, seen = {}, None
    while seen is None or time.monotonic() - seen < idle:
        for device, tap in watching.items():
            try:
                frame, address = tap.recvfrom(65536)
            except TimeoutError:
                continue
            segment = _tcp_of(frame) if address[2] == socket.PACKET_OUTGOING else None
            if segment and port in segment["ports"]:
                last[device] = (frame, segment["next"])
                seen = time.monotonic()
    for device, (frame, number) in last.items():
        watching[device].send(_reset_like(frame, number))
    yield
    for tap in watching.values():
        tap.close()


def _tcp_of(frame):
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == ETHERTYPES[4] and frame[23] == 6:
        start, size = 14 + (frame[14] & 15) * 4, struct.unpack("!H", frame[16:18])[0] - (frame[14] & 15) * 4
    elif kind == ETHERTYPES[6] and frame[20] == 6:
        start, size = 54, struct.unpack("!H", frame[18:20])[0]
    else:
        return None
    tcp = frame[start:]
    flags = tcp[13]
    data = size - (tcp[12] >> 4) * 4 + bool(flags & SYN) + bool(flags & FIN)
    return {"ports": struct.unpack("!HH", tcp[:4]), "next": (struct.unpack("!I", tcp[4:8])[0] + data) % (1 << 32)}


def _sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _reset_like(frame, number):
    """A bare RST with the addresses and ports of this frame."""
    old = frame[34 if frame[12:14] == b"\x08\x00" else 54 :]
    if frame[12:14] == b"\x08\x00":
        old = frame[14 + (frame[14] & 15) * 4 :]
        addresses = frame[26:34]
        head = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0x4000, 128, 6, 0) + addresses
        head = head[:10] + struct.pack("!H", _sum(head)) + head[12:]
        pseudo = addresses + struct.pack("!BBH", 0, 6, 20)
    else:
        addresses = frame[22:54]
        head = struct.pack("!IHBB", 0x60000000, 20, 6, 128) + addresses
        pseudo = addresses + struct.pack("!IHBB", 20, 0, 0, 6)
    tcp = old[:4] + struct.pack("!IIBBHHH", number, 0, 0x50, RST, 0, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", _sum(pseudo + tcp)) + tcp[18:]
    return frame[:14] + head + tcp
