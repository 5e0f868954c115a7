#!/bin/sh
# The shared library shows the public functions and nothing else: every symbol begins with lockstep_, and
# every function of include/lockstep is there. And the headers say of each what it does.
symbols=$(nm -D --defined-only "$1" | awk '$2 ~ /[TDBRV]/ { print $3 }')
bad=$(printf '%s\n' "$symbols" | grep -v '^lockstep_')
[ -z "$bad" ] || { echo "internal symbols are visible:"; echo "$bad"; exit 1; }
declared=$(grep -hoE 'lockstep_[a-z0-9_]+\(' include/lockstep/*.h | tr -d '(' | sort -u)
missing=0
for f in $declared; do
    grep -hE "LOCKSTEP_(API|CHECKED).*[ *]$f\(" include/lockstep/*.h >/dev/null || continue
    printf '%s\n' "$symbols" | grep -qx "$f" || { echo "not in the library: $f"; missing=1; }
    grep -hE "^(/[*]| [*]).*$f([^a-z0-9_]|\$)" include/lockstep/*.h >/dev/null ||
        { echo "no comment says what it does: $f"; missing=1; }
done
[ "$(printf '%s\n' "$symbols" | wc -l)" -gt 50 ] || { echo "too few symbols"; exit 1; }
exit $missing
