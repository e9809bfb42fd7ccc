"""One capture as Wireshark and as tcpwitness read it: what differs, and which rule explains it."""

from collections import defaultdict
from dataclasses import dataclass

import explanations
from conn_state import zeek_state
from explanations import History
from segments import ACK, SYN

RESENT = {"retransmission", "fast_retransmission", "spurious_retransmission"}
COMPLETENESS = {"SYN": 1, "SYN-ACK": 2, "ACK": 4, "data": 8, "FIN": 16, "RST": 32}


@dataclass
class Difference:
    what: str
    rule: str = ""  # that explains it


def explained(what, rules, *facts):
    return Difference(what, next((rule.__name__ for rule in rules if rule(*facts)), ""))


def compare_resends(stream, segments, wire, listed):
    """Packet by packet: which of them were sent again."""
    ours = {frame for frame, marks in listed.items() if any(mark.startswith("retransmission") for mark in marks)}
    theirs = {one.frame for one in segments if RESENT & one.words}
    counted = sum(wire[end]["retransmitted"] for end in ("client", "server"))
    if len(ours) != counted:
        yield Difference(f"stream {stream}: {counted} packets counted as sent again, {len(ours)} marked")
    for one in segments:
        if (one.frame in ours) == (one.frame in theirs):
            continue
        whose, rules = ("Wireshark", explanations.MISSING_RULES) if one.frame in theirs else ("tcpwitness", explanations.EXTRA_RULES)
        yield explained(f"frame {one.frame} was sent again: only {whose} says so", rules, History(segments, one))


def compare_completeness(stream, segments, wire):
    ours, theirs = wire["completeness"], segments[-1].completeness
    if ours != theirs:
        names = ", ".join(name for name, bit in COMPLETENESS.items() if (ours ^ theirs) & bit)
        yield explained(f"stream {stream}: completeness {theirs} by Wireshark, {ours} here ({names})", explanations.COMPLETENESS_RULES, segments)


def first_is_client(one):
    if one.flags & SYN:
        return not one.flags & ACK
    from_service, to_service = one.source[2] < 1024, one.to[2] < 1024
    return from_service == to_service or to_service


def compare_state(stream, segments, wire):
    client_first = first_is_client(segments[0])
    state = zeek_state([(one.flags, (one.source == segments[0].source) == client_first) for one in segments])
    if state != wire["conn_state"]:
        yield Difference(f"stream {stream}: conn_state {state} by the flags, {wire['conn_state']} here")


def compare_stream(stream, segments, streams, reading):
    first = segments[0].frame
    wire = reading.connections.get(first)
    if not wire:
        yield explained(f"stream {stream}, frame {first}: no session", explanations.STREAM_WITHOUT_SESSION_RULES, segments, streams)
        return
    listed = reading.listed[first]
    begun_within = [one.frame for one in segments[1:] if one.frame in reading.connections]
    for frame in begun_within:
        yield explained(f"frame {frame}: a session begins within stream {stream}", explanations.SESSION_WITHIN_STREAM_RULES, segments, frame)
    if begun_within or not listed.keys() <= {one.frame for one in segments}:
        return  # of other packets: nothing more to compare
    rule = next((rule.__name__ for rule in explanations.STREAM_RULES if rule(segments)), "")
    found = [*compare_completeness(stream, segments, wire), *compare_state(stream, segments, wire), *compare_resends(stream, segments, wire, listed)]
    yield from (one if one.rule else Difference(one.what, rule) for one in found)


def differences(streams, reading):
    """All of them, also those that are explained."""
    found, of_tuple = [], defaultdict(list)
    for one in sorted((one for segments in streams.values() for one in segments), key=lambda one: one.frame):
        of_tuple[one.ends()].append(one)
    shuffled = {ends for ends, segments in of_tuple.items() if explanations.times_run_backwards(segments)}
    for stream, segments in streams.items():
        if segments[0].ends() in shuffled:
            found.append(Difference(f"stream {stream}", "times_run_backwards"))
        else:
            found += compare_stream(stream, segments, streams, reading)
    known = {one.frame for segments in of_tuple.values() for one in segments}
    return found + [Difference(f"frame {frame}: a session that Wireshark has not") for frame in reading.connections if frame not in known]
