"""Wireshark's dissection of many files by one process: sharkd, which comes with tshark, reads them as `tshark -2` does without starting anew."""

import json
import os
import pickle
import select
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ANALYSIS = ["retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order", "keep_alive", "reused_ports"]
FIELDS = ["frame.time_epoch", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.id", "ip.len", "frame.len",
          "tcp.srcport", "tcp.dstport", "tcp.stream", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.flags", "tcp.window_size_value",
          "tcp.completeness", "tcp.options.timestamp.tsval", "tcp.options.sack_le", "tcp.options.sack_re"] + ["tcp.analysis." + one for one in ANALYSIS]

# What can carry TCP. The protocols above it are switched off: some of them split conversations, or hang on hostile files.
CARRIERS = """ah atm capwap cfp chdlc erspan eth ethertype fddi fr frame geneve gre gtp icmp icmpv6 ieee8021ad ip ipoib ipv6 ipv6.dstopts ipv6.fraghdr
              ipv6.hopopts ipv6.routing juniper l2tp llc loop mpls null nflog pktap ppi ppp pppoe pppoes prism pwethcw radiotap raw sll tcp udp vlan
              vxlan wlan""".split()
PREFERENCES = "ip.defragment: FALSE\nipv6.defragment: FALSE\ntcp.desegment_tcp_streams: FALSE\n"


def version():
    """Of Wireshark and of what is asked: answers of another one are no answers."""
    return subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout.split("\n")[0] + " ".join(FIELDS + CARRIERS) + PREFERENCES


class Sharkd:
    def __init__(self):
        self.settings = tempfile.TemporaryDirectory()
        folder = Path(self.settings.name)
        known = subprocess.run(["tshark", "-G", "protocols"], capture_output=True, text=True, check=True).stdout.splitlines()
        names = {line.split("\t")[2] for line in known}
        (folder / "disabled_protos").write_text("\n".join(sorted(names - set(CARRIERS))) + "\n")
        (folder / "preferences").write_text(PREFERENCES)
        self.start()

    def start(self):
        self.process = subprocess.Popen(["sharkd", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env=dict(os.environ, WIRESHARK_CONFIG_DIR=self.settings.name))
        self.answer = b""

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.settings.cleanup()

    def ask(self, *questions):
        """The answers, by the questions' places; one that is missing got none. Empty where it died, or thought for longer than 20 s; another one is
        there then."""
        deadline, answers = time.monotonic() + 20, {}
        for number, (method, params) in enumerate(questions):
            self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number + 1, "method": method, "params": params}).encode() + b"\n")
        self.process.stdin.flush()
        while len(questions) - 1 not in answers:
            ready, _, _ = select.select([self.process.stdout], [], [], max(deadline - time.monotonic(), 0))
            more = os.read(self.process.stdout.fileno(), 1 << 20) if ready else b""
            if not more:
                self.process.kill()
                self.process.communicate()
                self.start()
                return {}
            *lines, self.answer = (self.answer + more).split(b"\n")
            for said in map(json.loads, lines):
                answers[said["id"] - 1] = said.get("result")
        return answers

    def frames(self, path):
        """Of each frame with TCP its number and fields, as text; None where the file cannot be read."""
        loading = self.ask(("load", {"file": str(path)}), ("status", {}))
        loaded = loading.get(0, {"status": "OK"})  # of a file that is cut it says nothing, and has read it
        if not loaded or loaded.get("status") != "OK" or loading.get(1, {}).get("filename") != path.name:
            return None
        found = self.ask(("frames", {f"column{i}": f"{field}:0" for i, field in enumerate(FIELDS)})).get(0)
        if found is None:
            return None
        stream = FIELDS.index("tcp.stream")
        return [(one["num"], dict(zip(FIELDS, one["c"]))) for one in found if one["c"][stream]]


class Answers:
    """Wireshark's frames of files that do not change: asked for once, then out of a folder. One sharkd for each thread that asks."""

    def __init__(self, folder):
        self.folder, self.version = folder, version()
        folder.mkdir(exist_ok=True)
        self.of_thread, self.running = threading.local(), []

    def frames(self, path):
        kept = self.folder / f"{path.parent.name} {path.name}"
        if kept.exists():
            said_by, frames = pickle.loads(kept.read_bytes())
            if said_by == self.version:
                return frames
        if not hasattr(self.of_thread, "sharkd"):
            self.of_thread.sharkd = Sharkd()
            self.running.append(self.of_thread.sharkd)
        frames = self.of_thread.sharkd.frames(path)
        if frames is None:
            return None  # perhaps the machine was busy
        kept.write_bytes(pickle.dumps((self.version, frames)))
        return frames

    def close(self):
        for one in self.running:
            one.close()
