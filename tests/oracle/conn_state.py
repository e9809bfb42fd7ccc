"""Zeek's conn_state by the flags of a session's packets alone, independent of the program's own way to it."""

FIN, SYN, RST, ACK = 1, 2, 4, 16


def zeek_state(packets):
    """`packets`: (flags, whether the client sent it)."""
    def sent(flag, client):
        return any(flags & flag for flags, by_client in packets if by_client == client)

    closed, reset = {True: False, False: False}, {True: False, False: False}
    for flags, client in packets:
        if flags & RST and not (closed[True] and closed[False]):
            reset[client] = True
        closed[client] = closed[client] or bool(flags & FIN)
    answered = any(not flags & (SYN | RST) and client for flags, client in packets)

    def silent(client):  # of its opening and its closing nothing was captured
        return not sent(SYN, client) and not closed[client] and not reset[client]

    if reset[False]:
        return "REJ" if sent(SYN, True) and not answered and not closed[True] else "RSTRH" if silent(True) else "RSTR"
    if reset[True]:
        return "RSTOS0" if silent(False) else "RSTO"
    if closed[True] and closed[False]:
        return "SF"
    if closed[True]:
        return "SH" if silent(False) else "S2"
    if closed[False]:
        return "SHR" if silent(True) else "S3"
    if sent(SYN, True) and all(client for _, client in packets):
        return "S0"
    return "S1" if answered and sent(SYN, True) and sent(SYN, False) else "OTH"
