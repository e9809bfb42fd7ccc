"""Why two readers of one capture may differ, each decided from the packets themselves. What no rule here explains is a defect."""

from segments import ACK, FIN, RST, SYN, later

COPY_SECONDS = 100e-6
CAPTURE_COPY_SECONDS = 50e-3
HANDSHAKE_COPY_SECONDS = 100e-3
FAR = 1 << 30
NOT_READ = {"wg", "juniper", "ipoib", "gtp"}  # what tcpwitness takes nothing out of


class History:
    """One direction of a stream before a segment of it, as far as it matters to that one."""

    def __init__(self, segments, which):
        at = segments.index(which)
        self.which = which
        self.all_before = segments[:at]
        self.own = [one for one in self.all_before if one.source == which.source and not one.flags & RST]
        self.peer = [one for one in self.all_before if one.source != which.source and not one.flags & RST]
        self.carrying = [one for one in self.own if later(one.end(), one.seq) > 0]

    def twin(self, seconds):
        for one in reversed(self.all_before):
            if one.print() == self.which.print() and abs(self.which.time - one.time) <= seconds:
                return one
        return None

    def carried(self):
        """Segments that brought some of its bytes before."""
        return [one for one in self.carrying if later(one.end(), self.which.seq) > 0 and later(self.which.end(), one.seq) > 0]

    def beyond(self):
        """Of those that lie behind the segment in sequence, the nearest that came before it, as it was sent last."""
        found = [one for one in self.own if later(one.seq, self.which.end()) >= 0]
        return min(found, key=lambda one: (later(one.seq, self.which.end()), -one.frame), default=None)


def left_before(one, other):
    """Whether a segment left its host before another one: by timestamp, else by IP id; None where neither tells."""
    if one.tsval is not None and other.tsval is not None and one.tsval != other.tsval:
        return later(one.tsval, other.tsval) < 0
    ahead = (one.ip_id - other.ip_id + 0x8000) % 0x10000 - 0x8000
    return ahead < 0 if one.ip_id and other.ip_id and 0 < abs(ahead) < 4096 else None


# Rules about one frame that Wireshark calls a retransmission and tcpwitness does not.

def seen_twice(history):
    """The very packet again at once: another interface or a mirror port showed it too, and tcpwitness takes both for one."""
    return history.twin(COPY_SECONDS * 1.01)


def copied_on_the_way(history):
    """The very packet again, by its IP id: something between the hosts made a copy, the sender sent it once."""
    which = history.which
    return which.ip_id and any(one.ip_id == which.ip_id and one.seq == which.seq and one.end() == which.end() and one.tsval == which.tsval and
                               which.time - one.time <= CAPTURE_COPY_SECONDS * 1.01 for one in history.carried())


def handshake_twice_at_once(history):
    """A SYN or SYN-ACK again sooner than any stack sends one again: its number was captured twice, perhaps of two stacks or two places."""
    which = history.which
    return which.flags & SYN and any(one.flags & SYN and one.seq == which.seq and which.time - one.time <= HANDSHAKE_COPY_SECONDS * 1.01 for one in history.own)


def overtaken(history):
    """Its bytes had not come before, and its IP id or timestamp is older than those of what came before it: late, not sent again."""
    behind = history.beyond()
    return not history.carried() and behind and left_before(history.which, behind)


def far_off(history):
    """Sequence numbers of one direction lie farther apart than any window: garbage, or another connection's."""
    numbers = [one.seq for one in history.own] + [history.which.seq]
    return any(abs(later(one, history.which.seq)) >= FAR for one in numbers)


def first_of_its_sender(history):
    """Only the number of a bare ACK lies beyond it: before its sender's first data was captured, nobody knows what that number was."""
    bare = [one for one in history.own if later(one.seq, history.which.seq) > 0 and one.end() == one.seq]
    return bare and not any(later(one.end(), history.which.seq) > 0 for one in history.carrying)


def acknowledged_by_no_ack(history):
    """Wireshark heeds the acknowledgement number of a packet without the ACK flag."""
    return history.peer and not history.peer[-1].flags & ACK


def of_one_of_two_answers(history):
    """Two SYN-ACKs with different numbers answered the SYN and its repetition (two servers behind a balancer, or one that forgot the first): Wireshark counts
    from the second, the data follow the first. None of these bytes came before."""
    answers = {one.seq for one in history.own if one.flags & SYN and one.flags & ACK}
    return len(answers) > 1 and not history.carried()


MISSING_RULES = [seen_twice, copied_on_the_way, handshake_twice_at_once, overtaken, far_off, first_of_its_sender, acknowledged_by_no_ack, of_one_of_two_answers]


# Rules about one frame that tcpwitness calls a retransmission and Wireshark does not.

def called_out_of_order(history):
    """Wireshark calls what comes soon enough out of order, whatever is known: its bytes had come before in another packet, so it was sent again."""
    which = history.which
    another = [one for one in history.carried() if not which.ip_id or one.ip_id != which.ip_id or (one.seq, one.end()) != (which.seq, which.end())]
    return "out_of_order" in which.words and another


def fills_a_hole(history):
    """Wireshark calls it out of order; the IP id or the timestamp tell that it left after what lies behind it."""
    behind = history.beyond()
    return "out_of_order" in history.which.words and behind and left_before(history.which, behind) is False


def asked_for(history):
    """Wireshark calls it out of order, because it heeds no SACK: the other end had told that these bytes were missing."""
    told = [edges for one in history.peer for edges in one.sacks if edges[0] is not None and later(edges[1], history.which.seq) > 0]
    return "out_of_order" in history.which.words and told


def one_byte_again(history):
    """Wireshark makes an exception for a segment that begins with the byte before the next one: it may have been a probe's."""
    return history.own and any(later(one.end(), history.which.seq) == 1 for one in history.own) and history.which.length > 1


def acknowledged_before(history):
    """The other end had acknowledged it, so it had been sent before, though it was not captured."""
    return any(one.flags & ACK and later(one.ack, history.which.end()) >= 0 for one in history.peer)


EXTRA_RULES = [called_out_of_order, fills_a_hole, asked_for, one_byte_again, acknowledged_before]


# Rules about a whole stream: what it shows cannot be compared packet by packet.

def given_up(segments):
    """Wireshark gave a packet up as malformed, and its length with it."""
    return any(one.length is None for one in segments)


def longer_than_its_frame(segments):
    """An IP header tells more bytes than the frame has: Wireshark takes the frame's word, tcpwitness the sender's."""
    return any(one.longer_than_frame for one in segments)


STREAM_RULES = [given_up, longer_than_its_frame]


# Rules about a stream whose completeness differs.

def one_packet_alone(segments):
    """Wireshark takes nothing but a SYN from a stream's first packet before it looks at that again, and shows what it had before the look."""
    return len(segments) == 1


def second_is_a_copy(segments):
    """The first packet's copy is a second packet to Wireshark."""
    return len(segments) == 2 and seen_twice(History(segments, segments[1]))


COMPLETENESS_RULES = [one_packet_alone, second_is_a_copy]


def times_run_backwards(segments):
    """Someone has shuffled the packets: neither reader makes sense of their order."""
    return any(after.time < before.time - 1e-3 for before, after in zip(segments, segments[1:]))


# Rules about a stream of Wireshark's that is no session here. `streams`: all of the file's, by number.

def reset_alone(segments, streams):
    """RSTs of a session of which nothing else was captured begin none; they are told beside the sessions."""
    return all(one.flags & RST for one in segments)


def no_tcp_header(segments, streams):
    """A data offset below 5, or a header that is cut before its flags."""
    return not any(one.header for one in segments)


def carried_in_what_is_not_read(segments, streams):
    return NOT_READ & set(segments[0].protocols.split(":"))


def syn_into_a_live_session(segments, streams):
    """A SYN with another number while the session lives: Wireshark begins a stream, tcpwitness asks the other end's answer (RFC 5961, 4)."""
    first = segments[0]
    if first.flags & (SYN | ACK) != SYN:
        return False
    before = [one for stream in streams.values() for one in stream if one.frame < first.frame and one.ends() == first.ends()]
    closing = {one.source for one in before if one.flags & FIN}
    return before and len(closing) < 2 and not any(one.flags & RST for one in before)


STREAM_WITHOUT_SESSION_RULES = [reset_alone, no_tcp_header, carried_in_what_is_not_read, syn_into_a_live_session]


# Rules about a session here that begins within one of Wireshark's streams.

def syn_ack_of_another_session(segments, frame):
    """A SYN-ACK whose numbers are those of no SYN and no SYN-ACK before: of another session, whose SYN was not captured. Wireshark asks SYNs only."""
    first = next(one for one in segments if one.frame == frame)
    before = [one for one in segments if one.frame < frame]
    return first.flags & SYN and first.flags & ACK and not any(one.flags & SYN and (one.source == first.source and one.seq == first.seq or
                                                               one.source != first.source and one.end() == first.ack) for one in before)


SESSION_WITHIN_STREAM_RULES = [syn_ack_of_another_session]
