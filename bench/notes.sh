#!/bin/sh
# ./dev bench --notes: what it costs that the engine can be watched, in time and (with valgrind) in instructions.
cd "$(dirname "$0")/.." || exit 2
notes=build/bench/measure/notes
alone=
if command -v taskset >/dev/null 2>&1; then
    alone="taskset -c $(($(nproc) - 1))"
fi

# instructions with|without: of one handshake, client and server; all of them, and those of the
# engine without libcrypto, whose own vary with the random numbers.
instructions() {
    valgrind -q --tool=callgrind --toggle-collect=bench_make --compress-strings=no \
        --callgrind-out-file="$counts" "$notes" --handshakes "$1" 100 2>/dev/null
    awk '/^ob=/ { engine = /_notes\.so$/ }
         /^calls=/ { inclusive = 1; next }
         /^[-+*0-9]/ { if (!inclusive) { all += $2; if (engine) own += $2 } inclusive = 0 }
         END { printf "%d %d\n", all / 100, own / 100 }' "$counts"
}

$alone "$notes"
code=$?
if [ $code -lt 2 ] && command -v valgrind >/dev/null 2>&1; then
    counts=$(mktemp)
    trap 'rm -f "$counts"' EXIT
    # shellcheck disable=SC2046
    set -- $(instructions with) $(instructions without)
    [ $# = 4 ] || exit 2
    printf '\ninstructions of the engine: %d with, %d without\n' "$2" "$4"
    awk -v more=$(($2 - $4)) -v all="$3" 'BEGIN {
        printf "%+d, of %d with libcrypto: %+.3f %%\n", more, all, more / all * 100 }'
fi
exit $code
