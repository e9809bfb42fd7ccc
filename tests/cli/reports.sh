#!/bin/bash
# `report` of what is no trace, of several files, and into places that cannot take it.
tool=$1 write_sample=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

fail() {
    echo "$*"
    failed=1
}

# fails TEXT WORDS...: status 1, one line that holds TEXT, and nothing on stdout.
fails() {
    local text=$1 err code
    shift
    err=$("$tool" "$@" 2>&1 >out) && code=0 || code=$?
    [[ $code -eq 1 && ! -s out && $err == "tcpwitness: "*"$text"* && $err != *$'\n'* ]] || fail "tcpwitness $*: status $code, '$err'"
}

"$write_sample" trace.pcapng || exit 1
: >empty
head -c 1000000 /dev/urandom >garbage
printf 'not a trace\n' >text
escape=$'\e[31mred'
printf 'x' >"$escape"
fails "an empty file" report empty
fails "garbage" report garbage
fails "text" report text
fails "directory" report .
fails "an empty file" report /dev/null
fails "unknown kind" report /dev/zero
fails "No such file" report missing
fails "?[31mred" report "$escape"
fails "No space left" report -o /dev/full trace.pcapng
fails "No such file" report -o missing/out trace.pcapng
# Damage in the middle: what came before is shown, and what comes after; the place is told, and the status tells too.
cp trace.pcapng damaged
size=$(stat -c %s damaged)
printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' | dd of=damaged bs=1 seek=$((size * 6 / 10)) conv=notrunc status=none
"$tool" report damaged >out 2>err && fail "a damaged file: status 0"
grep -q '^! The file is damaged: ' out && grep -q '^tcpwitness: damaged: damaged: .*byte' err && grep -q TIMELINES out || fail "a damaged file: $(cat err out | head -30)"

# A name may hold bytes that drive a terminal or turn the reading direction; no message and no report passes them on.
hostile=$'\e[31m\u202e\xc2\x9bgnp.pcapng'
cp trace.pcapng "$hostile"
head -c 9000 trace.pcapng >"cut$hostile"
shown() { ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae|\xc2\x9b' "$@"; }
"$tool" report "$hostile" "cut$hostile" "missing$hostile" >out 2>err
shown out && shown err || fail "a file's name reaches the terminal: $(cat -v out err | grep -F '^[')"
"$tool" report "$hostile" >out 2>err
command=$(grep -om1 "wireshark -r .*" out)
[[ $(eval "set -- $command; printf %s \"\$3\"") == "$hostile" ]] ||
    fail "the command for Wireshark does not name the file: $command"
"$tool" report --format pcapng -o "new$hostile" "$hostile" >out 2>err || fail "export of a file with a hostile name: $(cat -v err)"
shown out && shown err || fail "export: a file's name reaches the terminal"
rm -f ./*"$hostile"
printf 'dear' >kept
fails "--force" report -o kept trace.pcapng
[[ $(cat kept) == dear ]] || fail "an existing file was written over"
fails "an empty file" report -o new empty
[[ ! -e new ]] || fail "a report of nothing left a file"
ls new.* 2>/dev/null && fail "a temporary file was left behind"

# Interrupted while it waits for more: no file, and no half of one.
mkfifo slow
"$tool" report -o late slow 2>err &
waiting=$!
exec 9>slow
head -c 100 trace.pcapng >&9
sleep 0.2
kill -TERM $waiting
wait $waiting 2>/dev/null
exec 9>&-
compgen -G 'late*' && fail "an interrupted report left a file"

"$tool" report -f -o kept trace.pcapng 2>err || fail "--force: $(cat err)"
"$tool" report trace.pcapng >out 2>err || fail "report: $(cat err)"
compgen -G 'kept.*' && fail "--force left a second name behind"
[[ $(stat -c %a kept) == $(printf '%o' $((0666 & ~$(umask)))) ]] || fail "-o makes a file with the permissions $(stat -c %a kept)"
cmp -s kept out || fail "-o writes something else than stdout gets"
"$tool" report trace.pcapng 2>/dev/full >out2 || fail "stderr is full: the report fails"
"$tool" report - <trace.pcapng 2>/dev/null | cmp -s - <(grep -v '^    wireshark -r \|^    display filter: ' out) || fail "stdin gives another report"
"$tool" report trace.pcapng >/dev/full 2>err && fail "a full disk behind stdout goes unnoticed"
"$tool" rules >/dev/full 2>err && fail "rules: a full disk behind stdout goes unnoticed"
set -o pipefail
"$tool" report trace.pcapng 2>err | head -1 >out2 || fail "a reader that has seen enough is no failure: $(cat err)"
set +o pipefail

# One bad file does not keep the others from being reported; the status tells.
cp trace.pcapng ./-dash
"$tool" report trace.pcapng empty -- -dash >both 2>err && fail "a bad file among good ones: status 0"
grep -q -- '-dash is the same recording as trace.pcapng: counted once' err || fail "a copy is not recognised: $(cat err)"
grep -q '^! -dash is the same recording as trace.pcapng: counted once' both || fail "a copy is not told in the report: $(head -20 both)"
grep -q 'an empty file' err || fail "a bad file among good ones goes unnamed"

# Messages must not end up in a file that took the number of a closed descriptor.
cp trace.pcapng before
"$tool" report trace.pcapng 2>&- >out2 || fail "stderr is closed: the report fails"
"$tool" report trace.pcapng <&- >&- 2>&-
cmp -s trace.pcapng before || fail "the trace was written to"
exit $failed
