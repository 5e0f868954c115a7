#!/bin/sh
# Measures this engine beside its peers in one run, on one processor where that can be had.
cd "$(dirname "$0")/.." || exit 2
bench=build/bench/bench/bench
if command -v taskset >/dev/null 2>&1; then
    exec taskset -c "$(($(nproc) - 1))" "$bench" "$@"
fi
exec "$bench" "$@"
