# Shared by tools/test and tools/aarch64 (bash, sourced): runs what ctest lists, and counts.

# run_units BUILD NAME...: all tests of a build folder, or those named. Leaves the counts in passed, failed and skipped.
run_units() {
    local folder=$1 report select=() status tests
    shift
    [[ $# -eq 0 ]] || select=(-R "^($(IFS='|'; echo "$*"))$")
    report=$(mktemp)
    ctest --test-dir "$folder" --no-tests=error --output-on-failure -j "$(nproc)" --output-junit "$report" "${select[@]}"
    status=$?
    count() { { grep -o -m1 "$1=\"[0-9]*\"" "$report" || echo 0; } | tr -dc 0-9; }
    tests=$(count tests) failed=$(count failures) skipped=$(($(count skipped) + $(count disabled)))
    rm -f "$report"
    passed=$((tests - failed - skipped))
    # Nothing matched, or ctest itself broke down: that is a failure too, though no test says so.
    [[ $status -eq 0 || $failed -gt 0 ]] || failed=1
}
