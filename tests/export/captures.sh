#!/bin/bash
# A capture that others made, written again by `report --format pcapng`: every kind of file in, the same frames out.
set -u
tool=$1 here=$(realpath "$(dirname "$0")") samples=$2
. "$here/common.sh"
python3 "$here/write_capture.py" us.pcap || exit 1
editcap -F nsecpcap us.pcap ns.pcap >/dev/null 2>&1
editcap -F pcapng -a "8:was here" us.pcap ng.pcapng >/dev/null 2>&1
gzip -k us.pcap
zstd -q ng.pcapng

for kind in us.pcap ns.pcap ng.pcapng us.pcap.gz ng.pcapng.zst; do
    plain=${kind%.gz} && plain=${plain%.zst}
    export_to out.pcapng -f "$kind"
    editcap -F pcapng "$plain" as.pcapng >/dev/null 2>&1  # where tshark names the interface as it does in any pcapng
    expect "$kind: same frames, numbers and times" "$(frames as.pcapng)" "$(frames out.pcapng)"
    expect "$kind: is a pcapng" 1 "$(capinfos -t out.pcapng 2>/dev/null | grep -c '^File type:.*pcapng')"
    expect "$kind: the resends say what they are" "$(printf '6\n7')" "$(comments out.pcapng | grep 'client: retransmission (' | cut -f1)"
    expect "$kind: markers are named" "$(printf '1\n17')" "$(comments out.pcapng | grep -P '\tmarker "' | cut -f1)"
    expect "$kind: the ICMP error is evidence" 16 "$(comments out.pcapng | grep 'host-unreachable: .*,ICMP host unreachable' | cut -f1)"
    expect "$kind: the RST is evidence" 14 "$(comments out.pcapng | grep 'finding \[[0-9]*\] connect-refused: ' | cut -f1 | tail -1)"
    shown=$(sed -n 's/^\[[0-9]*\] connect-refused: wireshark -r out.pcapng -g //p' said)
    expect "$kind: the command shows a reset" 0x0014 "$(tshark -n -r out.pcapng -Y "frame.number == ${shown:-0}" -T fields -e tcp.flags 2>/dev/null)"
done
export_to out.pcapng -f ng.pcapng
expect "a comment that was there stays" yes "$(comments out.pcapng | grep -P '^8\twas here' >/dev/null && echo yes)"
expect "what was written yields the same report" "$("$tool" report ng.pcapng | sed 's/-r ng.pcapng/-r F/')" "$("$tool" report out.pcapng | sed 's/-r out.pcapng/-r F/')"
for program in "editcap out.pcapng through.pcapng" "mergecap -w through.pcapng out.pcapng"; do
    $program >/dev/null 2>&1
    expect "${program%% *} keeps the comments" "$(comments out.pcapng)" "$(comments through.pcapng)"
done
expect "tcpdump reads the same packets" "$(tcpdump -ttnr us.pcap 2>/dev/null)" "$(tcpdump -ttnr out.pcapng 2>/dev/null)"

# The filter that the report names chooses the session in trouble.
filter=$("$tool" report us.pcap 2>/dev/null | sed -n '/connect-refused/,$ s/^ *display filter: //p' | head -1)
expect "the display filter chooses its packets" "13 14" "$(tshark -n -r us.pcap -Y "$filter" -T fields -e frame.number 2>/dev/null | paste -sd' ')"

# Two kinds of link in one file: tcpdump takes the one that most packets have.
editcap -F pcap -T rawip4 -C 14 us.pcap raw.pcap >/dev/null 2>&1
editcap -r us.pcap few.pcap 13-14 >/dev/null 2>&1
mergecap -w both.pcapng raw.pcap few.pcap >/dev/null 2>&1
export_to one.pcapng --packets-only both.pcapng
expect "packets only: one kind of link" "17" "$(tcpdump -nr one.pcapng 2>/dev/null | wc -l)"
expect "packets only: what is left out is said" yes "$(grep -q '^2 packets of Ethernet left out: ' said && echo yes)"

# Between markers of a capture.
expect "the markers are listed" "begin ping:22 end" "$("$tool" report us.pcap | sed -n 's/^markers  *//p' | grep -oE '(begin|ping:22|end) ' | tr -d '\n' | sed 's/ $//')"
between() { "$tool" report us.pcap --between "$@" 2>/dev/null; }
expect "all lies between the first and the last" yes "$(between begin end | grep -q connect-refused && echo yes)"
expect "it says between which times" yes "$(between begin ping:22 | grep -q '^between  *..:..:20.000000 and ..:..:22.000000; ' && echo yes)"
expect "the refusal is not before the ping" no "$(between begin ping:22 | grep -q connect-refused && echo yes || echo no)"
expect "the resends are before the ping" 2 "$(between begin ping:22 -v | grep -c 'retransmission (')"
expect "the resends are not behind it" 0 "$(between ping:22 end -v | grep -c 'retransmission (')"
expect "the refusal is behind it" yes "$(between ping:22 end | grep -q connect-refused && echo yes)"
expect "times too" yes "$(between +2.5 @1700000004.5 | grep -q connect-refused && echo yes)"
refuses "no marker 'ping:33'; there are begin, ping:22, end" us.pcap --between begin ping:33
refuses "'begin' is before 'end'" us.pcap --between end begin

# Damage: what came before it is written, or one line.
head -c $(($(stat -c %s us.pcap) - 20)) us.pcap >cut.pcap
export_to cut.pcapng cut.pcap
expect "cut off: what is whole is written" "$(frames as.pcapng | head -16)" "$(frames cut.pcapng)"
expect "cut off: it is said" yes "$(grep -q 'ends inside a packet' said && echo yes)"
damaged() { # IN OUT FRAME: the frame's captured length is wrong
    python3 -c '
import struct, sys
data, at = bytearray(open(sys.argv[1], "rb").read()), 24
for _ in range(int(sys.argv[3]) - 1): at += 16 + struct.unpack_from("<I", data, at + 8)[0]
struct.pack_into("<I", data, at + 8, 0x7fffffff)
open(sys.argv[2], "wb").write(data)' "$@"
}
damaged us.pcap damaged.pcap 4
"$tool" report damaged.pcap >report 2>said || { echo "not ok: a damaged capture: status $?"; failed=1; }
expect "damage in the midst: it is said" yes "$(grep -q '^! The file is damaged: bytes .* passed over' report && grep -q 'damaged.pcap: damaged: bytes' said && echo yes)"
export_to damaged.pcapng damaged.pcap
expect "damage in the midst: all other packets are written" 16 "$(frames damaged.pcapng | wc -l)"
editcap -r us.pcap first.pcap 1-8 >/dev/null 2>&1
editcap us.pcap second.pcap 1-8 >/dev/null 2>&1
expect "parts of one capture are one" "$("$tool" report us.pcap 2>/dev/null | grep '^connections')" "$("$tool" report second.pcap first.pcap 2>/dev/null | grep '^connections')"
expect "parts of one capture: it is said" yes "$("$tool" report second.pcap first.pcap 2>/dev/null | grep -q '^! second.pcap goes on where first.pcap ends: one capture, and its frame 1 is frame 9 here' && echo yes)"
refuses "join them first" --format pcapng -o refused.pcapng first.pcap second.pcap
refuses "a text" --format pcapng -o refused.pcapng "$samples/netsh.txt"
mkfifo pipe
refuses "can be read once" --format pcapng -o refused.pcapng pipe
refuses "no-such-file" --format pcapng -o refused.pcapng no-such-file
exit $failed
