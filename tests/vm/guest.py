"""What runs inside the machine: doctor, then the scenarios, one after the other. Writes lines to the file that it is given (a serial line), the
result as the last one: "result {...}".

The kernel's command line says which scenarios (scenarios=a,b; all by default) and with which address family (family=4; both by default).
"""

import json
import os
import subprocess
import sys

TCPWITNESS = "/usr/bin/tcpwitness"
PROBES, RESULTS, COUNTS = "/tmp/probes", "/tmp/results", "/tmp/counts"


def told(line):
    serial.write(line + "\n")
    serial.flush()


def from_command_line(key):
    with open("/proc/cmdline") as file:
        for word in file.read().split():
            if word.startswith(key + "="):
                return word.partition("=")[2]
    return ""


def run_lab():
    names = [name for name in from_command_line("scenarios").split(",") if name]
    family = from_command_line("family")
    words = ["--jobs", "1", "--patience", "2", "--probes", PROBES, "--results", RESULTS, "--counts", COUNTS]
    lab = subprocess.Popen(
        ["/usr/bin/python3", "/tests/lab/run", "--tcpwitness", TCPWITNESS, *words, *(("--family", family) if family else ()), *names],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    for line in lab.stdout:
        told(line.rstrip())
    lab.wait()
    with open(COUNTS) as file:
        return [int(count) for count in file.read().split()]


def probes():
    """What the recordings of all scenarios tell of each probe: its status, and how many records it made."""
    found = {}
    for one in lines_of(PROBES):
        if one["name"] == "packet":  # what a capture among the files tells of itself
            continue
        row = found.setdefault(one["name"], {"status": one["status"], "events": 0})
        row["events"] += one["events"]
    return found


def scenarios():
    """How each ended, by name and address family ("" where it has no two)."""
    found = {}
    for one in lines_of(RESULTS):
        found.setdefault(one["scenario"], {})[str(one["family"] or "")] = one["result"]
    return found


def lines_of(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def main():
    doctor = subprocess.run([TCPWITNESS, "doctor"], capture_output=True, text=True)
    for line in (doctor.stdout + doctor.stderr).splitlines():
        told("doctor: " + line)
    passed, failed, skipped = run_lab()
    passed, failed = passed + (doctor.returncode == 0), failed + (doctor.returncode != 0)
    result = {"kernel": os.uname().release, "counts": [passed, failed, skipped], "probes": probes(), "scenarios": scenarios()}
    told("result " + json.dumps(result))


with open(sys.argv[1], "w") as serial:
    main()
