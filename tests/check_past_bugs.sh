#!/bin/sh
# Each row of docs/past-bugs.md names a file of tests/ and words that stand in it.
list=docs/past-bugs.md
# shellcheck disable=SC2016 # the backquotes are those of the list
rows=$(sed -n 's/^| .* | `\([^`]*\)`: `\([^`]*\)` |$/\1\t\2/p' "$list")
bad=$(printf '%s\n' "$rows" | while IFS='	' read -r file words; do
    grep -qF -- "$words" "tests/$file" 2>/dev/null || echo "tests/$file has no \"$words\""
done)
[ -z "$bad" ] || { echo "$bad"; exit 1; }
n=$(printf '%s\n' "$rows" | wc -l)
lines=$(grep -c '^| [^|]* |' "$list") # with the head of the table
if [ "$n" -lt 30 ] || [ "$n" -ne $((lines - 1)) ]; then
    echo "of $((lines - 1)) rows $n can be read"
    exit 1
fi
echo "$n past bugs, each with its test"
