"""The local certificate authority: its files, what it issues, and the stores that trust it."""
import base64
import hashlib
import json
import os
import re
import ssl
import subprocess

import pytest

from kit import LOCKSTEP, connect, run


@pytest.fixture
def ca(bench):
    """`lockstep ca …` with a home of its own, in which a CA was made."""
    def command(*args, **more):
        return bench.lockstep("ca", *args, **more)

    command.dir = bench.home / "data" / "lockstep"
    command.root = command.dir / "rootCA.pem"
    r = command("init")
    assert r.rc == 0 and str(command.root) in r.out, r
    return command


def text_of(cert, env):
    r = run(["openssl", "x509", "-in", cert, "-noout", "-text"], env)
    assert r.rc == 0, r
    return r.out


def sha256(cert):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(cert.read_text())).hexdigest()


def mode(path):
    return path.stat().st_mode & 0o777


def test_init(bench, ca):
    key = ca.dir / "rootCA-key.pem"
    assert mode(ca.dir) == 0o700 and mode(key) == 0o600
    text = text_of(ca.root, bench.env)
    assert re.search(r"Basic Constraints: critical\s+CA:TRUE", text), text
    assert re.search(r"Key Usage: critical\s+Certificate Sign", text), text
    assert "Lockstep" in re.search("Subject: (.*)", text)[1]
    r = run(["openssl", "verify", "-x509_strict", "-check_ss_sig", "-CAfile", ca.root, ca.root], bench.env)
    assert r.rc == 0, r
    r = run(["openssl", "pkey", "-in", key, "-noout", "-check"], bench.env)
    assert r.rc == 0, r


def test_init_again_changes_nothing(ca):
    before = {p: p.read_bytes() for p in ca.dir.iterdir()}
    r = ca("init")
    assert r.rc == 0, r
    assert {p: p.read_bytes() for p in ca.dir.iterdir()} == before


def test_init_side_by_side(bench):
    """Ten at once make one CA, and all of them the same."""
    starts = [subprocess.Popen([LOCKSTEP, "ca", "init", "--quiet"], env=bench.env, stdout=subprocess.DEVNULL)
              for _ in range(10)]
    assert [p.wait(20) for p in starts] == [0] * 10
    assert bench.lockstep("ca", "issue", "a.test").rc == 0
    leaf = bench.dir / "a.test.pem"
    r = run(["openssl", "verify", "-CAfile", bench.home / "data/lockstep/rootCA.pem", "-untrusted", leaf, leaf],
            bench.env)
    assert r.rc == 0, r


def test_path(bench, ca):
    r = ca("path")
    assert r.rc == 0 and r.out == f"{ca.root}\n" and r.err == "", r


def test_default_place(bench):
    """Without XDG_DATA_HOME the place is ~/.local/share (XDG's default)."""
    env = {k: v for k, v in bench.env.items() if k != "XDG_DATA_HOME"}
    r = bench.lockstep("ca", "path", env=env)
    assert r.out == f"{bench.home}/.local/share/lockstep/rootCA.pem\n", r


def test_umask_does_not_matter(bench):
    r = run(["sh", "-c", 'umask 0; exec "$@"', "sh", LOCKSTEP, "ca", "issue", "a.test"], bench.env, cwd=bench.dir)
    assert r.rc == 0, r
    dir = bench.home / "data" / "lockstep"
    assert mode(dir) == 0o700 and mode(dir / "rootCA-key.pem") == 0o600
    assert mode(bench.dir / "a.test-key.pem") == 0o600


@pytest.mark.parametrize("type, shown", [
    (None, "id-ecPublicKey"), ("ecdsa", "prime256v1"), ("ecdsa-p384", "secp384r1"), ("rsa", "rsaEncryption"),
    ("ed25519", "ED25519")])
def test_issue(bench, ca, type, shown):
    names = ["dev.test", "*.dev.test", "127.0.0.1", "::1"]
    r = ca("issue", *(["--key-type", type] if type else []), *names)
    assert r.rc == 0, r
    cert, key = bench.dir / "dev.test.pem", bench.dir / "dev.test-key.pem"
    assert mode(key) == 0o600
    text = text_of(cert, bench.env)
    assert shown in text, text
    sans = re.search(r"Subject Alternative Name:.*\n\s+(.*)", text)[1].split(", ")
    assert sans == ["DNS:dev.test", "DNS:*.dev.test", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1"], text
    assert "TLS Web Server Authentication" in text and "CA:TRUE" not in text, text
    for check in (["-verify_hostname", "dev.test"], ["-verify_hostname", "a.dev.test"], ["-verify_ip", "127.0.0.1"]):
        r = run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", *check, "-CAfile", ca.root,
                 "-untrusted", cert, cert], bench.env)
        assert r.rc == 0, r
    r = run(["openssl", "verify", "-x509_strict", "-verify_hostname", "other.test", "-CAfile", ca.root, "-untrusted",
             cert, cert], bench.env)
    assert r.rc != 0 and "ostname mismatch" in r.err, r
    r = run(["certtool", "--verify", "--load-ca-certificate", ca.root, "--infile", cert, "--verify-hostname",
             "dev.test", "--verify-purpose", "1.3.6.1.5.5.7.3.1"], bench.env)
    assert r.rc == 0 and "Chain verification output: Verified" in r.all, r
    # it works: with serve, for get, curl and Python
    server = bench.serve(identity=["--cert", cert, "--key", key])
    host = f"a.dev.test:{server.port}"
    r = bench.get("--resolve", f"{host}:127.0.0.1", f"https://{host}/hello.txt", root=ca.root)
    assert r.out == "hello\n", r
    r = run(["curl", "-q", "-sS", "--cacert", ca.root, "--resolve", f"{host}:127.0.0.1", f"https://{host}/hello.txt"],
            bench.env)
    assert r.out == "hello\n", r


def test_issue_refuses_to_overwrite(bench, ca):
    assert ca("issue", "dev.test").rc == 0
    before = {p: p.read_bytes() for p in bench.dir.glob("dev.test*")}
    assert len(before) == 2
    r = ca("issue", "dev.test")
    assert r.rc not in (0, 2) and "dev.test" in r.err and "--force" in r.err, r
    assert {p: p.read_bytes() for p in bench.dir.glob("dev.test*")} == before
    assert ca("issue", "--force", "dev.test").rc == 0
    after = {p: p.read_bytes() for p in bench.dir.glob("dev.test*")}
    assert all(after[p] != before[p] for p in before)
    # one of the two alone is not replaced either, and neither is made without the other
    (bench.dir / "dev.test.pem").unlink()
    key = (bench.dir / "dev.test-key.pem").read_bytes()
    assert ca("issue", "dev.test").rc != 0
    assert (bench.dir / "dev.test-key.pem").read_bytes() == key and not (bench.dir / "dev.test.pem").exists()


def test_issue_names_files(bench, ca):
    out = bench.dir / "out"
    out.mkdir()
    r = ca("issue", "--out-dir", out, "*.dev.test")
    assert r.rc == 0 and sorted(p.name for p in out.iterdir()) == ["_wildcard.dev.test-key.pem",
                                                                   "_wildcard.dev.test.pem"], r
    r = ca("issue", "--cert-file", bench.dir / "c.pem", "--key-file", bench.dir / "k.pem", "::1")
    assert r.rc == 0 and (bench.dir / "c.pem").exists() and mode(bench.dir / "k.pem") == 0o600, r


@pytest.mark.parametrize("name", ["", "no host", "a..test", "*", "*.*.test", "a.*.test", "-a.test", "1.2.3.4.5:80",
                                  "a_b.test", "../../etc/x", "a/b", "x" * 64 + ".test", "https://dev.test", "a\nb"])
def test_issue_refuses_names(bench, ca, name):
    before = {p for p in bench.dir.rglob("*")}
    r = ca("issue", "--", name)
    assert r.rc not in (0, None) and r.rc < 126 and r.err, r
    assert {p for p in bench.dir.rglob("*")} == before


def test_list(bench, ca):
    r = ca("list", "--json")
    assert r.rc == 0, r
    report = json.loads(r.out)
    assert report["version"] == 1 and report["root"] == str(ca.root)
    assert report["sha256"] == sha256(ca.root)
    assert report["not_before_ms"] < report["not_after_ms"]
    assert len(report["stores"]) >= 2 and not any(s["trusted"] for s in report["stores"]), report
    r = ca("list")
    assert r.rc == 0 and report["sha256"] in r.out.replace(":", "").lower(), r


def test_without_a_ca(bench):
    """list and untrust do not make one."""
    for action in ("list", "untrust"):
        r = bench.lockstep("ca", action)
        assert r.rc not in (0, 2) and "ca init" in r.err, r
    assert not (bench.home / "data").exists()


# Where browsers keep NSS databases, below the home, and XDG's directory of settings.
NSS_PLACES = [".mozilla/firefox/a.default", "snap/firefox/common/.mozilla/firefox/b.default",
              ".var/app/org.mozilla.firefox/.mozilla/firefox/c.default",
              ".var/app/org.mozilla.firefox/config/mozilla/firefox/d.default", "xdg/mozilla/firefox/e.default",
              "snap/chromium/current/.pki/nssdb"]


def make_nss_places(bench):
    for place in NSS_PLACES:
        (bench.home / place).mkdir(parents=True)
        r = run(["certutil", "-N", "-d", f"sql:{bench.home / place}", "--empty-password"], bench.env)
        assert r.rc == 0, r


def test_trust_dry_run(bench, ca):
    """Every change is listed, store by store, and none is made."""
    make_nss_places(bench)
    env = {**bench.env, "XDG_CONFIG_HOME": f"{bench.home}/xdg"}
    system = sorted(os.listdir("/usr/local/share/ca-certificates"))
    before = set(bench.home.rglob("*"))
    r = ca("trust", "--dry-run", env=env)
    assert r.rc == 0 and "would be added" in r.out, r
    lines = [line.strip() for line in r.out.splitlines()]
    tag = sha256(ca.root)[:16]
    file = f"/usr/local/share/ca-certificates/lockstep-{tag}.crt"
    assert any(line.startswith(f"write {file}, a copy of {ca.root}") for line in lines), r
    assert any(re.match(r"run +update-ca-certificates", line) for line in lines), r
    fresh = f"{bench.home}/.pki/nssdb"
    assert f"run   certutil -N -d sql:{fresh} --empty-password" in lines, r
    for place in [fresh, *(f"{bench.home}/{place}" for place in NSS_PLACES)]:
        assert f"run   certutil -A -d sql:{place} -t C,, -n 'lockstep {tag}' -i {ca.root}" in lines, (place, r)
    assert set(bench.home.rglob("*")) == before
    assert sorted(os.listdir("/usr/local/share/ca-certificates")) == system


def test_untrust_dry_run(bench, ca):
    """The same for taking it out, and the lines that trust listed are what it takes to get there."""
    make_nss_places(bench)
    env = {**bench.env, "XDG_CONFIG_HOME": f"{bench.home}/xdg"}
    lines = [line.strip() for line in ca("trust", "--dry-run", env=env).out.splitlines()]
    for line in lines:
        if line.startswith("run   certutil"):
            (bench.home / ".pki/nssdb").mkdir(parents=True, exist_ok=True)
            r = run(["sh", "-c", line[6:]], env)
            assert r.rc == 0, r
    r = ca("untrust", "--dry-run", env=env)
    tag = sha256(ca.root)[:16]
    for place in [".pki/nssdb", *NSS_PLACES]:
        assert f"run   certutil -D -d sql:{bench.home}/{place} -n 'lockstep {tag}'" in r.out, (place, r)
        assert "lockstep" in run(["certutil", "-L", "-d", f"sql:{bench.home}/{place}"], env).out
    assert r.out.count("would be taken out") == len(NSS_PLACES) + 1, r


def nss(bench, *args):
    return run(["certutil", *args, "-d", f"sql:{bench.home}/.pki/nssdb"], bench.env)


def test_nss_store(nobody):
    """As a user: NSS is served, and for the system's store the exact command for an administrator is told."""
    bench = nobody
    command = [*bench.drop, bench.dir / "lockstep", "ca"]
    system = sorted(os.listdir("/usr/local/share/ca-certificates"))

    def ca(*args):
        return run([*command, *args], bench.env, cwd=bench.dir)

    assert ca("init").rc == 0
    root = bench.home / "data" / "lockstep" / "rootCA.pem"
    r = ca("trust")
    assert r.rc != 0 and "sudo" in r.all and "update-ca-certificates" in r.all, r
    listed = nss(bench, "-L")
    assert re.search(r"(?i)lockstep.*C,,", listed.out), listed
    name = re.search(r"(?im)^(lockstep.*?)\s+C,,", listed.out)[1]
    exported = nss(bench, "-L", "-n", name, "-a")
    der = base64.b64decode("".join(exported.out.split("-----")[2].split()))
    assert hashlib.sha256(der).hexdigest() == sha256(root)
    stores = {s["place"]: s["trusted"] for s in json.loads(ca("list", "--json").out)["stores"]}
    assert [t for place, t in stores.items() if "nssdb" in place] == [True], stores
    r = ca("trust")  # again: nothing new
    assert "there already" in r.out, r
    assert len(re.findall(r"(?i)lockstep", nss(bench, "-L").out)) == 1
    r = ca("untrust")
    assert r.rc == 0 and "taken out" in r.out, r
    assert not re.search(r"(?i)lockstep", nss(bench, "-L").out)
    assert ca("untrust").rc == 0  # again: nothing to do
    assert sorted(os.listdir("/usr/local/share/ca-certificates")) == system


def test_get_points_to_the_local_ca(bench, ca):
    """Who has made a CA and forgot to trust it is told where it is."""
    server = bench.serve(identity=[])
    url = f"https://localhost:{server.port}/hello.txt"
    r = bench.lockstep("get", url)
    assert r.rc == 60 and str(ca.root) in r.err and "lockstep ca trust" in r.err, r
    assert bench.lockstep("get", "--cacert", ca.root, url).out == "hello\n"


APART = """
for d in /etc/ssl/certs /usr/local/share/ca-certificates; do
    cp -a $d "$1/$(basename $d)" && mount --bind "$1/$(basename $d)" $d || exit 99
done
shift
exec "$@"
"""


def test_system_store(bench, ca):
    """In a mount namespace with copies of the system's directories: trust makes curl and get content without
    any option, untrust takes that back, and the rest of the store stays as it was."""
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if run([*unshare, "sh", "-c", "mount -t tmpfs none /mnt"], bench.env).rc != 0:
        pytest.skip("no mount namespaces here")
    server = bench.serve(identity=[])
    url = f"https://localhost:{server.port}/hello.txt"
    copies = bench.dir / "copies"
    copies.mkdir()
    r = run([*unshare, "sh", "-c", APART, "sh", copies, "sh", "-c", """
        cp /etc/ssl/certs/ca-certificates.crt "$1/before"
        "$2" get "$3"; echo "before $?"
        "$2" ca trust --quiet; echo "trust $?"
        "$2" get "$3"; echo "get $?"
        curl -q -sS "$3"; echo "curl $?"
        "$2" ca list --json >"$1/list"
        "$2" ca untrust --quiet; echo "untrust $?"
        cmp /etc/ssl/certs/ca-certificates.crt "$1/before"; echo "same $?"
        "$2" get "$3"; echo "after $?"
        """, "sh", bench.dir, LOCKSTEP, url], bench.env, timeout=120)
    assert r.out.split() == ["before", "60", "trust", "0", "hello", "get", "0", "hello", "curl", "0", "untrust", "0",
                             "same", "0", "after", "60"], r
    stores = json.loads((bench.dir / "list").read_text())["stores"]
    assert all(s["trusted"] for s in stores) and len(stores) == 2, stores


def test_serve_makes_its_own_certificate(bench, ca):
    """Without --cert: a certificate for localhost, 127.0.0.1 and ::1, kept for the next start."""
    def leaf():
        server = bench.serve(identity=[])
        with connect(server.port, ca.root) as tls:
            der = tls.getpeercert(binary_form=True)
            sans = {v for _, v in tls.getpeercert()["subjectAltName"]}
        assert server.terminate() == 0
        assert {"localhost", "127.0.0.1"} <= sans and "0:0:0:0:0:0:0:1" in sans, sans
        return der

    first = leaf()
    assert leaf() == first
    assert all(mode(p) == 0o600 for p in ca.dir.glob("*key*")) and mode(ca.dir) == 0o700


def test_damaged_files(bench, ca):
    """A CA whose files do not fit together is reported, not replaced."""
    key = ca.dir / "rootCA-key.pem"
    good = key.read_bytes()
    for bad in (b"", b"nonsense\n", good[:60]):
        key.write_bytes(bad)
        r = ca("issue", "dev.test")
        assert r.rc not in (0, 2) and r.rc < 126 and str(ca.dir) in r.err, r
        assert key.read_bytes() == bad and not (bench.dir / "dev.test.pem").exists()


@pytest.mark.parametrize("args", [[], ["nonsense"], ["issue"], ["init", "more"], ["list", "--nonsense"],
                                  ["issue", "--key-type", "dsa", "a.test"], ["issue", "--days", "91", "a.test"],
                                  ["issue", "--days", "0", "a.test"], ["issue", "--permit", "a.test", "a.test"],
                                  ["init", "--permit", "10.0.0.1/8"], ["init", "--permit", "a..test"],
                                  ["init", "--unconstrained", "--permit", "a.test"], ["trust", "--force"]])
def test_usage(bench, args):
    r = bench.lockstep("ca", *args)
    assert r.rc == 2 and 1 <= len(r.err.splitlines()) <= 3 and r.out == "", r
    assert not (bench.home / "data").exists()
