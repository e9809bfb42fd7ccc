"""The parts of the benchmark about captures: how fast `report` reads one, beside tshark and tcptrace, and what a very large one takes."""

import os
import shutil
import statistics
import subprocess
import time

PACKETS, RESET_PACKETS, HUGE_BYTES = 5_000_000, 600_000, 10_000_000_000
RATE, OF_TSHARK, OF_TCPTRACE, HUGE_RSS = 2_000_000, 25, 3, 2 << 30


def timed(words):
    """Seconds and peak bytes of a program whose output is thrown away."""
    begin = time.monotonic()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: exit code {process.returncode}")
    return time.monotonic() - begin, usage.ru_maxrss * 1024


def make(bench, packets, *how):
    capture = bench.folder / "capture.pcap"
    subprocess.run([bench.program("make_capture"), capture, str(packets), *how], check=True)
    capture.read_bytes() if packets <= PACKETS else None  # into the page cache, for all alike
    return capture


def row(name, packets, seconds, memory, share=None):
    print(f"{name:28}{seconds:9.2f} s{packets / seconds:14,.0f}{memory / 2**20:11,.0f} MiB{'' if share is None else f'{share:9.1f}'}")


def part_capture(bench):
    beside_others(bench, PACKETS)
    print("\nconnections of six packets, each reset:")
    beside_others(bench, RESET_PACKETS, "0", "resets")


def beside_others(bench, packets, *how):
    capture = make(bench, packets, *how)
    runs = [timed([bench.tool, "report", capture]) for _ in range(bench.options.rounds)]
    seconds, memory = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
    print(f"{packets:,} packets, {capture.stat().st_size / 1e6:,.0f} MB")
    print(f"{'':28}{'time':>11}{'packets/s':>14}{'peak RSS':>15}{'times':>9}")
    row("tcpwitness report", packets, seconds, memory)
    told = [f"{RATE:,} packets/s: {bench.verdict(packets / seconds >= RATE)}"]
    for name, words, target in (
        ("tshark -q -z conv,tcp", ["tshark", "-q", "-z", "conv,tcp", "-r", capture], OF_TSHARK),
        ("tcptrace", ["tcptrace", capture], OF_TCPTRACE),
    ):
        if not shutil.which(words[0]):
            print(f"skipped: {name}: not installed")
            continue
        others, peak = timed(words)
        row(name, packets, others, peak, others / seconds)
        told.append(f"{target} times as fast as {words[0]}: {bench.verdict(others / seconds >= target)}")
    print("target: " + "; ".join(told))


def part_huge(bench):
    free = shutil.disk_usage(bench.folder).free
    if free < HUGE_BYTES * 1.1:
        print(f"skipped: a capture of {HUGE_BYTES / 1e9:.0f} GB: the disk has {free / 1e9:.0f} GB left")
        return
    packets = HUGE_BYTES // 91  # bytes of one, on average
    capture = make(bench, packets)
    print(f"{packets:,} packets, {capture.stat().st_size / 1e9:.1f} GB")
    print(f"{'':28}{'time':>11}{'packets/s':>14}{'peak RSS':>15}")
    seconds, memory = timed([bench.tool, "report", capture])
    row("tcpwitness report", packets, seconds, memory)
    print(f"target: {HUGE_RSS / 2**20:,.0f} MiB: {bench.verdict(memory <= HUGE_RSS)}")
