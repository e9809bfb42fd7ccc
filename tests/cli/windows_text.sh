#!/bin/bash
# A recorded case, written as each kind of Windows text, makes the same connections, events and findings when it is read again.
tool=$1 root=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "not ok: $*"
    failed=1
}

# FORM WITNESS WHAT: the facts that must survive, one a line.
facts() {
    python3 - "$1" "$2" <<'PYTHON'
import json, sys
report = [json.loads(line) for line in open(sys.argv[1])]
packets = sys.argv[2] == "packets"
for one in report:
    if one["type"] == "connection":
        # a text without a line of the stack is read as a capture, which takes the last SYN-ACK's number where each has another
        isn = one.get("local_isn") if one["role"] == "client" else None
        print("connection", one["role"], one.get("network.local.port"), one.get("network.peer.port"), one["ending"], one.get("error.type"), one["embryonic"], one.get("process.pid"), isn)
kinds = {"call", "state", "timer", "retransmit", "error", "reset_received", "reset_sent", "destroy"} | ({"packet"} if packets else set())
events = sorted((one for one in report if one["type"] == "event" and one["kind"] in kinds), key=lambda one: one["id"])
for one in events:  # Network Monitor shows whole seconds: only how far events are apart is exact
    print(one["kind"], (int(one["time_unix_nano"]) - int(events[0]["time_unix_nano"])) // 1000, *(one.get(key) for key in ("call", "phase", "error.type", "from", "to", "timer", "what", "seq", "flags", "direction")))
PYTHON
}

golden=$root/tests/golden/forged_reset.jsonl
for form in monitor netsh pktmon journal; do
    for witness in edge fe; do
        packets=packets
        [[ $form == netsh ]] && packets=none
        [[ $form == netsh && $witness == fe ]] && continue  # half-open connections show in packets only
        [[ $form == journal && $witness == fe ]] && continue  # and are the capture's there, which takes the last SYN-ACK's number where each has another
        python3 "$root/tests/lab/windows_text.py" --witness $witness --form $form --utc-offset 3600 <"$golden" >"$work/$form.txt" || fail "$form cannot be written"
        "$tool" report "$work/$form.txt" --tz +01:00 --format json >"$work/$form.json" || fail "$form is not read"
        grep "\"netns.name\":\"$witness\"" "$golden" >"$work/expected.json"
        facts "$work/expected.json" $packets >"$work/expected"
        facts "$work/$form.json" $packets >"$work/seen"
        [[ $(wc -l <"$work/expected") -gt 8 ]] || fail "nothing is expected of $witness"
        diff "$work/expected" "$work/seen" >"$work/difference" || { fail "$form of $witness differs"; cat "$work/difference"; }
        [[ $witness == edge ]] || continue
        grep -q '"rule":"connect-timeout"' "$work/$form.json" || fail "$form: no connect-timeout"
        grep -q '3 SYNs were sent and no answer came' "$work/$form.json" || fail "$form: its SYNs are not told"
    done
done

# In a capture, the events may begin anywhere, and its packets are told apart as any capture's are.
"$tool" report "$work/journal.txt" >"$work/report" || fail "a capture with events cannot be read"
for words in 'connect timed out (ETIMEDOUT).*; S0 ' 'app    connect() to' 'retransmission (RTO)' 'wireshark -r .*journal.txt -g'; do
    grep -q "$words" "$work/report" || fail "a capture with events does not tell: $words"
done
python3 - "$work/journal.txt" "$work/late.pcapng" <<'PYTHON'
import struct, sys
whole = open(sys.argv[1], "rb").read()
begin = 28 + 20 + 12  # behind section and interface
frame = bytes(12) + b"\x08\x06" + bytes(46)
body = struct.pack("<IIIII", 0, 0, 0, len(frame), len(frame)) + frame
block = struct.pack("<II", 6, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
open(sys.argv[2], "wb").write(whole[:begin] + block * 4000 + whole[begin:])
PYTHON
gzip -c "$work/late.pcapng" >"$work/late.gz"
mkfifo "$work/late.pipe"
cat "$work/late.pcapng" >"$work/late.pipe" &
for file in late.pcapng late.gz late.pipe; do
    "$tool" report "$work/$file" --format json >"$work/late.json" || fail "$file cannot be read"
    facts "$work/late.json" packets >"$work/seen"
    facts "$work/journal.json" packets >"$work/expected"
    diff "$work/expected" "$work/seen" >"$work/difference" || { fail "$file: events behind many packets are not read"; cat "$work/difference"; }
done

for sample in network_monitor:connect-timeout netsh:reset-received; do
    "$tool" report "$root/tests/samples/${sample%%:*}.txt" >"$work/report" || fail "$sample cannot be read"
    grep -q "\[1\] ${sample#*:} " "$work/report" || { fail "$sample"; cat "$work/report"; }
done
"$tool" report "$root/tests/samples/network_monitor.txt" | grep -q "does not tell its time zone" || fail "an assumed zone is not told"
"$tool" report "$root/tests/samples/netsh.txt" | grep -q "does not tell its time zone" && fail "a zone that the file tells is called assumed"
"$tool" report "$root/tests/samples/netsh.txt" --tz Mars/Olympus 2>&1 | grep -q "no time zone; give a name" || fail "a wrong zone is taken"

# A SIP log beside the trace: its messages stand in the timeline of the connect that failed, by address or by the peer's port.
"$tool" report "$root/tests/samples/network_monitor.txt" "$root/tests/samples/sip_records.txt" >"$work/report" || fail "a SIP log cannot be read"
for words in 'app    SIP out: INVITE' 'app    SIP: Message was not sent because the connection was closed: INVITE .* peer fe.example.com:5061' 'app    SIP in: SIP/2.0 504 Server time-out'; do
    grep -q "$words" "$work/report" || fail "the timeline lacks $words"
done
[[ $(grep -c '^host ' "$work/report") == 1 ]] || fail "the log is reported by itself"
grep -q "this-is-body" "$work/report" && fail "a body is shown"
"$tool" report "$root/tests/samples/sip_packets.txt" --format json | grep -q '"kind":"message"' || fail "a SIP log alone is not read"
exit $failed
