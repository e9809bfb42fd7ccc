"""Where the report of a part differs from the whole's, and why that is right: (scenario, part, rule) -> why. "clean" stands for the verdict."""

ANOTHER_DID_NOT_SEE_IT = "only the server's own trace shows that the SYN never reached it; to the client a RST comes from whom it names"
TRANSLATED = "the client's kernel did send that RST, because it knows the connection by another address; that shows only where the translator and both ends are seen"
NOBODY_LISTENS = "that nothing listens is what a RST without more tells; why, only the host's own records do"
NOT_COUNTED_IN_PACKETS = "packets hold the first 500 of the flood, one by one; its 59,500 others are in the records, as a count"
RECORD_WITHOUT_EVENT = "known fault, on the safe side: a record that makes no event is not found in the other part, and is told as lost"
NOTHING_CAME = "what the client sent never arrived: at the server's end an open connection is quiet, and that is all"

EXCEPTIONS = {
    ("refused_by_firewall", "edge", "connect-refused"): ANOTHER_DID_NOT_SEE_IT,
    ("refused_by_firewall", "packets of edge", "connect-refused"): ANOTHER_DID_NOT_SEE_IT,
    ("refused_by_firewall", "packets", "connect-refused"): ANOTHER_DID_NOT_SEE_IT,
    ("passed_untranslated", "server", "reset-received"): TRANSLATED,
    ("translator_forgets_idle", "server", "reset-received"): TRANSLATED,
    ("reject_on_server", "packets of server", "reset-sent"): NOBODY_LISTENS,
    ("server_killed", "packets of server", "reset-sent"): NOBODY_LISTENS,
    ("server_killed", "packets", "reset-sent"): NOBODY_LISTENS,
    ("syn_flood", "packets of client", "connect-refused"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood", "packets of server", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood", "packets", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood_spoofed", "packets of client", "connect-refused"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood_spoofed", "packets of server", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("syn_flood_spoofed", "packets", "reset-sent"): NOT_COUNTED_IN_PACKETS,
    ("cut_off_segments", "packets of server", "clean"): NOTHING_CAME,
    ("connect_denied_by_policy", "five files", "same"): RECORD_WITHOUT_EVENT,
    ("multipath", "five files", "same"): RECORD_WITHOUT_EVENT,
}


def explains(scenario, part, rule):
    return (scenario, part, rule) in EXCEPTIONS
