#!/usr/bin/env python3
"""Writes a trace again as if another host had made it: with another boot id, a clock that is off and drifts, and with records missing.

    tests/lab/other_host.py fe.pcapng fe-elsewhere.pcapng --shift -13.99 --drift 40 --drop 30
"""

import argparse
import random
import re
import struct

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
USER0 = 147
CALL, GAP, META, QUEUE, REPEATS = 1, 13, 14, 19, 24
HEAD = 40
TIMES_IN_BODY = {CALL: (0,), GAP: (0, 8), QUEUE: (0,), REPEATS: (0, 8)}  # offsets of boot-clock times (bpf/records.h)
KIND = 32  # offset in the head


def blocks(data):
    at = 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, bytearray(data[at : at + length])
        at += length


class Clock:
    """Times of the other host: boot-clock times drift from the first on; wall times are off besides."""

    def __init__(self, shift_s, drift_ppm, boot_to_wall):
        self.shift, self.drift, self.boot_to_wall, self.begin = round(shift_s * 1e9), drift_ppm, boot_to_wall, None

    def boot(self, time_ns):
        if time_ns == 0:
            return 0
        if self.begin is None:
            self.begin = time_ns
        return time_ns + round((time_ns - self.begin) * self.drift / 1e6)

    def wall(self, time_ns):
        return self.boot(time_ns - self.boot_to_wall) + self.boot_to_wall + self.shift


def rewrite(data, shift_s=0.0, drift_ppm=0.0, drop_percent=0, seed=1, boot=0xABCDEF):
    chance = random.Random(seed)
    boot_to_wall = int(re.search(rb"clock\.boot_to_wall_ns=(\d+)", data)[1])
    clock = Clock(shift_s, drift_ppm, boot_to_wall)
    boot_id = re.search(rb"boot_id=([0-9a-f-]{36})", data)[1]
    elsewhere = boot_id[:-12] + b"%012x" % (int(boot_id[-12:], 16) ^ boot)
    shifted = b"%d" % (boot_to_wall + clock.shift)
    assert len(shifted) == len(b"%d" % boot_to_wall), "the shifted wall clock has another number of digits"
    out, links = [], []
    for kind, block in blocks(data):
        if kind == INTERFACE:
            links.append(struct.unpack_from("<H", block, 8)[0])
        if kind == PACKET:
            interface, high, low = struct.unpack_from("<III", block, 8)
            record = links[interface] == USER0
            body = 28
            what = block[body + KIND] if record else None
            if what != META and chance.random() * 100 < drop_percent:
                continue
            wall = clock.wall(high << 32 | low)
            struct.pack_into("<II", block, 12, wall >> 32, wall & 0xFFFFFFFF)
            if record:
                places = [body, *(body + HEAD + offset for offset in TIMES_IN_BODY.get(what, ()))]
                for place in places:
                    struct.pack_into("<Q", block, place, clock.boot(struct.unpack_from("<Q", block, place)[0]))
        out.append(bytes(block).replace(boot_id, elsewhere).replace(b"%d" % boot_to_wall, shifted))
    return b"".join(out)


def as_other_host(trace, to, **how):
    with open(trace, "rb") as file:
        data = file.read()
    with open(to, "wb") as file:
        file.write(rewrite(data, **how))
    return to


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trace")
    parser.add_argument("to")
    parser.add_argument("--shift", type=float, default=0.0, help="seconds that its wall clock is ahead")
    parser.add_argument("--drift", type=float, default=0.0, help="ppm that it runs too fast")
    parser.add_argument("--drop", type=float, default=0.0, help="percent of the records that are missing")
    given = parser.parse_args()
    as_other_host(given.trace, given.to, shift_s=given.shift, drift_ppm=given.drift, drop_percent=given.drop)
