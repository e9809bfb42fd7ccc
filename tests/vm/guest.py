"""What runs inside the machine: doctor, then the scenarios. Writes lines to the file that it is given (a serial line), the result
as the last one: "result {...}".

The kernel's command line says which scenarios (scenarios=a,b; all by default), with which address family (family=4), and for
how long (budget=480).
"""

import json
import os
import subprocess
import sys

TCPWITNESS = "/usr/bin/tcpwitness"


def told(line):
    serial.write(line + "\n")
    serial.flush()


def from_command_line(key):
    with open("/proc/cmdline") as file:
        for word in file.read().split():
            if word.startswith(key + "="):
                return word.partition("=")[2]
    return ""


def run_lab(names):
    lab = subprocess.Popen(
        ["/usr/bin/python3", "/tests/lab/run", "--tcpwitness", TCPWITNESS, "--counts", "/tmp/counts", "--probes", "/tmp/probes"]
        + ["--jobs", from_command_line("jobs") or "4", "--patience", "6"]
        + [word for key in ("family", "budget") if from_command_line(key) for word in (f"--{key}", from_command_line(key))] + names,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    for line in lab.stdout:
        told(line.rstrip())
    lab.wait()
    with open("/tmp/counts") as file:
        return [int(count) for count in file.read().split()]


def probes():
    """What the recordings of all scenarios tell of each probe: its status, and how many records it made."""
    found = {}
    with open("/tmp/probes") as file:
        for line in file:
            one = json.loads(line)
            row = found.setdefault(one["name"], {"status": one["status"], "events": 0})
            row["events"] += one["events"]
    return found


def main():
    doctor = subprocess.run([TCPWITNESS, "doctor"], capture_output=True, text=True)
    for line in (doctor.stdout + doctor.stderr).splitlines():
        told("doctor: " + line)
    names = [name for name in from_command_line("scenarios").split(",") if name]
    passed, failed, skipped = run_lab(names)
    passed, failed = passed + (doctor.returncode == 0), failed + (doctor.returncode != 0)
    told("result " + json.dumps({"kernel": os.uname().release, "counts": [passed, failed, skipped], "probes": probes()}))


with open(sys.argv[1], "w") as serial:
    main()
