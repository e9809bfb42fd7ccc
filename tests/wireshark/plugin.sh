#!/bin/bash
# The Wireshark plugin lists records and packets in one order, with readable columns and filters; also after zstd, editcap and mergecap.
set -u
write_sample=$1
plugin=$2
for tool in tshark editcap mergecap; do
    command -v $tool >/dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

show() { HOME=$work tshark -X lua_script:"$plugin" "$@" 2>"$work/stderr"; }

expect() { # WHAT EXPECTED SEEN
    if [ "$2" != "$3" ]; then
        echo "not ok: $1"
        diff <(echo "$2") <(echo "$3") | sed 's/^/    /'
        failed=1
    else
        echo "ok: $1"
    fi
}

"$write_sample" "$work/plain.pcapng" || exit 1
"$write_sample" "$work/zstd.pcapng.zst" || exit 1
editcap "$work/plain.pcapng" "$work/editcap.pcapng" || exit 1
mergecap -w "$work/mergecap.pcapng" "$work/plain.pcapng" || exit 1

lines='TCPWITNESS|10.1.0.2|10.2.0.2|state CLOSE -> SYN_SENT  (10.1.0.2:40001 > 10.2.0.2:5061)
TCPWITNESS|10.1.0.2|10.2.0.2|RTO timer armed, fires in 1000 ms  (10.1.0.2:40001 > 10.2.0.2:5061)
TCP|10.1.0.2|10.2.0.2|40001 → 5061 [SYN] Seq=0 Win=64240 Len=0
TCP|10.1.0.2|10.2.0.2|40001 → 5061 [RST] Seq=1 Win=64240 Len=0
TCPWITNESS|10.1.0.2|10.2.0.2|retransmit (SYN) of seq 7000, 0 bytes, round 1, rto 1.0 s  (10.1.0.2:40001 > 10.2.0.2:5061)
TCPWITNESS|2001:db8::1|2001:db8::2|RST sent: TCP_ABORT_ON_CLOSE, by server[900]  ([2001:db8::1]:443 > [2001:db8::2]:5061)
TCPWITNESS|10.1.0.2|10.2.0.2|socket error ETIMEDOUT, 0 retransmits  (10.1.0.2:40001 > 10.2.0.2:5061)
TCPWITNESS|10.1.0.2|10.2.0.2|client[500] connect() = -ETIMEDOUT after 7.0 s  (10.1.0.2:40001 > 10.2.0.2:5061)'
for file in plain.pcapng zstd.pcapng.zst editcap.pcapng mergecap.pcapng; do
    seen=$(show -r "$work/$file" -Y '(tcpwitness && tcpwitness.kind != "meta" && tcpwitness.cpu != 3) || tcp' \
           -T fields -E separator='|' -e _ws.col.Protocol -e _ws.col.Source -e _ws.col.Destination -e _ws.col.Info)
    expect "$file: records and packets in one order" "$lines" "$seen"
    expect "$file: nothing on stderr" "" "$(grep -v -e 'user "root"' "$work/stderr")"
done

every='call|server[500] accept() = fd 9 after 500 ns
state|state CLOSE -> LISTEN, accept queue limit 128
timer|loss probe timer fired after 204 ms, 3 retransmits before, snd_una 4000000000
retransmit|retransmit (fast) of seq 0, 0 bytes, round 0, rto 0 ns, failed: ENETUNREACH
synack_retransmit|retransmit 2 of SYN-ACK seq 12345, timeout 1000 ms
error|socket error ECONNABORTED, 0 bytes unacknowledged, 0 retransmits, set by ss[600]
reset_received|RST received, 0 bytes unacknowledged, 42 unread
reset_sent|RST sent: reason 99, by the listening socket, answers [SYN] seq 31
destroy|socket destroyed, 5000000000 bytes acknowledged, 0 received (SYN and FIN counted), 6 retransmits
process_exit|server[500] killed by signal 9, chosen by the OOM killer
snapshot|was there before the recording: SYN_SENT, server[500]
queue|accept queue 129 of 128, 7 half-open, 42 dropped, for 6.0 s; server[500] in state T in accept4, at do_signal_stop
option|setsockopt(fd 9, SO_LINGER, on, 0 s)
sample|sample: srtt 24 ms, cwnd 10, 5000000000 bytes acknowledged, 0 received (SYN and FIN counted), 6 retransmits
drop|dropped [SYN] seq 31 out: reason 12 in __ip_local_out
icmp|ICMP packet too big code 0 in, sent by 2001:db8::9, next hop takes 1280 bytes, about seq 31
route|route lookup: no route, table main, ENETUNREACH, for server[500]
neighbour|neighbour on eth0: changed from 02:00:00:00:00:00 to 02:00:00:00:00:ff
gap|42 records of probe timer_armed lost within 1.0 s
repeats|199950 RSTs sent without a socket within 1.0 s: counted, not recorded
meta|colour=ed
environment|sysctl net.ipv4.tcp_retries2 changed from 15 to 8
kind 200|kind 200: of a newer tcpwitness'
seen=$(show -r "$work/plain.pcapng" -Y 'tcpwitness.cpu == 3' -T fields -E separator='|' -e tcpwitness.kind -e _ws.col.Info | sed 's/  (.*//')
expect "every kind has its sentence" "$every" "$seen"

filter() { # FILTER COUNT
    seen=$(show -r "$work/plain.pcapng" -Y "$1" -T fields -e frame.number | wc -l)
    expect "filter $1" "$2" "$seen"
    grep -v 'user "root"' "$work/stderr"
}
filter 'tcpwitness.kind == "reset_sent"' 2
filter 'tcpwitness.kind == "reset_sent" && tcpwitness.reason == "TCP_ABORT_ON_CLOSE"' 1
filter 'tcpwitness.new_state == "SYN_SENT"' 1
filter 'tcpwitness.old_state == 7' 2
filter 'tcpwitness.op == "connect" && tcpwitness.error == 110' 1
filter 'tcpwitness.error.name == "ETIMEDOUT"' 2
filter 'tcpwitness.comm == "server" && tcpwitness.pid == 500' 5
filter 'tcpwitness.netns == 4026532002' 1
filter 'tcpwitness.cookie == 0x2002' 1
filter 'tcpwitness.peer.port == 5061 && tcpwitness.peer.address == "10.2.0.2"' 5
filter 'tcpwitness.peer.ipv4 == 10.2.0.0/16' 5
filter 'tcpwitness.local.ipv6 == 2001:db8::/32' 1
filter 'tcpwitness.port == 443' 1
filter 'tcpwitness.timer == "RTO" && tcpwitness.timeout_ms == 1000' 1
filter 'tcpwitness.unacknowledged == 105' 1
filter 'tcpwitness.isn == 12345' 1
filter 'tcpwitness.listener == 0x77 && tcpwitness.ret == 9 && tcpwitness.took_ns == 500' 1
filter 'tcpwitness.process_state == "T" && tcpwitness.process_call == "accept4"' 1
filter 'tcpwitness.option == "SO_LINGER" && tcpwitness.option_value == 1' 1
filter 'tcpwitness.rwnd_limited_ms == 2000 && tcpwitness.send_window == 65536' 1
filter 'tcpwitness.netfilter_function == "__ip_local_out" && tcpwitness.device == "eth0"' 1
filter 'tcpwitness.icmp_type == 2 && tcpwitness.mtu == 1280' 1
filter 'tcpwitness.route == "no route" && tcpwitness.table == 254' 1
filter 'tcpwitness.kind == "repeats" && tcpwitness.count > 100000' 1
filter 'tcpwitness.malformed' 0

"$write_sample" "$work/foreign.pcapng" foreign || exit 1
names='?[31m?xcod|?[31m?xcod[500] socket() = fd 3
grüß|grüß[500] socket() = fd 3
???|???[500] socket() = fd 3'
seen=$(show -r "$work/foreign.pcapng" -Y 'tcpwitness.cpu == 2 && tcpwitness.kind == "call"' -T fields -E separator='|' -e tcpwitness.comm -e _ws.col.Info | sed 's/  (.*//')
expect "names of processes pass no control characters on, and no duration is told that is not known" "$names" "$seen"
expect "nor does the tree" 0 "$(show -r "$work/foreign.pcapng" -Y 'tcpwitness.cpu == 2' -V | grep -cP '\x1b|\x{202e}|\x{200b}|\x{9b}')"

"$write_sample" "$work/damaged.pcapng" damaged || exit 1
shown=$(show -r "$work/damaged.pcapng" -V)
expect "short records raise no Lua error" 0 "$(echo "$shown" | grep -c 'Lua Error')"
expect "short records are marked" yes "$(show -r "$work/damaged.pcapng" -Y tcpwitness.malformed | grep -q 'Malformed record' && echo yes)"
expect "no short record goes unmarked" 0 "$(show -r "$work/damaged.pcapng" -Y 'tcpwitness.size > frame.cap_len && !tcpwitness.malformed' | wc -l)"
exit $failed
