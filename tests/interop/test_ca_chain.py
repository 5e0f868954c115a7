"""What the local CA may certify, its intermediate, and what a thief of its keys can do: nothing much."""
import json
import os
import re
import shlex
import socket
import ssl

import pytest

from kit import LOCKSTEP, connect, run

BANK = "www.bank.example"
PERMITTED = ["localhost", "test", "internal", "home.arpa", "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12",
             "192.168.0.0/16", "169.254.0.0/16", "fe80::/10", "fc00::/7"]


class LocalCa:
    def __init__(self, bench):
        self.bench, self.dir = bench, bench.home / "data" / "lockstep"
        self.root, self.root_key = self.dir / "rootCA.pem", self.dir / "rootCA-key.pem"

    def __call__(self, *args, **more):
        return self.bench.lockstep("ca", *args, **more)

    @property
    def middle(self):
        return next(p for p in self.dir.glob("intermediate-*.pem") if "key" not in p.name)

    @property
    def middle_key(self):
        return next(self.dir.glob("intermediate-*-key.pem"))

    def listed(self):
        return json.loads(self("list", "--json").out)


@pytest.fixture
def ca(bench):
    ca = LocalCa(bench)
    r = ca("init")
    assert r.rc == 0, r
    return ca


def openssl(bench, *args):
    r = run(["openssl", *args], bench.env)
    assert r.rc == 0, r
    return r.out


def text_of(bench, cert):
    return openssl(bench, "x509", "-in", cert, "-noout", "-text")


def blocks(path):
    return re.findall("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", path.read_text(), re.S)


def steal(bench, cert, key, names=f"DNS:{BANK}", name="stolen", ca=False, chain=None, subject=f"/CN={BANK}"):
    """What a thief makes with the openssl command and the key of an issuer; the leaf with the issuer behind it."""
    leaf, leaf_key, ext = (bench.dir / f"{name}{end}" for end in (".pem", "-key.pem", ".ext"))
    usage = "keyCertSign" if ca else "digitalSignature"
    ext.write_text(f"basicConstraints=critical,CA:{'TRUE' if ca else 'FALSE'}\nkeyUsage=critical,{usage}\n"
                   "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
                   + ("" if ca else f"extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName={names}\n"))
    openssl(bench, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", leaf_key,
            "-subj", subject, "-out", bench.dir / "csr")
    openssl(bench, "x509", "-req", "-in", bench.dir / "csr", "-CA", cert, "-CAkey", key, "-days", "30", "-extfile", ext,
            "-set_serial", "4711", "-out", leaf)
    leaf.write_text(leaf.read_text() + (chain or cert.read_text()))
    return leaf, leaf_key


def verify(bench, ca, leaf, *args):
    return run(["openssl", "verify", "-x509_strict", *args, "-CAfile", ca.root, "-untrusted", leaf, leaf], bench.env)


def certtool(bench, ca, leaf):
    return run(["certtool", "--verify", "--load-ca-certificate", ca.root, "--infile", leaf], bench.env)


def curl(bench, ca, server, host):
    return run(["curl", "-q", "-sS", "--cacert", ca.root, "--resolve", f"{host}:{server.port}:127.0.0.1",
                f"https://{host}:{server.port}/hello.txt"], bench.env)


def get(bench, ca, server, host):
    return bench.get("--resolve", f"{host}:{server.port}:127.0.0.1", f"https://{host}:{server.port}/hello.txt",
                     root=ca.root)


# ---- The root and the intermediate ----------------------------------------------------------------


def test_shape(bench, ca):
    root, middle = text_of(bench, ca.root), text_of(bench, ca.middle)
    assert re.search(r"CA:TRUE, pathlen:1\n", root) and re.search(r"CA:TRUE, pathlen:0\n", middle)
    for text in (root, middle):
        constraints = re.search(r"X509v3 Name Constraints: critical\n(.*?)\n\s+(Signature|X509v3)", text, re.S)[1]
        for name in ("DNS:localhost", "DNS:test", "DNS:internal", "DNS:home.arpa", "IP:10.0.0.0/255.0.0.0",
                     "IP:172.16.0.0/255.240.0.0", "email:invalid", "URI:invalid"):
            assert name + "\n" in constraints + "\n", text
    assert (ca.middle_key.stat().st_mode & 0o777) == 0o600
    listed = ca.listed()
    assert set(PERMITTED) <= set(listed["permitted"]), listed
    years = (listed["not_after_ms"] - listed["not_before_ms"]) / 86400e3 / 365
    assert 9.9 < years < 10.1
    middle = listed["intermediate"]
    years = (middle["not_after_ms"] - middle["not_before_ms"]) / 86400e3 / 365
    assert middle["file"] == str(ca.middle) and 1.9 < years < 2.1
    host = socket.gethostname()
    assert ("." in host or host == "localhost") or host in listed["permitted"], listed


def test_chain_is_written(bench, ca):
    assert ca("issue", "a.test").rc == 0
    both = blocks(bench.dir / "a.test.pem")
    assert len(both) == 2 and both[1] == ca.middle.read_text()
    server = bench.serve(identity=[])
    with connect(server.port, ca.root) as tls:
        issuer = dict(pair[0] for pair in tls.getpeercert()["issuer"])
    assert "intermediate" in issuer["commonName"], issuer


def test_intermediate_is_remade(bench, ca):
    """When it is damaged or has less than 120 days left; the root stays as it is."""
    root, first = ca.root.read_bytes(), ca.middle.read_bytes()
    ca.middle.write_text("damaged")
    assert ca("issue", "a.test").rc == 0
    assert ca.root.read_bytes() == root and ca.middle.read_bytes() != first
    assert verify(bench, ca, bench.dir / "a.test.pem").rc == 0
    # an intermediate of the same root with less and with more left
    csr, ext = bench.dir / "m.csr", bench.dir / "m.ext"
    ext.write_text("basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n"
                   "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    for days, stays in ((119, False), (121, True)):
        openssl(bench, "req", "-new", "-key", ca.middle_key, "-subj", "/CN=Short", "-out", csr)
        openssl(bench, "x509", "-req", "-in", csr, "-CA", ca.root, "-CAkey", ca.root_key, "-days", str(days),
                "-extfile", ext, "-set_serial", "5", "-out", ca.middle)
        before = ca.middle.read_bytes()
        assert ca("issue", "--force", "a.test").rc == 0
        assert (ca.middle.read_bytes() == before) is stays, days
        assert verify(bench, ca, bench.dir / "a.test.pem").rc == 0
    assert ca.root.read_bytes() == root


def test_root_key_put_away(bench, ca):
    """The key of the root is needed for intermediates only."""
    away = bench.dir / "away"
    ca.root_key.rename(away)
    r = ca("issue", "a.test")
    assert r.rc == 0 and verify(bench, ca, bench.dir / "a.test.pem").rc == 0, r
    ca.middle.unlink()
    r = ca("issue", "b.test")
    assert r.rc == 1 and str(ca.root_key) in r.err and not (bench.dir / "b.test.pem").exists(), r
    away.rename(ca.root_key)
    assert ca("issue", "b.test").rc == 0


@pytest.mark.parametrize("pathlen", ["", ",pathlen:1", ",pathlen:0"])
def test_old_data_directory(bench, pathlen):
    """A root from before: unconstrained, without intermediate. One is made where the root has room for it, else
    the root signs, as it did."""
    ca = LocalCa(bench)
    ca.dir.mkdir(parents=True, mode=0o700)
    openssl(bench, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            ca.root_key, "-out", ca.root, "-days", "3650", "-subj", "/CN=Lockstep local CA", "-addext",
            f"basicConstraints=critical,CA:TRUE{pathlen}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    root = ca.root.read_bytes()
    r = ca("issue", "dev.test", "www.example.org")
    assert r.rc == 0 and ca.root.read_bytes() == root, r
    leaf = bench.dir / "dev.test.pem"
    assert len(blocks(leaf)) == (1 if pathlen == ",pathlen:0" else 2)
    assert verify(bench, ca, leaf).rc == 0
    server = bench.serve(identity=[])
    assert get(bench, ca, server, "localhost").out == "hello\n"
    assert ca.listed()["permitted"] is None
    r = ca("trust", "--dry-run")
    assert r.rc == 0 and "any name" in r.err, r
    r = ca("init")
    assert r.rc == 0 and "init --force" in r.out and ca.root.read_bytes() == root, r


# ---- init -----------------------------------------------------------------------------------------


def test_permit(bench):
    ca = LocalCa(bench)
    r = ca("init", "--permit", "example.dev", "--permit", "100.64.0.0/10", "--permit", "bücher.example")
    assert r.rc == 0 and "example.dev" in r.out, r
    assert {"example.dev", "100.64.0.0/10", "xn--bcher-kva.example", *PERMITTED} <= set(ca.listed()["permitted"])
    for name in ("example.dev", "a.b.example.dev", "*.example.dev", "100.64.1.2", "bücher.example"):
        assert ca("issue", name).rc == 0, name
    for name in ("example.com", "xexample.dev", "dev", "100.128.0.1"):
        assert ca("issue", name).rc == 1, name
    assert verify(bench, ca, bench.dir / "a.b.example.dev.pem").rc == 0
    # it does so already
    assert ca("init", "--permit", "www.example.dev").rc == 0


def test_permit_needs_a_new_root(bench, ca):
    before = {p: p.read_bytes() for p in ca.dir.iterdir()}
    r = ca("init", "--permit", "example.dev")
    assert r.rc == 1 and "--force" in r.err and "*.old" in r.err, r
    assert {p: p.read_bytes() for p in ca.dir.iterdir()} == before
    r = ca("init", "--force", "--permit", "example.dev")
    assert r.rc == 0 and "untrust" in r.out, r
    old = {p: p.read_bytes() for p in ca.dir.iterdir() if p.suffix == ".old"}
    assert len(old) == 4 and all(before[p.with_suffix("")] == content for p, content in old.items()), old
    assert ca("issue", "example.dev").rc == 0
    # a second time: the first old one stays
    assert ca("init", "--force").rc == 0
    assert all(p.read_bytes() == content for p, content in old.items())
    r = ca("untrust", "--old", "--dry-run")
    assert r.rc == 0 and r.out.count("rootCA.pem") == 2, r


def test_force_of_a_damaged_root(bench, ca):
    ca.root.write_text("damaged")
    assert ca("issue", "a.test").rc == 1
    r = ca("init", "--force")
    assert r.rc == 0 and r.err == "" and (ca.dir / "rootCA.pem.old").read_text() == "damaged", r
    assert ca("issue", "a.test").rc == 0


def test_unconstrained(bench):
    ca = LocalCa(bench)
    r = ca("init", "--unconstrained", "--quiet")
    assert r.rc == 0 and "DANGER" in r.err, r
    assert ca.listed()["permitted"] is None and ca("issue", BANK).rc == 0
    assert "Name Constraints" not in text_of(bench, ca.root) + text_of(bench, ca.middle)


# ---- issue ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [BANK, "com", "*.example.com", "8.8.8.8", "172.32.0.1", "2001:db8::1", "xtest",
                                  "test.example"])
def test_outside(bench, ca, name):
    r = ca("issue", "dev.test", name)
    assert r.rc == 1 and name in r.err and "--permit" in r.err and len(r.err.splitlines()) == 3, r
    assert not list(bench.dir.glob("dev.test*"))


def test_u_label(bench, ca):
    r = ca("issue", "bücher.test", "*.Bücher.test")
    assert r.rc == 0, r
    text = text_of(bench, bench.dir / "xn--bcher-kva.test.pem")
    assert "DNS:xn--bcher-kva.test, DNS:*.xn--bcher-kva.test" in text, text
    for bad in ("bü cher.test", "bücher..test", "ü" * 70 + ".test", "a／b.test", "*.bü*cher.test"):
        r = ca("issue", bad)
        assert r.rc == 1 and r.err, r


@pytest.mark.parametrize("days", [1, 30, 90])
def test_days(bench, ca, days):
    assert ca("issue", "--days", str(days), "a.test").rc == 0
    cert = bench.dir / "a.test.pem"
    for seconds, rc in ((days * 86400 - 600, 0), (days * 86400 + 600, 1)):
        assert run(["openssl", "x509", "-in", cert, "-noout", "-checkend", str(seconds)], bench.env).rc == rc
    assert verify(bench, ca, cert).rc == 0


@pytest.mark.parametrize("type", ["ecdsa", "rsa", "ed25519"])
def test_every_judge_is_content(bench, ca, type):
    """Names of one kind or another, alone and together; in certificates for addresses alone there is no common
    name, which OpenSSL would put before the constraints as a DNS name."""
    for names in (["a.test"], ["10.1.2.3"], ["fd00::1"], ["::1", "localhost"], ["*.a.internal", "192.168.1.1"]):
        r = ca("issue", "--key-type", type, "--force", "--cert-file", bench.dir / "c.pem", "--key-file",
               bench.dir / "k.pem", *names)
        assert r.rc == 0, r
        r = verify(bench, ca, bench.dir / "c.pem", "-purpose", "sslserver")
        assert r.rc == 0, r
        r = certtool(bench, ca, bench.dir / "c.pem")
        assert r.rc == 0 and "Chain verification output: Verified" in r.all, r
    server = bench.serve(identity=["--cert", bench.dir / "c.pem", "--key", bench.dir / "k.pem"])
    assert get(bench, ca, server, "x.a.internal").out == "hello\n"
    assert curl(bench, ca, server, "x.a.internal").out == "hello\n"


@pytest.mark.parametrize("name", ["Alice", "Jürgen Groß", "alice@dev.test", "alice.dev.test"])
def test_client(bench, ca, name):
    r = ca("issue", "--client", name)
    assert r.rc == 0, r
    cert, key = (bench.dir / line for line in r.out.splitlines())
    assert cert.name.endswith("-client.pem") and (key.stat().st_mode & 0o777) == 0o600
    text = text_of(bench, cert)
    assert "TLS Web Client Authentication" in text and "TLS Web Server Authentication" not in text, text
    assert ("DNS:alice.dev.test" in text) is (name == "alice.dev.test"), text
    r = verify(bench, ca, cert, "-purpose", "sslclient")
    assert r.rc == 0, r
    assert certtool(bench, ca, cert).rc == 0
    assert verify(bench, ca, cert, "-purpose", "sslserver").rc != 0
    # a server that asks for it is content
    server = bench.s_server("-Verify", "3", "-verify_return_error", "-CAfile", ca.root, "-www")
    r = run(["curl", "-q", "-sS", "--cacert", bench.pki.server().root, "--cert", cert, "--key", key,
             f"https://localhost:{server.port}/"], bench.env)
    assert r.rc == 0, r


@pytest.mark.parametrize("name", [b"", b"a\nb", b"a\xffb", b"\xed\xa0\x80", b"\xc0\xaf", b"a" * 65, b"\xc2\x85"])
def test_client_without_a_name(bench, ca, name):
    r = ca("issue", "--client", "--", os.fsdecode(name))
    assert r.rc == 2 and not list(bench.dir.glob("*.pem")), r


def test_client_outside(bench, ca):
    r = ca("issue", "--client", BANK)
    assert r.rc == 1 and BANK in r.err, r


# ---- Thieves --------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [f"DNS:{BANK}", "IP:93.184.216.34", f"DNS:localhost,DNS:{BANK}", "IP:2606:4700::1",
                                   f"DNS:localhost,email:info@{BANK}", f"DNS:localhost,URI:https://{BANK}/"])
def test_stolen_intermediate(bench, ca, names):
    leaf, key = steal(bench, ca.middle, ca.middle_key, names, subject="/O=Thief")
    r = verify(bench, ca, leaf)
    assert r.rc != 0 and "permitted subtree violation" in r.err, r
    r = certtool(bench, ca, leaf)
    if "URI" not in names:  # GnuTLS looks at none
        assert r.rc != 0 and "Chain verification output: Not verified" in r.all, r
    host = "localhost" if "localhost" in names else BANK if "DNS" in names else names[3:]
    if ":" in host:
        return
    server = bench.serve(identity=["--cert", leaf, "--key", key])
    r = get(bench, ca, server, host)
    assert r.rc == 60 and "constraint" in r.err, r
    r = curl(bench, ca, server, host)
    assert r.rc == 60 and r.out == "", r


def test_control(bench, ca):
    """The same thief is believed below a CA without constraints, so the tests above show what they say; and
    for what is permitted a stolen key is good."""
    leaf, key = steal(bench, ca.middle, ca.middle_key, "DNS:www.dev.test", subject="/O=Thief")
    server = bench.serve(identity=["--cert", leaf, "--key", key])
    assert get(bench, ca, server, "www.dev.test").out == curl(bench, ca, server, "www.dev.test").out == "hello\n"
    assert ca("init", "--force", "--unconstrained").rc == 0
    leaf, key = steal(bench, ca.middle, ca.middle_key)
    server = bench.serve(identity=["--cert", leaf, "--key", key])
    assert get(bench, ca, server, BANK).out == curl(bench, ca, server, BANK).out == "hello\n"


def test_stolen_root(bench, ca):
    """The key of the root makes leaves and other intermediates, bound as well."""
    leaf, key = steal(bench, ca.root, ca.root_key)
    middle, middle_key = steal(bench, ca.root, ca.root_key, name="m", ca=True, chain="\n", subject="/CN=Thief's CA")
    below, below_key = steal(bench, middle, middle_key, name="below")
    for cert, its_key in ((leaf, key), (below, below_key)):
        assert verify(bench, ca, cert).rc != 0
        server = bench.serve(identity=["--cert", cert, "--key", its_key])
        assert get(bench, ca, server, BANK).rc == 60 and curl(bench, ca, server, BANK).rc == 60


def test_intermediate_makes_no_ca(bench, ca):
    middle, middle_key = steal(bench, ca.middle, ca.middle_key, name="m", ca=True, subject="/CN=Thief's CA")
    leaf, key = steal(bench, middle, middle_key, "DNS:www.dev.test", subject="/O=Thief")
    assert verify(bench, ca, leaf).rc != 0
    server = bench.serve(identity=["--cert", leaf, "--key", key])
    assert get(bench, ca, server, "www.dev.test").rc == 60


# ---- env ------------------------------------------------------------------------------------------


def test_env(bench, ca):
    names = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"]
    env = {k: v for k, v in bench.env.items() if k not in names}
    values = json.loads(ca("env", "--json", env=env).out)
    assert list(values) == names and values["NODE_EXTRA_CA_CERTS"] == str(ca.root), values
    bundle = ca.dir / "bundle.pem"
    assert {values[name] for name in names[1:]} == {str(bundle)}
    with open("/etc/ssl/certs/ca-certificates.crt") as system:
        assert bundle.read_text() == system.read() + ca.root.read_text()
    r = ca("env", env=env)
    assert [shlex.split(line) for line in r.out.splitlines()] == [["export", f"{n}={values[n]}"] for n in names], r
    assert r.err == ""
    # curl, lockstep get and Python need no option then
    server = bench.serve(identity=[])
    url = f"https://localhost:{server.port}/hello.txt"
    r = run(["sh", "-c", f'eval "$("$1" ca env)"; curl -q -sS {url}; "$1" get {url}; /usr/bin/python3 -c "'
             f"import urllib.request as u; print(u.urlopen('{url}').read().decode(), end='')\"", "sh", LOCKSTEP], env)
    assert r.out == "hello\n" * 3, r
    # kept fresh: with the next command after the root changed
    assert ca("init", "--force").rc == 0
    assert bundle.read_text().endswith(ca.root.read_text())


def test_env_quotes(bench):
    env = {**bench.env, "XDG_DATA_HOME": str(bench.dir / "it's $HOME; a \"place\"")}
    r = run(["sh", "-c", 'eval "$("$0" ca env -q)"; cat "$NODE_EXTRA_CA_CERTS"; ls "$SSL_CERT_FILE"', LOCKSTEP], env)
    assert r.rc == 0 and r.out.startswith("-----BEGIN CERTIFICATE-----"), r
    assert r.out.endswith(f"{env['XDG_DATA_HOME']}/lockstep/bundle.pem\n"), r


def test_env_says_what_is_lost(bench, ca):
    r = ca("env", env={**bench.env, "SSL_CERT_FILE": "/etc/my roots.pem"})
    assert r.rc == 0 and "/etc/my roots.pem" in r.err and "my roots" not in r.out, r
