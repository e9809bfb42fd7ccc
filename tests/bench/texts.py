"""The part of the benchmark about texts: how fast `report` reads a Windows trace's text in each form, and a SIP stack's log."""

import json
import os
import re
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "lab"))

from windows_forms import FORMS  # noqa: E402
from windows_text import Writer  # noqa: E402

BYTES, RATE = 200_000_000, 100  # of a text; MB/s of processor time
CASE_S = 8  # a case follows the one before after so long
PIDS = (700, 9000)


def write_windows(form_name, path):
    """One connect that times out, as an edge host tells it, again and again: later, from another port, by another process."""
    report = [json.loads(line) for line in open(TESTS / "golden/forged_reset.jsonl")]
    edge = [one for one in report if one.get("netns.name") == "edge"]
    form = FORMS[form_name]()
    connections = [one for one in edge if one["type"] == "connection"]
    events = sorted((one for one in edge if one["type"] == "event"), key=lambda one: one["id"])
    times = [int(event["time_unix_nano"]) for event in events]
    with open(path, "wb") as file:
        size = number = 0
        while size < BYTES:
            facts = [dict(one, **{"id": number % 50_000, "network.local.port": 1024 + number % 60_000, "process.pid": PIDS[0] + number % PIDS[1]}) for one in connections]
            for one, isn in zip(facts, (one.get("local_isn", 0) for one in connections)):
                one["local_isn"] = isn + number & 0xFFFFFFFF
            writer = Writer(form, facts)
            for event, at in zip(events, times):
                again = dict(event, time_unix_nano=at + number * CASE_S * 10**9)
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
