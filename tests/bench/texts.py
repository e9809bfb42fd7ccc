"""The part of the benchmark about texts: how fast `report` reads a Windows trace's text in each form, and a SIP stack's log."""

import json
import os
import re
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path

from windows_forms import FORMS
from windows_text import Writer

TESTS = Path(__file__).resolve().parent.parent
BYTES, RATE = 200_000_000, 100  # of a text; MB/s of processor time
FAILS_ONE_OF = 10
CASE_S = 8  # a case follows the one before after so long
PIDS = (700, 9000)


def healthy(events):
    """The beginning of the same connect, which then comes through and is closed by the peer after a second."""
    begun = [event for event in events if event["kind"] == "packet"][0]
    start = [event for event in events if event["id"] <= begun["id"]]
    last = int(begun["time_unix_nano"])

    def later(us, kind, **more):
        return dict(begun, kind=kind, time_unix_nano=last + us * 1000, **more)

    def state(us, before, after):
        return later(us, "state", **{"from": before, "to": after})

    connect = dict(start[0], phase="exit", time_unix_nano=last + 240_000)
    return start + [later(200, "packet", direction="in", flags="SYN-ACK", ack=begun["seq"] + 1), state(210, "SYN_SENT", "ESTABLISHED"),
                    later(220, "packet", direction="out", flags="ACK"), connect, later(230, "timer", timer="rto", what="armed", timeout_ms=300),
                    later(1_000_000, "packet", direction="in", flags="FIN-ACK"), state(1_000_010, "ESTABLISHED", "CLOSE_WAIT"),
                    later(1_000_200, "packet", direction="out", flags="FIN-ACK"), state(1_000_210, "CLOSE_WAIT", "LAST_ACK"),
                    later(1_000_400, "packet", direction="in", flags="ACK"), state(1_000_410, "LAST_ACK", "CLOSE"), later(1_000_420, "destroy")]


def write_windows(form_name, path):
    """Connects as an edge host tells them, again and again: later, from another port, by another process. One of ten times out."""
    report = [json.loads(line) for line in open(TESTS / "golden/forged_reset.jsonl")]
    edge = [one for one in report if one.get("netns.name") == "edge"]
    form = FORMS[form_name]()
    connections = [one for one in edge if one["type"] == "connection"]
    events = sorted((one for one in edge if one["type"] == "event"), key=lambda one: one["id"])
    kinds = [healthy(events)] * (FAILS_ONE_OF - 1) + [events]
    with open(path, "wb") as file:
        size = number = 0
        while size < BYTES:
            facts = [dict(one, **{"id": number % 50_000, "network.local.port": 1024 + number % 60_000, "process.pid": PIDS[0] + number % PIDS[1]}) for one in connections]
            for one, isn in zip(facts, (one.get("local_isn", 0) for one in connections)):
                one["local_isn"] = isn + number & 0xFFFFFFFF
            writer = Writer(form, facts)
            for event in kinds[number % FAILS_ONE_OF]:
                again = dict(event, time_unix_nano=int(event["time_unix_nano"]) + number * CASE_S * 10**9)
                if "connection" in event:
                    again["connection"] = facts[0]["id"]
                if event["kind"] == "packet":
                    again["seq"] = event["seq"] + number & 0xFFFFFFFF
                for side in ("local", "peer"):
                    if event.get(f"network.{side}.port") == connections[0]["network.local.port"]:
                        again[f"network.{side}.port"] = facts[0]["network.local.port"]
                writer.write(again)
            number += 1
            if number % 500 == 0:
                size += flush(form, file, size == 0)


def flush(form, file, first):
    """What the form has gathered; only a file's beginning has a byte order mark."""
    data = form.bytes()
    form.lines.clear()
    return file.write(data if first or form.encoding != "utf-16" else data[2:])


def write_sip(path):
    """The records of tests/samples, later each time and of another call."""
    sample = (TESTS / "samples/sip_records.txt").read_text()
    pieces = re.split(r"(\d\d/\d\d/\d{4}-\d\d:\d\d:\d\d)", sample)
    stamps = [datetime.strptime(piece, "%m/%d/%Y-%H:%M:%S").replace(tzinfo=timezone.utc).timestamp() for piece in pieces[1::2]]
    with open(path, "w") as file:
        size = number = 0
        while size < BYTES:
            for i, stamp in enumerate(stamps):
                pieces[2 * i + 1] = datetime.fromtimestamp(stamp + number // 20, timezone.utc).strftime("%m/%d/%Y-%H:%M:%S")
            size += file.write("".join(pieces).replace("017b06f397b14886", f"{number:016x}"))
            number += 1


def processor_seconds(words):
    """Of the program itself, in its own code: others may be at work on the machine."""
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begin = time.monotonic()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: exit code {process.returncode}")
    return usage.ru_utime, time.monotonic() - begin, usage.ru_maxrss * 1024


def part_text(bench):
    kinds = {f"Windows text, {name}": (lambda path, name=name: write_windows(name, path)) for name in ("monitor", "netsh", "pktmon")}
    kinds["SIP log"] = write_sip
    print(f"{'':28}{'size':>9}{'user':>9}{'time':>9}{'MB/s':>9}{'peak RSS':>13}")
    rates = {}
    for name, write in kinds.items():
        path = bench.folder / "text"
        write(path)
        size = path.stat().st_size / 1e6
        path.read_bytes()  # into the page cache
        user, seconds, memory = min(processor_seconds([bench.tool, "report", path, "--findings-only"]) for _ in range(max(bench.options.rounds // 2, 1)))
        rates[name] = size / user
        print(f"{name:28}{size:6.0f} MB{user:7.2f} s{seconds:7.2f} s{size / user:9.0f}{memory / 2**20:9,.0f} MiB")
        path.unlink()
    least = min(rate for name, rate in rates.items() if name.startswith("Windows"))
    print(f"target: Windows text >= {RATE} MB/s of user time, read, correlated and judged: {bench.verdict(least >= RATE)}")
