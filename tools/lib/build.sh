# Shared by tools/run and tools/test (bash, sourced): installs what is missing, and builds.
# Both are quick when there is nothing to do, so that either may be called every time.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build

fail() {
    echo "$*" >&2
    exit 1
}

# install_packages PURPOSE...: the packages of tools/packages.txt for these purposes (build, test) that are not installed yet.
install_packages() {
    local purposes=" $* " purpose name wanted=() missing=()
    while read -r purpose name; do
        [[ $purposes == *" $purpose "* ]] && wanted+=("$name")
    done < <(grep -v '^#' "$root/tools/packages.txt")
    command -v dpkg-query >/dev/null || return 0  # not Debian: what is missing, the configuration names

    local installed
    installed=$'\n'$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null)$'\n'
    for name in "${wanted[@]}"; do
        [[ $installed == *$'\n'"installed $name"$'\n'* ]] || missing+=("$name")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    [[ $EUID -eq 0 ]] || fail "these packages are missing: ${missing[*]}. Run it with sudo, and they are installed."
    echo "installing ${missing[*]}" >&2
    export DEBIAN_FRONTEND=noninteractive  # tshark's package asks who may capture
    local install=(apt-get install -qq -y --no-install-recommends "${missing[@]}")
    "${install[@]}" >/dev/null 2>&1 || { apt-get update -qq >&2 && "${install[@]}" >/dev/null; } >&2 ||
        fail "apt-get could not install: ${missing[*]}"
}

# build [TARGET...]: Release, in build/; without targets everything, the tests included. Configures when there is need, says
# nothing when there is nothing to do. Output goes to stderr.
build() {
    # Somebody else's build is used as it is: reports need no privileges.
    if [[ $# -gt 0 && -x $build/userspace/tcpwitness && ! -w $build ]]; then return 0; fi
    local testing=ON
    [[ $# -eq 0 ]] || testing=OFF  # what only the tests need is perhaps not installed
    if [[ ! -f $build/build.ninja ]] || { [[ $testing == ON ]] && grep -qs '^BUILD_TESTING:BOOL=OFF' "$build/CMakeCache.txt"; }; then
        cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=$testing >&2 || fail "configuration failed"
    fi
    ninja -C "$build" --quiet "$@" | grep -v '^ninja: no work to do' >&2
    [[ ${PIPESTATUS[0]} -eq 0 ]] || fail "build failed"
    # What root built under sudo, its owner can go on building.
    if [[ $EUID -eq 0 && -n ${SUDO_UID:-} && $(stat -c %u "$build") != "$SUDO_UID" ]]; then
        chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$build"
    fi
}
