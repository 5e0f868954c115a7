#!/bin/sh
# Builds BoringSSL's TLS test runner: runner.sh OUT [DIR], where DIR is ssl/test/runner of a checkout
# of BoringSSL; without it the source package of Debian is fetched. Go's packages come from Debian
# (/usr/share/gocode); GO and GOPATH may name another Go and more packages.
set -eu
out=$1 dir=${2:-}
cd "$(dirname "$0")/../.."
work=$(pwd)/build/bogo
package=android-platform-external-boringssl
mkdir -p "$work"

say() { printf '%s\n' "bogo: $*" >&2; }

# sources prints a list for apt of where the system's packages come from, but for their sources.
sources() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v suite="$1" '$2 == suite && $3 == "main" { print "deb-src", $1, $2, $3; exit }'
}

# fetch unpacks the runner from Debian's source package into $work/debian and sets dir.
fetch() {
    dir=$work/debian/src/ssl/test/runner
    [ -d "$dir" ] && return
    # shellcheck disable=SC1091
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    say "fetching the source package $package of $suite"
    rm -rf "$work/apt" "$work/debian"
    mkdir -p "$work/apt/lists/partial" "$work/apt/download" "$work/debian.new"
    sources "$suite" >"$work/apt/sources.list"
    [ -s "$work/apt/sources.list" ] || { say "apt knows no archive of $suite"; exit 1; }
    set -- -qq -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o "Dir::State::Lists=$work/apt/lists" -o APT::Sandbox::User="$(id -un)"
    apt-get "$@" update
    (cd "$work/apt/download" && apt-get "$@" source --download-only "$package")
    # Debian's patches are about the library; the runner needs none of them.
    tar -xJf "$work"/apt/download/"$package"_*.orig.tar.xz -C "$work/debian.new" --strip-components=1 \
        --wildcards '*/src/ssl/test/runner' '*/src/util/testresult' '*/src/go.mod'
    mv "$work/debian.new" "$work/debian"
}

# build makes the program by the packages of GOPATH alone, and where those do not suffice, as the
# module that it is, with whatever the user's Go does to get the others.
build() {
    go=${GO:-go} root=$(cd "$dir/../../.." && pwd)
    module=$(sed -n 's/^module //p' "$root/go.mod")
    mkdir -p "$work/gopath/src/$(dirname "$module")"
    ln -sfn "$root" "$work/gopath/src/$module"
    say "building the runner of $root with $($go env GOVERSION)"
    export CGO_ENABLED=0 GOCACHE="$work/gocache" GOTOOLCHAIN=local
    GO111MODULE=off GOPATH="$work/gopath:${GOPATH:+$GOPATH:}/usr/share/gocode" \
        "$go" test -c -vet=off -o "$out" "$module/ssl/test/runner" 2>"$work/build.log" && return
    (cd "$dir" && GOTOOLCHAIN=auto "$go" test -c -vet=off -o "$out") 2>>"$work/build.log" && return
    head -30 "$work/build.log" >&2
    exit 1
}

[ -n "$dir" ] || fetch
dir=$(cd "$dir" && pwd)
build
printf '%s\n' "$dir"
