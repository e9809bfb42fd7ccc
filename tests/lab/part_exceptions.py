"""Where the report of a part differs from the whole's, and why that is right: (scenario, part, rule) -> why. "clean" stands for the verdict."""

ANOTHER_DID_NOT_SEE_IT = "only the server's own trace shows that the SYN never reached it; to the client a RST comes from whom it names"
TRANSLATED = "the client's kernel did send that RST, because it knows the connection by another address; that shows only where the translator and both ends are seen"
NOBODY_LISTENS = "that nothing listens is what a RST without more tells; why, only the host's own records do"
NOT_COUNTED_IN_PACKETS = "packets hold the first 500 of the flood, one by one; its 59,500 others are in the records, as a count"
IN_THE_MIDST = "true at that time: the connects were unanswered and the queue was full; what became of it comes in the second half"
NOTHING_CAME = "what the client sent never arrived: at the server's end an open connection is quiet, and that is all"

EXCEPTIONS = {
    ("refused_by_firewall", "edge", "connect-refused"): ANOTHER_DID_NOT_SEE_IT,
    ("refused_by_firewall", "packets of edge", "connect-refused"): ANOTHER_DID_NOT_SEE_IT,
    ("refused_by_firewall", "packets", "connect-refused"): ANOTHER_DID_NOT_SEE_IT,
    ("refused_by_firewall", "last half", "connect-refused"): "the recording's loss in its first half may hide the server's end of the same connect",
    ("passed_untranslated", "server", "reset-received"): TRANSLATED,
    ("translator_forgets_idle", "server", "reset-received"): TRANSLATED,
    ("translator_forgets_idle", "last half", "reset-received"): TRANSLATED,
    ("idle_reset", "last half", "reset-received"): "the silence before the reset, which blames the path, lies in the first half",
    ("reject_on_server", "packets of server", "reset-sent"): NOBODY_LISTENS,
    ("server_killed", "packets of server", "reset-sent"): NOBODY_LISTENS,
    ("server_killed", "packets", "reset-sent"): NOBODY_LISTENS,
    ("syn_flood", "packets of client", "connect-refused"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood", "packets of server", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood", "packets", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood_spoofed", "packets of client", "connect-refused"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood_spoofed", "packets of server", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood_spoofed", "packets", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("stopped_server", "first half", "connect-timeout"): IN_THE_MIDST,
    ("stopped_server", "first half", "accept-queue-overflow"): IN_THE_MIDST,
    ("accept_queue_overflow", "first half", "connect-timeout"): IN_THE_MIDST,
    ("server_killed", "last half", "connect-refused"): NOBODY_LISTENS,
    ("error_noted_only", "first half", "host-unreachable"): IN_THE_MIDST,
    ("cut_off_segments", "packets of server", "clean"): NOTHING_CAME,
    ("connect_denied_by_policy", "five files", "same"): "known fault, on the safe side: a record that makes no event is not found in the other part, and is told as lost",
}


def explains(scenario, part, rule):
    return (scenario, part, rule) in EXCEPTIONS
