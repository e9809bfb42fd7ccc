"""What tcpwitness makes of one file, whatever is in it: within a time and a memory that no small file may need."""

import json
import subprocess
from dataclasses import dataclass, field

SECONDS, KILOBYTES = 20, 1 << 20


@dataclass
class Reading:
    failure: str = ""           # broke down, took too long, or said more or less than one line
    refusal: str = ""           # the line that says why it reads nothing
    connections: dict = field(default_factory=dict)  # by first frame: what the report says under "wire"
    listed: dict = field(default_factory=dict)       # by first frame: its frames, and the marks of each


def read(tool, path):
    try:
        done = subprocess.run(["sh", "-c", f'ulimit -v {KILOBYTES}; ulimit -c 0; exec "$0" "$@"', tool, "report", str(path), "--format", "json"],
                              capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Reading(failure=f"took longer than {SECONDS} s")
    lines = done.stderr.decode(errors="replace").splitlines()
    if done.returncode not in (0, 1):
        return Reading(failure=f"exit code {done.returncode}: {lines[-1:]}")
    damage = all("damaged: " in line or "cut off" in line for line in lines)  # a file may have several kinds of it
    if len(lines) > 1 and not damage or done.returncode == 1 and not lines:
        return Reading(failure=f"exit code {done.returncode} with {len(lines)} lines: {lines[:3]}")
    reading = Reading(refusal=lines[0] if done.returncode == 1 else "")
    try:
        said = [json.loads(line) for line in done.stdout.splitlines()]
    except ValueError as error:
        return Reading(failure=f"no JSON: {error}")
    if any(one.get("tool") == "packet list" for one in said):
        return Reading(refusal="a text that tells packets: Wireshark reads none")
    first_frames = {}
    for one in said:
        if one["type"] == "connection" and "wire" in one:
            first_frames[one["id"]] = one["wire"]["first_frame"]
            reading.connections[one["wire"]["first_frame"]] = one["wire"]
            reading.listed[one["wire"]["first_frame"]] = {}
        elif one["type"] == "event" and "frame" in one and one.get("connection") in first_frames:
            reading.listed[first_frames[one["connection"]]][one["frame"]] = set(one.get("marks", "").split(",")) - {""}
    return reading
