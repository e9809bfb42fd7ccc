#!/bin/bash
# A wrong command line is one line on stderr, nothing on stdout, and exit status 2; help is on stdout, with 0.
tool=$1
failed=0

says() {
    local expected=$1 text=$2
    shift 2
    local out err code
    err=$("$tool" "$@" 2>&1 >/dev/null) && code=0 || code=$?
    out=$("$tool" "$@" 2>/dev/null)
    if [[ $code -ne $expected || -n $out || $err != "tcpwitness: "*"$text"* || $err == *$'\n'* ]]; then
        echo "tcpwitness $*: status $code, stdout '$out', stderr '$err'; expected $expected and '$text'"
        failed=1
    fi
}

says 2 "no command 'bogus'" bogus
says 2 "no command '?[31m'" $'\e[31m'
says 2 "needs a trace" report
says 2 "unknown option --bogus" report --bogus x
says 2 "unknown option -x" report -x y
says 2 "option --format needs a value" report --format
says 2 "option --force takes no value" report --force=yes x
says 2 "there is no 'xml'" report --format xml x
says 2 "not auto, always or never" report --color sometimes x
says 2 "not a list of ports" report --port 70000 x
says 2 "not an address" report --host nowhere x
says 2 "not a process id" record --pid 0
says 2 "not a duration" record --duration -1
says 2 "--sample: 100ms or more" record --sample 10ms
says 2 "not a duration" record --sample often
says 2 "from 64K to 1G" record --buffer 1
says 2 "needs a filter" record --segments
says 2 "needs a filter" live --segments --since +1
says 2 "is past" record --until @1700000000
says 2 "behind --" record sleep 1
says 2 "no network namespace" record --netns no-such-namespace
says 2 "needs one name" mark
says 2 "needs one name" mark a b
says 2 "no name for a marker" mark 10:00
says 2 "no name for a marker" mark $'\e[31m'
says 2 "name of one rule" explain
says 2 "no rule 'nothing'" explain nothing
for command in rules probes doctor demo; do
    says 2 "takes no operand 'more'" $command more
    says 2 "takes no operand '-more'" $command -- -more
done

for words in --help -h help "record --help" "report -h"; do
    err=$("$tool" $words 2>&1 >/dev/null) || failed=1
    [[ -z $err && $("$tool" $words) == "usage: tcpwitness "* ]] || { echo "tcpwitness $words does not help on stdout"; failed=1; }
done
[[ $("$tool" 2>&1 >/dev/null) == "usage: "* ]] || { echo "without arguments: no usage on stderr"; failed=1; }
exit $failed
