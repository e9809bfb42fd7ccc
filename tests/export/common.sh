# For the tests of written captures: sourced with $tool set, in a folder of its own.
for program in tshark editcap mergecap tcpdump; do
    command -v $program >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export HOME=$work
failed=0

expect() { # WHAT EXPECTED SEEN
    if [ "$2" != "$3" ]; then
        echo "not ok: $1"
        diff <(echo "$2") <(echo "$3") | head -20 | sed 's/^/    /'
        failed=1
    else
        echo "ok: $1"
    fi
}

export_to() { # OUT WORDS...: the report's words on stderr stay in said
    local out=$1
    shift
    "$tool" report --format pcapng -o "$out" "$@" 2>said || { echo "not ok: report $*: $(cat said)"; failed=1; }
}

# Everything about a frame but its comments.
frames() {
    tshark -n -r "$1" -T fields -E separator='|' -e frame.number -e frame.time_epoch -e frame.len -e frame.cap_len -e frame.encap_type \
           -e frame.interface_name -e frame.packet_id -e frame.packet_flags -e frame.protocols -e ip.src -e tcp.srcport -e tcp.seq_raw -e tcp.flags 2>stderr
    grep -v 'user "root"' stderr
}
comments() { tshark -n -r "$1" -Y frame.comment -T fields -e frame.number -e frame.comment 2>/dev/null; }

# What cannot be done is one line, and leaves no file.
refuses() { # TEXT WORDS...
    local text=$1 said
    shift
    said=$("$tool" report "$@" 2>&1 >/dev/null) && { echo "not ok: report $* is accepted"; failed=1; }
    [[ $said == "tcpwitness: "*"$text"* && $said != *$'\n'* ]] || { echo "not ok: report $*: '$said'"; failed=1; }
    [[ ! -e refused.pcapng ]] || { echo "not ok: report $* left a file"; failed=1; rm refused.pcapng; }
}
