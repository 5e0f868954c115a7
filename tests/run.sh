#!/bin/sh
# Runs every test of a built tree and closes with one line of totals. Called by ./dev test.
cd "$(dirname "$0")/.." || exit 2
passed=0 failed=0 jobs=${JOBS:-$(nproc)}

say() { printf '\n== %s (%ss)\n' "$1" "$(($(date +%s) - started))"; }
started=$(date +%s)

# count WHAT PASSED FAILED
count() {
    passed=$((passed + $2)) failed=$((failed + $3))
    printf '%s: %s passed, %s failed\n' "$1" "$2" "$3"
}

# ctest_in DIR: unit, machine and vector tests of one build
ctest_in() {
    log=$1/ctest.log
    ctest --test-dir "$1" -j "$jobs" --timeout 900 --output-on-failure >"$log" 2>&1
    grep -E '^ *[0-9]+/[0-9]+ Test' "$log"
    good=$(grep -cE '^ *[0-9]+/[0-9]+ Test.* Passed' "$log")
    all=$(grep -cE '^ *[0-9]+/[0-9]+ Test' "$log")
    [ "$good" = "$all" ] || sed -n '/[*][*][*]Failed/,/^ *[0-9]*\/[0-9]* Test/p' "$log" | tail -80
    [ "$all" -gt 0 ] || all=1 # no test is a failure
    count "$1" "$good" $((all - good))
}

# pytest_in DIR: interoperability and end-to-end tests against the release build
pytest_in() {
    log=build/pytest-$(basename "$1").log
    /usr/bin/python3 -m pytest -p no:cacheprovider -q -rfE "$1" 2>&1 | tee "$log"
    line=$(tail -1 "$log")
    good=$(printf '%s' "$line" | grep -oE '[0-9]+ passed' | grep -oE '[0-9]+')
    bad=0
    for n in $(printf '%s' "$line" | grep -oE '[0-9]+ (failed|error)' | grep -oE '[0-9]+'); do
        bad=$((bad + n))
    done
    [ -n "$good$bad" ] && [ "${good:-0}" -gt 0 ] || bad=$((bad + 1)) # no test is a failure
    count "$1" "${good:-0}" "$bad"
}

say "unit, machine and vector tests"
ctest_in build
say "the same under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer"
ctest_in build/asan
for dir in tests/interop tests/e2e; do
    ls "$dir"/test_*.py >/dev/null 2>&1 || continue
    say "$dir"
    pytest_in "$dir"
done
say "fuzz targets, ${FUZZ_SECONDS:-10} s each"
log=build/fuzz.log
sh tests/fuzz/run.sh "${FUZZ_SECONDS:-10}" | tee "$log"
count fuzz "$(grep -c '^ok ' "$log")" "$(grep -cv '^ok ' "$log")"

say "all"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
