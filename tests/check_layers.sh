#!/bin/sh
# Proves that rooms include downward only: src/layers.txt says which room may include which; each
# #include "room/..." of src/ is held against it, a room that is not in the table is an error, and
# only crypto/ may include libcrypto, only compress/ Brotli, only x509/ libpsl, only net/ libuv or
# sockets.
cd "$(dirname "$0")/../src" || exit 2
bad=0
grep -rn '^#include "' --include='*.[ch]' . | awk -F'[/:"]' '
  BEGIN {
    while ((getline line < "layers.txt") > 0) {
      if (line ~ /^#/ || line == "") continue
      n = split(line, w, /[: ]+/); known[w[1]] = 1; ok[w[1], w[1]] = 1
      for (i = 2; i <= n; i++) if (w[i] != "") ok[w[1], w[i]] = 1
    }
  }
  {
    from = $2; split($0, q, "\""); to = q[2]; seen++
    if ($2 == "handshake" && $3 == "tls12") from = "tls12" # a room within a room
    sub(/^handshake\/tls12\//, "tls12/", to)
    if (to !~ /\//) { print "unrooted: " $0; bad++; next }
    sub(/\/.*/, "", to)
    if (!known[from] || !(known[to] || to == "embed") || (to != "embed" && !ok[from, to])) {
      print "layer: " $0; bad++
    }
  }
  END { print seen + 0 " includes, " bad + 0 " layer violations"; exit bad > 0 || seen < 10 }' || bad=1
foreign() { # foreign PATTERN ROOM: only ROOM may include PATTERN
    hits=$(grep -rnE "^#include <($1)" --include='*.[ch]' . | grep -v "^\./$2/")
    [ -z "$hits" ] || { echo "only $2/ may include $1:"; echo "$hits"; bad=1; }
}
foreign 'openssl/' crypto
foreign 'brotli/' compress
foreign 'libpsl.h' x509
foreign 'uv.h|sys/socket.h|netdb.h' net
exit $bad
