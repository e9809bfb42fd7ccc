#!/usr/bin/env python3
"""Writes one witness of a JSON report as the text of a Windows trace, so that a case on Linux can be read as if that host ran Windows:

    tcpwitness report case.pcapng --format json -v | tests/lab/windows_text.py --witness edge --form netsh > edge.txt
"""

import argparse
import json
import sys

from windows_forms import FORMS

IDLE = ("Idle", 0)  # softirq's counterpart: the process column tells whom it interrupted


def endpoint(thing, side):
    address, port = thing.get(f"network.{side}.address", "0.0.0.0"), thing.get(f"network.{side}.port", 0)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Connection:
    """One connection's pointers, and what its lines repeat."""

    def __init__(self, form, facts):
        self.form, self.facts = form, facts
        self.tcb = form.pointer(0x829C000 + facts["id"] * 0x860)
        self.afd = form.pointer(0x7A05000 + facts["id"] * 0x10)
        self.process = (facts.get("process.command", "System"), facts.get("process.pid", 4))
        self.eprocess = form.pointer(0x7AE0000 + self.process[1] * 0x60)
        self.between = f"(local={endpoint(facts, 'local')} remote={endpoint(facts, 'peer')})"
        self.half_open = False

    def tcp(self, time_ns, text, own=False):
        self.form.say("tcpip", time_ns, *(self.process if own else IDLE), "TCP: " + text)

    def call(self, time_ns, verb, phase, status="", middle=""):
        self.form.say("afd", time_ns, *self.process, f"{verb}: {self.form.phase(phase)}: Process {self.eprocess}{middle if verb == 'socket' else ''}, Endpoint {self.afd}"
                      f"{'' if verb == 'socket' else middle}, Seq {self.form.number(1000)}, Status {self.form.status(status)}")


class Writer:
    def __init__(self, form, connections):
        self.form = form
        self.connections = {one["id"]: Connection(form, one) for one in connections}

    def write(self, event):
        known = self.connections.get(event.get("connection"))
        method = getattr(self, event["kind"], None)
        if method and (known or event["kind"] == "packet"):
            method(known, event, int(event["time_unix_nano"]))

    def call(self, one, event, at):
        verb, exit_ = event["call"], event["phase"] == "exit"
        status = event.get("error.type", "")
        if verb == "socket":
            pid = f" ({one.form.number(one.process[1])})" if one.form.name != "monitor" else f" (0x{one.process[1]:016X})"
            for phase in (0, 1):
                one.call(at, verb, phase, "" if phase == 0 else status, pid)
        elif verb == "accept":
            listener = self.connections.get(one.facts.get("listener"))
            if not exit_ or event["result"] < 0 or not listener:
                return one.call(at, verb, int(exit_), status)
            listener.call(at, "accept", 1, "", f", Address {endpoint(event, 'peer')}, Accept Endpoint {one.afd}, Current Backlog {one.form.number(1)}")
        else:
            address = {"connect": f", Address {endpoint(one.facts, 'peer')}", "bind": f", Address {endpoint(one.facts, 'local')}",
                       "listen": f", Backlog {one.form.number(event.get('backlog', 0))}"}.get(verb, "")
            one.call(at, verb.capitalize() if verb == "listen" else verb, int(exit_), status, address if not exit_ or verb == "listen" else "")

    def state(self, one, event, at):
        before, after = event["from"], event["to"]
        if after == "LISTEN":
            return one.tcp(at, f"listener {one.tcb} (sockaddr={endpoint(one.facts, 'local')}) activated.", own=True)
        if before == "LISTEN":
            return one.tcp(at, f"listener {one.tcb} (sockaddr={endpoint(one.facts, 'local')}) unbound.", own=True)
        if (before, after) == ("CLOSE", "SYN_SENT"):
            one.tcp(at, f"Tcb {one.tcb} {one.between} requested to connect.", own=True)
        if before == "SYN_RECV" and not one.half_open:
            self.enter_syn_received(one, at)
        one.half_open = False
        number = one.form.number(one.facts.get("local_isn", 0))
        one.tcp(at, f"connection {one.tcb} transition from {one.form.state(before)} to {one.form.state(after)}, SndNxt = {number}.", own=after == "SYN_SENT")
        if after == "SYN_SENT" and "local_isn" in one.facts:
            one.tcp(at, f"Tcb {one.tcb} is going to output SYN with ISN = {number}, RcvWnd = {one.form.number(64240)}, RcvWndScale = {one.form.number(8)}.", own=True)
        if before == "SYN_RECV":
            one.tcp(at, f"listener {one.between} accept completed. TCB = {one.tcb}. PID = {one.form.number(one.process[1])}.")

    def enter_syn_received(self, one, at):
        one.half_open = True
        one.tcp(at, f"connection {one.tcb} transition from {one.form.state('LISTEN')} to {one.form.state('SYN_RECV')}, SndNxt = {one.form.number(0)}.")

    def timer(self, one, event, at):
        if event["timer"] not in ("rto", "keepalive"):
            return
        timer = f"Connection {one.tcb} {one.form.timer(event['timer'])} timer "
        armed = f"started. Scheduled to expire in {one.form.number(event['timeout_ms'])} ms."
        one.tcp(at, timer + (armed if event["what"] == "armed" else "has expired."))

    def retransmit(self, one, event, at):
        number, count = one.form.number, max(event["retransmits"], 1)
        if event["what"] == "loss_probe":
            return one.tcp(at, f"Tail Loss Probe Send Connection = {one.tcb} SndUna = {number(event['snd_una'])}, TailProbeSeq = {number(event['seq'])}, "
                               f"TailProbeLast = {number(event['seq'] + event['length_bytes'])}, ControlsToSend = {number(0)}.")
        one.tcp(at, f"connection {one.tcb}: Send Retransmit round with SndUna = {number(event['seq'])}, Round = {number(count)}, SRTT = {number(0)}, "
                    f"RTO = {number(event['rto_us'] // 10000)}.")
        what = "connect attempt" if event["what"] == "syn" else "data"
        one.tcp(at, f"connection {one.tcb} {one.between} retransmitting {what}, RexmitCount = {number(count)}.")

    def synack_retransmit(self, one, event, at):
        if not one.half_open:
            self.enter_syn_received(one, at)
        number = one.form.number
        one.tcp(at, f"connection {one.tcb}: Send Retransmit round with SndUna = {number(event['isn'])}, Round = {number(event['retransmits'])}, SRTT = {number(0)}, RTO = {number(300)}.")

    def error(self, one, event, at):
        if event["error.type"] == "ETIMEDOUT":
            one.tcp(at, f"connection {one.tcb} {one.between} terminating: retransmission timeout expired.")
        one.tcp(at, f"connection {one.tcb} {one.between} shutdown initiated ({one.form.status(event['error.type'])}). PID = {one.form.number(one.process[1])}.")

    def reset_received(self, one, event, at):
        one.tcp(at, f"connection {one.tcb} {one.between} connection terminated: received RST.")

    def reset_sent(self, one, event, at):
        family = "IPV6" if ":" in endpoint(event, "local").rsplit(":", 1)[0] else "IPV4"
        if not event["has_socket"]:
            return self.form.say("tcpip", at, *IDLE, f"TCPIP: Transport (Protocol TCP, AddressFamily = {family}) dropped {self.form.number(1)} packet(s) with "
                                 f"Source = {endpoint(event, 'peer')}, Destination = {endpoint(event, 'local')}. Reason = Transport endpoint was not found.")
        one.tcp(at, f"Connection {one.tcb} Transport (Protocol TCP , AddressFamily = {family} ) sent RST with Local = {endpoint(event, 'local')}, "
                    f"Remote = {endpoint(event, 'peer')}. Reason = Connection aborted .")

    def destroy(self, one, event, at):
        one.tcp(at, f"endpoint/connection {one.tcb} released port number {one.form.number(one.facts.get('network.local.port', 0))}. WeakReference = FALSE.")

    def packet(self, one, event, at):
        if not self.form.with_packets:
            return
        sides = ("local", "peer") if event["direction"] == "out" else ("peer", "local")
        source, destination = ((event[f"network.{side}.address"], event[f"network.{side}.port"]) for side in sides)
        self.form.packet(at, *IDLE, source, destination, event)
        if one and one.facts.get("embryonic") and event["flags"] == "SYN" and event["direction"] == "in" and not one.half_open:
            self.enter_syn_received(one, at)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--witness", help="name of the namespace (the report's only one otherwise)")
    arguments.add_argument("--form", choices=FORMS, required=True)
    arguments.add_argument("--utc-offset", type=int, default=0, metavar="SECONDS", help="of the clock on that host's wall")
    arguments.add_argument("--shift", type=float, default=0, metavar="SECONDS", help="by which that clock is wrong")
    given = arguments.parse_args()
    report = [json.loads(line) for line in sys.stdin]
    mine = [one for one in report if given.witness in (None, one.get("netns.name"))]
    form = FORMS[given.form](given.utc_offset)
    writer = Writer(form, [one for one in mine if one["type"] == "connection"])
    events = sorted((one for one in mine if one["type"] == "event"), key=lambda event: event["id"])
    for event in events:
        event["time_unix_nano"] = str(int(event["time_unix_nano"]) + int(given.shift * 1e9))
        writer.write(event)
    sys.stdout.buffer.write(form.bytes())


if __name__ == "__main__":
    main()
