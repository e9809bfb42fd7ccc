#!/usr/bin/env python3
"""others.py TCPWITNESS CACHE [PACKAGE...]: captures that others made, read by tcpwitness and by Wireshark.

Every file must be read or refused in one line, within a time and a memory; every session must be what Wireshark and its packets' flags say it is,
or differ for a reason that explanations.py can show in the packets. The captures come out of Debian's source packages, and stay in CACHE; so do
Wireshark's answers.
"""

import shutil
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
import comparison  # noqa: E402
import public_captures  # noqa: E402
import reader  # noqa: E402
import segments  # noqa: E402
import sharkd  # noqa: E402

WORKERS = 2


def judge(tool, path, answers):
    """The reading, Wireshark's streams (None: not compared), and the differences."""
    reading = reader.read(tool, path)
    frames = None if reading.failure or reading.refusal else answers.frames(path)
    if frames is None:
        return reading, None, []
    streams = segments.streams(frames)
    return reading, streams, comparison.differences(streams, reading)


def main(tool, cache, packages):
    for needed in ("sharkd", "tshark"):
        if not shutil.which(needed):
            print(f"skipped: {needed} is not installed")
            return 77
    folders, why_not = public_captures.fetch(packages, cache)
    if not folders:
        print(f"skipped: no public captures can be had here: {'; '.join(why_not)}")
        return 77
    for why in why_not:
        print(f"left out: {why}")
    files = [one for folder in folders for one in sorted(folder.iterdir()) if one.is_file()]
    answers = sharkd.Answers(cache / "answers")
    failed, rules, count = 0, Counter(), Counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        for path, (reading, streams, found) in zip(files, pool.map(lambda path: judge(tool, path, answers), files)):
            complaints = [reading.failure] if reading.failure else [one.what for one in found if not one.rule]
            for complaint in complaints:
                print(f"{path.parent.name}/{path.name}: {complaint}")
            failed += len(complaints)
            rules.update(one.rule for one in found if one.rule)
            count.update(refused=bool(reading.refusal), unknown=streams is None and not reading.refusal, tcp=bool(streams),
                         streams=len(streams or ()),
                         resent=sum(wire[end]["retransmitted"] for wire in reading.connections.values() for end in ("client", "server")))
    answers.close()
    print(f"{len(files)} files: {count['refused']} refused, {count['unknown']} that Wireshark does not read, {count['tcp']} with TCP")
    print(f"{count['streams']} streams, {count['resent']} packets sent again, {rules.total()} differences, all explained but {failed}:")
    for rule, times in rules.most_common():
        print(f"  {rule}: {times}")
    if not count["streams"]:
        print("nothing was compared")
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:] or public_captures.USUAL))
