#!/bin/bash
# What is written down covers what there is: commands, options, rules, probes, and the links between pages.
tool=$1 root=$2
readme=$root/README.md
failed=0

fail() {
    echo "$*"
    failed=1
}

commands=$("$tool" --help | awk '/^Commands:/ { on = 1; next } !NF { on = 0 } on { print $1 }')
[[ $(wc -w <<<"$commands") -ge 8 ]] || fail "tcpwitness --help lists no commands"
for command in $commands; do
    grep -Eq "^\| .*\`$command[ \`]" "$readme" || fail "README.md does not list the command $command"
    "$tool" "$command" --help | awk 'length > 80 { print "wider than 80 columns: " $0; wide = 1 } END { exit wide }' || fail "in tcpwitness $command --help"
done
"$tool" --help | awk 'length > 80 { print; wide = 1 } END { exit wide }' || fail "wider than 80 columns in tcpwitness --help"

# Every filter is named where filters are explained.
for option in $("$tool" report --help | awk '/^Filters/ { on = 1 } on && $1 ~ /^--/ { print $1 }'); do
    grep -q -- "\`$option[ \`]" "$readme" || fail "README.md does not name the filter $option"
done

# Every kind of file that report reads is in README's table.
kinds=$("$tool" report --help | awk '/^Files:/ { on = 1; next } !NF { on = 0 } on && /^  [^ ]/ { sub(/^  /, ""); sub(/   *.*/, ""); print }')
[[ $(wc -l <<<"$kinds") -ge 5 ]] || fail "tcpwitness report --help lists no kinds of file"
while read -r kind; do
    grep -Eq "^\| ([^|]*, )?$kind[ ,]" "$readme" || fail "README.md does not list the files: $kind"
done <<<"$kinds"

rules=$("$tool" rules | awk '{ print $1 }')
[[ -n $rules ]] || fail "tcpwitness rules lists nothing"
for rule in $rules; do
    text=$("$tool" explain "$rule") || fail "tcpwitness explain $rule fails"
    for title in "What it means" "How it is recognised" "What it is not" "What makes it proven" "What to do next"; do
        grep -A1 "^$title\$" <<<"$text" | grep -Eq '^    .{20}' || fail "tcpwitness explain $rule: nothing under '$title'"
    done
    proven=$(awk '/^What makes it proven$/ { on = 1; next } !NF { on = 0 } on' <<<"$text")
    [[ $proven == *"never called proven"* ]] || grep -Eq '^    - .{20}' <<<"$proven" || fail "tcpwitness explain $rule: no ground under 'What makes it proven'"
    [[ $(head -1 <<<"$text") == "$rule: "* ]] || fail "tcpwitness explain $rule: no summary"
done

"$tool" probes | awk '/^[a-z]/ { if (name && !shows) print "probe " name " does not say what it shows"; name = $1; shows = 0 }
                      /^ / { shows = 1 } END { if (!shows) print "probe " name " does not say what it shows" }' | grep . && failed=1

kernels=$root/docs/kernels.md
for probe in $("$tool" probes | awk '/^[a-z]/ { print $1 }'); do
    grep -q "^| \`$probe\` |" "$kernels" || fail "docs/kernels.md does not name the probe $probe; tools/vm --docs writes it"
done

# Links and paths that the pages name exist.
for page in "$readme" "$root"/ARCHITECTURE.md "$root"/docs/*.md; do
    for target in $(grep -o '](\([^)#:]*\))' "$page" | tr -d '()]'); do
        [[ -e $(dirname "$page")/$target ]] || fail "$(basename "$page") links to $target, which does not exist"
    done
done
for path in $(grep -o '`\(bpf\|parsers\|userspace\|tests\|tools\|docs\)/[a-z_./*]*`' "$root/ARCHITECTURE.md" | tr -d '`'); do
    compgen -G "$root/$path" >/dev/null || fail "ARCHITECTURE.md names $path, which does not exist"
done

# The tree speaks of itself only, not of the machine that it was written on. (The brackets keep this line from finding itself.)
(cd "$root" && grep -rInE '/wor[k]/|/tm[p]/build-|/hom[e]/' --exclude-dir=.git --exclude=.git --exclude-dir=build .) && fail "a path of some machine is in the tree"
exit $failed
