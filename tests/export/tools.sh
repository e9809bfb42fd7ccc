#!/bin/bash
# A capture that `report --format pcapng` writes again: same frames, same numbers, same times, and comments where they belong, for tshark,
# editcap, mergecap and tcpdump.
set -u
tool=$1 write_sample=$2
samples=$(cd "$(dirname "$0")/../samples" && pwd)
. "$(dirname "$0")/common.sh"

# A trace of ours.
"$write_sample" trace.pcapng small || exit 1
export_to same.pcapng trace.pcapng
expect "a trace: same frames, numbers and times" "$(frames trace.pcapng)" "$(frames same.pcapng)"
expect "a trace: still a trace with the same findings" "$("$tool" report trace.pcapng 2>/dev/null)" \
       "$("$tool" report same.pcapng 2>/dev/null | sed 's/-r same/-r trace/')"
rst=$(tshark -n -r trace.pcapng -Y 'tcp.flags.reset == 1' -T fields -e frame.number 2>/dev/null)
syn=$(tshark -n -r trace.pcapng -Y 'tcp.flags.syn == 1' -T fields -e frame.number 2>/dev/null)
expect "a trace: the SYN says whose it is and what it did" yes \
       "$(comments same.pcapng | grep -P "^$syn\t" | grep -q 'client\[500\].*state CLOSE -> SYN_SENT.*RTO timer armed' && echo yes)"
expect "a trace: the SYN is evidence of the finding" yes "$(comments same.pcapng | grep -P "^$syn\t" | grep -q 'finding \[1\] connect-timeout: ' && echo yes)"
shown=$(sed -n 's/^\[1\] connect-timeout: wireshark -r same.pcapng -g //p' said)
expect "a trace: the command that shows the finding" yes "$([[ $shown == "$syn" || $shown == "$rst" ]] && echo yes)"
for program in "editcap same.pcapng through.pcapng" "mergecap -w through.pcapng same.pcapng"; do
    $program >/dev/null 2>&1
    expect "${program%% *} keeps the comments" "$(comments same.pcapng)" "$(comments through.pcapng)"
done

# What needs no plugin and no Wireshark.
export_to inline.pcapng --inline-events trace.pcapng
cp said said_inline
expect "inline events: SYN and RST are there" 2 "$(tshark -n -r inline.pcapng -Y tcp 2>/dev/null | wc -l)"
expect "inline events: no record is left" 0 "$(tshark -n -r inline.pcapng -T fields -e frame.interface_name 2>/dev/null | grep -c kernel)"
expect "inline events: state change, timer, retransmission, error in time order" "state CLOSE|RTO timer armed|SYN|RST|retransmit 1|socket error" \
       "$(tshark -n -r inline.pcapng -T fields -e _ws.col.Info 2>/dev/null |
          grep -o 'state CLOSE\|RTO timer armed\|\[SYN\]\|\[RST\]\|retransmit 1\|socket error' | tr -d '[]' | paste -sd'|')"
expect "inline events: process and facts are fields" yes \
       "$(tshark -n -r inline.pcapng -V 2>/dev/null | grep -q 'TCPWITNESS_KIND=state\|Unknown Field: TCPWITNESS_KIND=state\|TCPWITNESS_KIND' && echo yes)"
expect "inline events: frames are in time order" "$(tshark -n -r inline.pcapng -T fields -e frame.time_epoch 2>/dev/null | sort -n)" \
       "$(tshark -n -r inline.pcapng -T fields -e frame.time_epoch 2>/dev/null)"
export_to packets.pcapng --packets-only trace.pcapng
expect "packets only: tcpdump lists SYN and RST" 'S R' "$(tcpdump -nr packets.pcapng 2>/dev/null | grep -o 'Flags \[[SR]' | grep -o '.$' | paste -sd' ')"
expect "packets only: comments are there" yes "$(comments packets.pcapng | grep -q 'client\[500\]' && echo yes)"
expect "packets only: what was written is a capture" yes "$("$tool" report packets.pcapng 2>/dev/null | grep -q '(incomplete, ' && echo yes)"

# A packet that was shown keeps its comments' number when events stand before it.
shown=$(sed -n 's/^\[1\] connect-timeout: wireshark -r inline.pcapng -g //p' said_inline)
expect "inline events: the command counts them" yes "$(comments inline.pcapng | grep -P "^$shown\t" | grep -q 'finding \[1\]' && echo yes)"

# Markers are named in the report, and in the events.
expect "the report lists the markers" yes "$("$tool" report trace.pcapng 2>/dev/null | grep -q '^markers  *begin .*, middle .*, end ' && echo yes)"
expect "inline events: a marker is one" yes "$(tshark -n -r inline.pcapng -T fields -e _ws.col.Info 2>/dev/null | grep -q 'marker "middle"' && echo yes)"

refuses "goes with --format pcapng" --inline-events trace.pcapng
refuses "goes with --format pcapng" --packets-only --format json trace.pcapng
refuses "give one FILE" --format pcapng -o refused.pcapng trace.pcapng "$samples/netsh.txt"
refuses "can be read once" --format pcapng -o refused.pcapng -
mkfifo pipe
refuses "can be read once" --format pcapng -o refused.pcapng pipe
refuses "no marker 'nowhere'; there are begin, middle, end" --between begin nowhere trace.pcapng
exit $failed
