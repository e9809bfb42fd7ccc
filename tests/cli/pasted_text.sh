#!/bin/bash
# Texts as people paste them, through the built program: what is said of them, and a zone for one file alone.
tool=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "not ok: $*"
    failed=1
}

# says FILE WORDS...: the report of it holds these
says() {
    local file=$1 words
    shift
    "$tool" report "$file" >"$work/report" 2>"$work/complaints" || fail "$file cannot be read: $(cat "$work/complaints")"
    for words; do grep -q -- "$words" "$work/report" || { fail "$file: not said: $words"; cat "$work/report"; }; done
}

refused='2024-03-02 09:14:02.100200 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0
2024-03-02 09:14:02.100650 IP 10.8.0.9.8443 > 10.8.0.5.40100: Flags [R.], seq 0, ack 7001, win 0, length 0'

echo "$refused" >"$work/plain.txt"
says "$work/plain.txt" 'connect-refused .*peer-host, likely' '2024-03-02 09:14:02'
sed 's/^/> /; s/$/\r/' "$work/plain.txt" >"$work/quoted.txt"
says "$work/quoted.txt" 'connect-refused .*peer-host, likely'
sed 's/>/\&gt;/; s/ /\&nbsp;/g' "$work/plain.txt" >"$work/html.txt"
says "$work/html.txt" 'connect-refused .*peer-host, likely'
printf 'Hi,\n\nwe see this:\n```\n%s\n```\nwhat is it?\n' "$refused" >"$work/fenced.txt"
says "$work/fenced.txt" 'connect-refused .*peer-host, likely'
cut -d' ' -f2- "$work/plain.txt" >"$work/undated.txt"
says "$work/undated.txt" 'times of day and no date'

# A port by a name that nobody knows is a port all the same.
sed 's/8443/sometool/' "$work/plain.txt" >"$work/service.txt"
says "$work/service.txt" 'connect-refused .*peer-host, likely' 'names that are not known here; these numbers stand for them: sometool'

# A row that says TCP and cannot be read: it is said, and there is no all-clear.
sed 's/8443/??/' "$work/plain.txt" >"$work/named.txt"
says "$work/named.txt" '^undecided: no TCP connection is in it; 2 lines could not be read' '2 rows say TCP and could not be read'
! grep -q 'None: every' "$work/report" || fail "an all-clear about rows that could not be read"

# Rows without a time are counted, and a report of nothing else says so.
cut -d' ' -f4- "$work/plain.txt" >"$work/untimed.txt"
says "$work/untimed.txt" '^undecided: no TCP connection is in it; 2 lines could not be read'

# An ICMP error is about the connection that its row names, or that alone waits; else there is no all-clear.
syn='09:14:02.100200 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0'
printf '%s\n' "$syn" '09:14:02.200200 IP 10.8.0.1 > 10.8.0.5: ICMP host 10.8.0.9 unreachable - admin prohibited, length 68' >"$work/prohibited.txt"
says "$work/prohibited.txt" 'host-unreachable .*path' '10.8.0.1 answered ICMP'
printf '%s\n' "$syn" '09:14:02.200200 IP 10.8.0.9 > 10.8.0.5: ICMP 10.8.0.9 tcp port 8443 unreachable, length 68' >"$work/rejected.txt"
says "$work/rejected.txt" 'connect-refused'
printf '%s\n' "$syn" '09:14:02.200200 IP 10.8.0.1 > 10.8.0.5: ICMP host 10.8.0.77 unreachable, length 68' >"$work/others.txt"
says "$work/others.txt" 'not TCP, skipped'

# The answer comes from another address than was asked, and acknowledges this very SYN. Near miss: it acknowledges another one.
printf '%s\n' '09:14:02.100200 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0' \
    '09:14:02.100400 IP 10.8.0.7.8443 > 10.8.0.5.40100: Flags [S.], seq 91, ack 7001, win 65160, length 0' \
    '09:14:02.100410 IP 10.8.0.5.40100 > 10.8.0.7.8443: Flags [R], seq 7001, win 0, length 0' \
    '09:14:03.100200 IP 10.8.0.5.40100 > 10.8.0.9.8443: Flags [S], seq 7000, win 64240, length 0' >"$work/elsewhere.txt"
says "$work/elsewhere.txt" 'wrong-address .*path, likely' '10.8.0.7:8443 answered'
sed 's/ack 7001/ack 8001/; s/seq 7001/seq 8001/' "$work/elsewhere.txt" >"$work/stranger.txt"
"$tool" report "$work/stranger.txt" | grep -q wrong-address && fail "a SYN-ACK of another SYN is no answer from elsewhere"

# Two lists that each begin to count anew are two recordings.
list() {
    echo "1 0.000000 10.8.0.$1 10.8.0.9 TCP 66 40100 > 22 [SYN] Seq=0 Win=9 Len=0"
    echo "2 0.000300 10.8.0.9 10.8.0.$1 TCP 66 22 > 40100 [RST, ACK] Seq=1 Ack=1 Win=0 Len=0"
}
{ list 5; echo; list 6; } >"$work/two.txt"
says "$work/two.txt" '10.8.0.5:40100 on the path: connect.* refused after 300' 'namespaces *on the path, on the path'

# An ICMP error of which nothing shows what it is about: no all-clear.
sed 's/Flags \[R.\], seq 0/Flags [S.], seq 0/' "$work/plain.txt" >"$work/icmp.txt"
echo '2024-03-02 09:14:03.1 IP 10.0.0.1 > 10.8.0.5: ICMP 10.8.0.9 unreachable - need to frag (mtu 1284), length 556' >>"$work/icmp.txt"
says "$work/icmp.txt" '1 ICMP error packet whose connection is not shown'

# Rows far behind in a saved page.
{ yes '<p class="menu">words, and 10:15 as a time</p>' | head -n 5000; echo "$refused"; } >"$work/page.html"
says "$work/page.html" 'connect-refused .*peer-host, likely'

# FILE=ZONE is of that file alone, and a file that has such a name is that file.
"$tool" report "$work/plain.txt=-02:00" --format json >"$work/zoned" || fail "FILE=ZONE is not read"
grep -q '"begin_time":"2024-03-02T11:14:02' "$work/zoned" || fail "FILE=ZONE shifts nothing"
cp "$work/plain.txt" "$work/plain.txt=-02:00"
"$tool" report "$work/plain.txt=-02:00" --format json | grep -q '"begin_time":"2024-03-02T09:14:02' || fail "a file whose name looks like FILE=ZONE"
rm "$work/plain.txt=-02:00"
"$tool" report "$work/plain.txt=Nowhere/Atall" >/dev/null 2>"$work/complaints" && fail "a zone that is none"
grep -q 'plain.txt=Nowhere/Atall' "$work/complaints" || fail "the complaint does not name the file"

# A log of another zone is proposed to be shifted.
cat >"$work/log.txt" <<'LOG'
03/02/2024|07:14:02.100 24F8:2648 INFO  :: Sending Packet - 10.8.0.9:8443 (From Local Address: 10.8.0.5:40100) 120 bytes:
03/02/2024|07:14:02.100 24F8:2648 INFO  :: OPTIONS sip:example.net SIP/2.0
Call-ID: call-1
CSeq: 1 OPTIONS
LOG
"$tool" report "$work/plain.txt" "$work/log.txt" >"$work/report" || fail "a list and a log"
tr -s ' \n' ' ' <"$work/report" >"$work/flat"
grep -q "shifted by +2 h they do.*($work/log.txt=-02:00)" "$work/flat" || { fail "no shift is proposed"; cat "$work/report"; }
grep -q 'MESSAGES WITHOUT A SOCKET' "$work/report" || fail "the message is not listed"
"$tool" report "$work/plain.txt" "$work/log.txt=-02:00" >"$work/report" || fail "a list and a log with its zone"
grep -q 'shifted by' "$work/report" && fail "a shift is proposed where none is needed"

for text in 'hello world' '<html><body><p>10.8.0.5.40100 &gt; 10.8.0.9.8443: Flags [S]</p></body></html>' 'int main() { return a.b > c.d; }'; do
    echo "$text" >"$work/other"
    "$tool" report "$work/other" >/dev/null 2>"$work/complaints" && fail "taken for a trace: $text"
    grep -q 'what can be read' "$work/complaints" || fail "not told what can be read"
done

exit $failed
