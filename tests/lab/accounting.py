"""The laws, checked from outside, over every report of the lab. Law 1: every connection that shows trouble in the report's events has a place, as a
finding or as a harmless pattern.

This looks at the events by itself and as simply as can be, so that it does not share the product's own idea of trouble.
"""

HARMLESS_ERRORS = {"EINPROGRESS", "EALREADY", "EINTR", "EISCONN", "EAGAIN"}


def _closing_states(event):
    ours = event.get("to") in ("FIN_WAIT1", "FIN_WAIT2", "LAST_ACK", "CLOSING", "TIME_WAIT")
    theirs = event.get("to") in ("CLOSE_WAIT", "CLOSING", "TIME_WAIT", "LAST_ACK")
    return ours, theirs


def trouble(connection, events):
    """Why this connection was in trouble; None when it was not."""
    if connection["role"] == "listener":
        return None
    ours = theirs = False
    for event in events:
        kind = event["kind"]
        if kind == "state":
            one, other = _closing_states(event)
            ours, theirs = ours or one, theirs or other
        if kind == "packet" and "FIN" in event.get("flags", ""):
            if event.get("direction") == "out":
                ours = True
            else:
                theirs = True
        if ours and theirs:
            return None
        if kind in ("reset_sent", "reset_received"):
            return f"{kind}, event {event['id']}"
        if kind == "error":
            return f"error {event.get('error.type')}, event {event['id']}"
        if kind == "call" and event.get("call") == "connect" and event.get("phase") == "exit":
            if event.get("error.type") and event["error.type"] not in HARMLESS_ERRORS:
                return f"connect() failed with {event['error.type']}, event {event['id']}"
    return None


def unaccounted(report):
    """Sentences, one for each connection in trouble that neither a finding nor a harmless pattern is about."""
    placed = set()
    for one in report.findings + report.of("benign"):
        placed.update(one["connections"])
    connections = {connection["id"]: connection for connection in report.of("connection")}
    if len(connections) > 2000:
        return []  # a bulk scenario: its counts are its own subject, and findings list no more than 10,000 of them
    events = {}
    for event in report.of("event"):
        if "connection" in event:
            events.setdefault(event["connection"], []).append(event)
    problems = []
    for number, connection in connections.items():
        if number in placed or connection.get("other_end") in placed:
            continue
        why = trouble(connection, events.get(number, []))
        if why:
            problems.append(f"connection {number} ({connection.get('network.peer.address')}:{connection.get('network.peer.port')}) was in trouble ({why}) and has no place")
    return problems


STATES = {"endpoint-up", "endpoint-down", "evidence-gap"}  # they tell how things stand


def false_comfort(report):
    """Law 2: "clean" stands beside no trouble and no doubt, and trouble is never called anything else."""
    problems = []
    telling = [finding for finding in report.findings if finding["rule"] not in STATES]
    for verdict in report.of("verdict"):
        if not verdict["sentence"]:
            problems.append("the verdict has no sentence")
        if telling and verdict["verdict"] != "trouble":
            problems.append(f"the verdict is {verdict['verdict']}, and yet: {telling[0]['headline']}")
        if verdict["verdict"] == "clean" and verdict["reasons"]:
            problems.append(f"the verdict is clean, and yet: {verdict['reasons'][0]}")
    return problems


def baseless(report):
    """Law 4: what is proven says on what ground; what is not says what would settle it."""
    problems = []
    for finding in report.findings:
        proven = finding["certainty"] == "proven"
        if proven != ("ground" in finding):
            problems.append(f"{finding['rule']} is {finding['certainty']} {'with a' if 'ground' in finding else 'without a'} ground: {finding['headline']}")
        if proven and finding["settle"]:
            problems.append(f"{finding['rule']} is proven, and yet to be settled: {finding['settle']}")
    return problems
