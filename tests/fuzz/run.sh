#!/bin/sh
# run.sh SECONDS [TARGET...]: runs each fuzz target of build/fuzz for so long, as many at a time as there
# are processors, each from its own corpus in tests/fuzz/corpus; one line a target.
cd "$(dirname "$0")/../.." || exit 2
seconds=${1:-60}
[ $# -gt 0 ] && shift
# shellcheck disable=SC2046 # no name of a target has a blank
[ $# -gt 0 ] || set -- $(find build/fuzz -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x -exec basename {} \; | sort)
[ $# -gt 0 ] || { echo "failed: no fuzz targets were built"; exit 1; }

one() {
    found=build/fuzz/found/$1
    seeds=tests/fuzz/corpus/$1
    mkdir -p "$found" "$seeds"
    log=build/fuzz/$1.log
    if build/fuzz/"$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$1-" "$found" "$seeds" >"$log" 2>&1; then
        printf 'ok %s, %s runs\n' "$1" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    else
        printf 'FAILED %s, see %s: %s\n' "$1" "$log" "$(grep -m1 -E 'ERROR|runtime error|Assertion' "$log")"
    fi
}

# A target a processor: split the list and work it off side by side.
jobs=${JOBS:-$(nproc)}
k=0
while [ "$k" -lt "$jobs" ]; do
    (
        i=0
        for target in "$@"; do
            [ $((i % jobs)) = "$k" ] && one "$target"
            i=$((i + 1))
        done
    ) &
    k=$((k + 1))
done
wait
