#!/bin/bash
# `cmake --install` gives a tree that works anywhere: the program, the Wireshark plugin, the pages; and the program needs few libraries.
cmake=$1 build=$2
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
failed=0

fail() {
    echo "$*"
    failed=1
}

"$cmake" --install "$build" --prefix "$prefix/here" >"$prefix/log" 2>&1 || { cat "$prefix/log"; exit 1; }
mv "$prefix/here" "$prefix/there"
cd / || exit 1
tool=$prefix/there/bin/tcpwitness
[[ $("$tool" --version) == "tcpwitness "* ]] || fail "the installed program does not run"
[[ -s $prefix/there/share/tcpwitness/wireshark/tcpwitness.lua ]] || fail "the Wireshark plugin is not installed"
pages=$prefix/there/share/doc/tcpwitness
for page in README.md CHANGELOG.md ARCHITECTURE.md docs/reading.md docs/json.md; do
    [[ -s $pages/$page ]] || fail "$page is not installed"
done

allowed='linux-vdso|ld-linux|libbpf|libelf|libz|libzstd|libstdc\+\+|libgcc_s|libm|libc'
ldd "$tool" | grep -Ev "^\s*(/.*/)?($allowed)[-.]" && fail "the program needs more than libbpf, libelf, zlib, zstd and the C++ runtime"
exit $failed
