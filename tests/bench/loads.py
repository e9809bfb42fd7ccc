"""The parts of the benchmark beside churn: bulk transfer, small requests, idle connections, SYN floods.

Each measures its load untraced and under every mode of the recorder, interleaved, and gives medians of the rounds.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
BULK_SHARE, PING_P99, FLOOD_OFFERED = 0.97, 1.05, 200_000
IDLE_CONNECTIONS = 10_000
# What else the machine does changes a figure more than a recorder, but seldom within a second: so many times more rounds than asked for, each so much shorter.
RATE_FINER, BULK_FINER, PING_FINER = 4, 6, 6
CLIENT, SERVER, SPOOFED = "10.65.0.1", "10.65.0.2", "10.66.0.0/16"
CLIENT_MAC, SERVER_MAC = "02:66:00:00:00:01", "02:66:00:00:00:02"
OPEN_PORT, CLOSED_PORT = 5061, 9


def modes(bench, hosts):
    """Name of a mode -> options of record; None: no recorder. Segments and samples where this build has them."""
    known = subprocess.run([bench.tool, "record", "--help"], capture_output=True, text=True, check=True).stdout
    all_of = {"untraced": None, "default probes": []}
    if "--segments" in known and not bench.options.default_only:
        all_of["--segments"] = ["--segments", "--host", hosts]
        if "--sample" in known:
            all_of["all probes"] = ["--segments", "--sample", "1", "--host", hosts]
    return all_of


@contextmanager
def network():
    """Two namespaces on one cable, both ends' addresses known to each other; the client's is the way to the spoofed ones too."""
    names = [f"twbench-{os.getpid()}-{side}" for side in ("client", "server")]

    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "v0", "netns", names[0], "address", CLIENT_MAC, "type", "veth", "peer", "name", "v0", "netns", names[1], "address", SERVER_MAC)
        for name, own, other, mac in ((names[0], CLIENT, SERVER, SERVER_MAC), (names[1], SERVER, CLIENT, CLIENT_MAC)):
            ip("-n", name, "address", "add", f"{own}/24", "dev", "v0")
            ip("-n", name, "link", "set", "v0", "up")
            ip("-n", name, "neighbour", "add", other, "lladdr", mac, "dev", "v0", "nud", "permanent")
        ip("-n", names[1], "route", "add", SPOOFED, "via", CLIENT)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)


def processor_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def recorded(bench, options, load):
    """Runs `load`, a function that returns columns, with or without a recorder around it; adds what the recorder did meanwhile."""
    if options is None:
        return load()
    trace = bench.folder / "trace.pcapng"
    with bench.recorder(trace, options) as recorder:
        time.sleep(0.3)
        before, size, began = processor_seconds(recorder.pid), trace_size(recorder.pid), time.monotonic()
        columns = load()
        seconds = time.monotonic() - began
        columns["recorder"] = (processor_seconds(recorder.pid) - before) / seconds
        columns["trace"] = (trace_size(recorder.pid) - size) / seconds
        columns["memory"] = status_of(recorder.pid, "VmHWM")
    columns["events"], columns["lost"] = told_counts(recorder.said.read_text())
    columns["events"] /= seconds
    return columns


def trace_size(pid):
    """Bytes written to its files so far: a trace has no name before it is whole."""
    text = Path(f"/proc/{pid}/io").read_text()
    return int(text.split("wchar: ")[1].split()[0])


def status_of(pid, field):
    """A size of /proc/PID/status, in KiB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split(f"{field}:")[1].split()[0])


def told_counts(text):
    """(events, lost) from what record said at its end."""
    for line in text.splitlines():
        words = line.replace(",", "").split()
        if len(words) >= 4 and words[1] in ("event", "events") and words[3] == "lost":
            return int(words[0]), int(words[2])
    sys.exit(f"record did not say its counts: {text}")


def streams(bench, *words, seconds=None):
    done = subprocess.run([bench.program("streams"), *words, "--seconds", str(seconds or bench.options.seconds)], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def measure(bench, title, hosts, load, columns, finer=1):
    """All modes, interleaved, every other round backwards; `finer` times as many rounds as asked for. Prints a table of medians; returns them by
    mode, and what each round gave, in the same order for each mode."""
    runs = {name: [] for name in modes(bench, hosts)}
    rounds = bench.options.rounds * finer
    for number in range(rounds):
        for name, options in list(modes(bench, hosts).items())[:: -1 if number % 2 else 1]:
            print(f"\r{title}, round {number + 1} of {rounds}: {name:20}", end="", file=sys.stderr, flush=True)
            runs[name].append(recorded(bench, options, load))
    print("\r" + " " * 72 + "\r", end="", file=sys.stderr)
    medians = {
        name: {key: (max if key == "lost" else statistics.median)([run[key] for run in results]) for key in results[0]} for name, results in runs.items()
    }
    shown = {**columns, "events": ("events/s", "{:,.0f}"), "lost": ("lost", "{:,.0f}"), "recorder": ("recorder CPU", "{:.1%}"),
             "trace": ("trace B/s", "{:,.0f}"), "memory": ("peak KiB", "{:,.0f}")}
    print(f"{title:22}" + "".join(f"{heading:>15}" for heading, _ in shown.values()))
    for name, cells in medians.items():
        print(f"{name:22}" + "".join(f"{form.format(cells[key]) if key in cells else '':>15}" for key, (_, form) in shown.items()))
    return medians, runs


def pair_by_pair(title, recorded, untraced, key):
    """What recording made of a figure in each round, against what was measured untraced just before or after: prints it, and returns the median."""
    first, middle, third = statistics.quantiles([one[key] / other[key] for one, other in zip(recorded, untraced)], n=4)
    print(f"{title} recorded / untraced, pair by pair: median {middle:.3f}, half of them {first:.3f} to {third:.3f}")
    return middle


def verdict(good):
    return "reached" if good else "MISSED"


def part_bulk(bench):
    def load(*words):
        rate, processor = streams(bench, "--mode", "bulk", *words, seconds=bench.options.seconds / BULK_FINER)
        return {"rate": rate / 1e9, "processor": processor}

    columns = {"rate": ("GB/s", "{:.2f}"), "processor": ("CPU s/GB", "{:.3f}")}
    for title, runs in each_link(bench, load, columns, "bulk, 2 streams", BULK_FINER):
        pair_by_pair(f"{title}, CPU", runs["default probes"], runs["untraced"], "processor")
        share = pair_by_pair(f"{title}, rate", runs["default probes"], runs["untraced"], "rate")
        print(f"target: {title} with default probes >= {BULK_SHARE} of untraced: {share:.3f}, {verdict(share >= BULK_SHARE)}\n")


def part_ping(bench):
    def load(*words):
        rate, middle, last = streams(bench, "--mode", "ping", *words, seconds=bench.options.seconds / PING_FINER)
        return {"rate": rate, "median": middle, "p99": last}

    columns = {"rate": ("requests/s", "{:,.0f}"), "median": ("p50 us", "{:.1f}"), "p99": ("p99 us", "{:.1f}")}
    for title, runs in each_link(bench, load, columns, "ping-pong, 64 bytes", PING_FINER):
        pair_by_pair(f"{title}, p50", runs["default probes"], runs["untraced"], "median")
        times = pair_by_pair(f"{title}, p99", runs["default probes"], runs["untraced"], "p99")
        print(f"target: {title}, p99 with default probes <= {PING_P99} of untraced: {times:.3f}, {verdict(times <= PING_P99)}\n")


def each_link(bench, load, columns, title, finer):
    yield f"{title}, lo", measure(bench, f"{title}, lo", "127.0.0.0/8", load, columns, finer)[1]
    with network() as (client, server):
        words = ["--client-netns", client, "--server-netns", server, "--address", SERVER]
        yield f"{title}, veth", measure(bench, f"{title}, veth", "10.65.0.0/24", lambda: load(*words), columns, finer)[1]


def part_idle(bench):
    """What connections cost that do nothing."""
    holder = subprocess.Popen([sys.executable, HERE / "hold.py", str(IDLE_CONNECTIONS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n", "the connections could not be opened"

        def load():
            time.sleep(bench.options.seconds)
            return {}

        measure(bench, f"{IDLE_CONNECTIONS:,} idle", "127.0.0.0/8", load, {})
    finally:
        holder.communicate("")


def part_flood(bench):
    """A SYN flood against a port, and one connection that matters made in the middle of it: to another port, or to the same where it is open."""
    with network() as (client, server):
        for title, port in (("flood, closed port", CLOSED_PORT), ("flood, open port", OPEN_PORT)):
            one_flood(bench, title, client, server, port)


def one_flood(bench, title, client, server, port):
    words = ["--netns", client, "--device", "v0", "--mac", SERVER_MAC, "--target", SERVER, "--port", str(port)]
    words += ["--rate", str(bench.options.flood_rate), "--seconds", str(bench.options.seconds), "--threads", str(os.cpu_count())]

    def load():
        with visitor(client, server) as visit:
            answered = segments_sent(server)
            flood = subprocess.Popen([bench.program("flood"), *words], stdout=subprocess.PIPE, text=True)
            time.sleep(bench.options.seconds / 2)
            visit()
            offered = float(flood.communicate()[0])
            return {"offered": offered, "answered": (segments_sent(server) - answered) / bench.options.seconds}

    columns = {"offered": ("SYN/s offered", "{:,.0f}"), "answered": ("answers/s", "{:,.0f}")}
    medians, _ = measure(bench, title, "10.0.0.0/8", load, columns)
    if port == CLOSED_PORT:
        offered = medians["default probes"]["offered"]
        print(f"target: at least {FLOOD_OFFERED:,} SYN/s offered with default probes: {offered:,.0f}, {verdict(offered >= FLOOD_OFFERED)}")
    missing = incomplete(bench)
    print(f"target: {title}: the connection made meanwhile is complete: {'missing: ' + ', '.join(missing) + ', ' if missing else ''}{verdict(not missing)}\n")


@contextmanager
def visitor(client, server):
    """Yields a function that makes one connection from the one namespace to a listener in the other."""
    words = [sys.executable, HERE / "visit.py", client, server, SERVER, str(OPEN_PORT)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def visit():
            process.stdin.write("go\n")
            process.stdin.flush()
            assert process.stdout.readline() == "visited\n", "the connection in the flood's midst failed"

        assert process.stdout.readline() == "listening\n", "the listener could not be made"
        yield visit
        process.stdin.close()


def segments_sent(namespace):
    text = subprocess.run(["ip", "netns", "exec", namespace, "cat", "/proc/net/snmp"], capture_output=True, text=True, check=True).stdout
    names, values = [line.split() for line in text.splitlines() if line.startswith("Tcp:")]
    return int(values[names.index("OutSegs")])


def incomplete(bench):
    """What the last trace lacks of the connection to the open port: both ends, each from its first call to its end."""
    done = subprocess.run([bench.tool, "report", bench.folder / "trace.pcapng", "--port", str(OPEN_PORT), "--format", "json"], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(('{"type":"connection"', '{"type":"event"'))]
    missing = []
    for role, call in (("client", "connect"), ("server", "accept")):
        ends = [line for line in lines if line["type"] == "connection" and line["role"] == role and line.get("established_time")]
        if len(ends) != 1:
            missing.append(f"the {role}'s end")
            continue
        events = [line for line in lines if line["type"] == "event" and line.get("connection") == ends[0]["id"]]
        wanted = {
            f"{call}()": any(event["kind"] == "call" and event["call"] == call and event["phase"] == "exit" for event in events),
            "ESTABLISHED": any(event["kind"] == "state" and event["to"] == "ESTABLISHED" for event in events),
            "the handshake's packets": sum(event["kind"] == "packet" and "SYN" in event["flags"] for event in events) >= 2,
            "the FINs": sum(event["kind"] == "packet" and "FIN" in event["flags"] for event in events) == 2,
            "its end": any(event["kind"] == "destroy" for event in events) or ends[0]["ending"] == "closed",
        }
        missing += [f"{what} of the {role}" for what, there in wanted.items() if not there]
    return missing
