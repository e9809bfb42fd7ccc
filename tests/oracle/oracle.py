#!/usr/bin/env python3
"""oracle.py TCPWITNESS MAKE_CAPTURE: sessions, their states and their retransmissions, by tcpwitness and by tshark.

Every disagreement must be one that EXPLAINED tells, and each of those must still be there.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.dont_write_bytecode = True
import captures  # noqa: E402
from conn_state import ACK, SYN, zeek_state  # noqa: E402

FIELDS = ["tcp.stream", "tcp.flags", "ip.src", "tcp.srcport", "tcp.len", "tcp.completeness", "tcp.analysis.retransmission", "tcp.analysis.out_of_order",
          "tcp.analysis.keep_alive"]

# (capture, what) -> (tshark's, ours, why ours)
EXPLAINED = {
    ("closed_window", "keepalives"): (3, 0, "Wireshark takes probes of a closed window for keepalives"),
}


def by_tshark(path):
    words = ["tshark", "-n", "-2", "-r", path,  # twice: completeness holds the whole session then
              "-Y", "tcp", "-T", "fields", "-E", "separator=,"]
    for field in FIELDS:
        words += ["-e", field]
    streams = defaultdict(lambda: {"packets": [], "completeness": 0, "retransmitted": 0, "out of order": 0, "keepalives": 0})
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        stream, flags, source, port, _, completeness, again, late, keepalive = line.split(",")
        one = streams[int(stream)]
        if not one["packets"]:
            only_answers = int(flags, 16) & (SYN | ACK) == SYN | ACK or int(port) < 1024
            one["client"] = None if only_answers else (source, port)
        one["packets"].append((int(flags, 16), (source, port) == one["client"] if one["client"] else int(port) >= 1024))
        one["completeness"] = int(completeness)
        one["retransmitted"] += bool(again)
        one["out of order"] += bool(late)
        one["keepalives"] += bool(keepalive)
    for one in streams.values():
        one["state"] = zeek_state(one["packets"])
    return streams


def by_tcpwitness(tool, path):
    said = subprocess.run([tool, "report", path, "--format", "json"], capture_output=True, text=True, check=True).stdout
    streams = {}
    for line in said.splitlines():
        one = json.loads(line)
        if one["type"] != "connection":
            continue
        wire = one["wire"]
        ends = wire["client"], wire["server"]
        streams[wire["stream"]] = {"state": wire["conn_state"], "completeness": wire["completeness"],
                                   "retransmitted": sum(end["retransmitted"] for end in ends), "out of order": sum(end["out_of_order"] for end in ends),
                                   "keepalives": sum(end["keepalives"] for end in ends)}
    return streams


def compare(name, theirs, ours):
    """Yields (what, theirs, ours) where they differ. Where they count sessions differently there is nothing more to compare."""
    if len(theirs) != len(ours):
        yield "sessions", len(theirs), len(ours)
        return
    for stream, one in theirs.items():
        other = ours.get(stream)
        if other is None:
            yield f"stream {stream}", "there", "missing"
            continue
        for what in ("state", "completeness", "retransmitted", "out of order", "keepalives"):
            if one[what] != other[what]:
                yield what, one[what], other[what]


def main(tool, make_capture):
    failed, explained = 0, set()
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for script in captures.HAND_MADE:
            files[script.__name__] = str(Path(folder) / f"{script.__name__}.pcap")
            captures.make(script, files[script.__name__])
        files["churn and bulk"] = str(Path(folder) / "made.pcap")
        subprocess.run([make_capture, files["churn and bulk"], "30000"], check=True)
        loopback = str(Path(folder) / "loopback.pcap")
        if captures.record_loopback(loopback):
            files["loopback"] = loopback
        else:
            print("nobody may capture on lo here: that part is left out")
        for name, path in files.items():
            theirs, ours = by_tshark(path), by_tcpwitness(tool, path)
            differences = list(compare(name, theirs, ours))
            for what, one, other in differences:
                known = EXPLAINED.get((name, what))
                if known and known[:2] == (one, other):
                    explained.add((name, what))
                    continue
                failed += 1
                print(f"{name}: {what}: tshark {one}, tcpwitness {other}")
            print(f"{name}: {len(ours)} sessions, {sum(one['retransmitted'] for one in ours.values())} sent again, {len(differences)} differences")
    for gone in EXPLAINED.keys() - explained:
        failed += 1
        print(f"{gone}: explained, but there is no such difference any more")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
