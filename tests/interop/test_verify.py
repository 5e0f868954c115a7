"""`lockstep verify`, and what `lockstep get` asks of a certificate beyond its chain: revocation lists, stapled
OCSP responses, pins, Certificate Transparency."""
import base64
import datetime
import hashlib
import http.server
import json
import threading
import time

import pytest

from kit import Listener

VECTORS = __import__("pathlib").Path(__file__).resolve().parents[1] / "vectors"


def verify(bench, leaf, *args, root=None, name="localhost", **more):
    """`lockstep verify` of an Identity (its chain), against the test root."""
    root = root or bench.pki.authority("p256")[0].cert
    names = ["--name", name] if name else []
    return bench.lockstep("verify", leaf.chain, "--trust", root, *names, *args, **more)


def pin_of(pki, cert):
    pki.openssl("x509", "-in", cert, "-noout", "-pubkey", "-out", pki.dir / "pin.pub")
    pki.openssl("pkey", "-pubin", "-in", pki.dir / "pin.pub", "-outform", "DER", "-out", pki.dir / "pin.der")
    return "sha256//" + base64.b64encode(hashlib.sha256((pki.dir / "pin.der").read_bytes()).digest()).decode()


WRONG_PIN = "sha256//" + base64.b64encode(bytes(32)).decode()


# ---- the verdict ------------------------------------------------------------------------------------


def test_valid(bench, pki):
    r = verify(bench, pki.server())
    assert r.rc == 0 and r.err == "", r
    lines = r.out.splitlines()
    assert lines[-1] == "valid", r
    assert lines[-2].startswith('The certificate is good for localhost, vouched for by "Test Root p256"'), r
    assert all(line.startswith("passed") for line in lines[:-2]), r
    for check in ("validity", "signature", "key usage", "basic constraints", "host name", "revocation"):
        assert any(check in line for line in lines), (check, r)
    assert verify(bench, pki.server(), "--quiet").out == "valid\n"
    assert "No --name was given" in verify(bench, pki.server(), name=None).out


@pytest.mark.parametrize("kind", ["rsa", "p384", "ed25519"])
def test_kinds_of_key(bench, pki, kind):
    leaf = pki.server(kind)
    assert verify(bench, leaf, root=leaf.root).rc == 0


def test_intermediates_apart(bench, pki):
    root, middle = pki.authority("p256")
    leaf = pki.server().cert
    alone = bench.lockstep("verify", leaf, "--trust", root.cert, "--name", "localhost")
    assert alone.rc == 60 and "was not sent" in alone.out, alone
    for form in ("PEM", "DER"):
        between = bench.dir / f"between.{form}"
        pki.openssl("x509", "-in", middle.cert, "-outform", form, "-out", between)
        r = bench.lockstep("verify", leaf, "--trust", root.cert, "--name", "localhost", "--intermediates", between)
        assert r.rc == 0, r
    assert bench.lockstep("verify", "-", "--trust", root.cert, stdin=pki.server().chain.read_bytes()).rc == 0


def test_refused(bench, pki):
    """The last check is the one that failed, and the sentence says what to do."""
    now = datetime.datetime.now(datetime.timezone.utc)
    late = (now + datetime.timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    early = (now - datetime.timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    for args, check, says in [
            (("--time", late), "validity", "ask the owner of localhost to renew it"),
            (("--time", early), "validity", "is not valid before"),
            (("--purpose", "client"), "extended key usage", "not meant for this use"),
            (("--max-depth", "0"), "limits", "longer than is accepted here"),
            (("--pinnedpubkey", WRONG_PIN), "pins", "none of the pinned keys")]:
        r = verify(bench, pki.server(), *args)
        lines = r.out.splitlines()
        assert r.rc == 60 and lines[-1] == "not valid", r
        checks = [line for line in lines if line.startswith(("passed", "FAILED"))]
        assert [line for line in checks if line.startswith("FAILED")] == checks[-1:] and check in checks[-1], r
        assert says in lines[len(checks)], r  # the sentence stands behind the checks
    r = verify(bench, pki.server(), name="other.test")
    assert r.rc == 60 and "The certificate is for localhost, 127.0.0.1, ::1, not for other.test" in r.out, r
    r = verify(bench, pki.server(), root=pki.authority("rsa")[0].cert)
    assert r.rc == 60 and "trust anchor" in r.out, r
    assert verify(bench, pki.server(), "--max-depth", "1").rc == 0
    assert verify(bench, pki.server(), name="127.0.0.1").rc == 0
    assert verify(bench, pki.server(), name="127.0.0.2").rc == 60


def test_names_beyond_ascii(bench, pki):
    leaf = pki.leaf(names="DNS:xn--bcher-kva.test,DNS:*.xn--bcher-kva.test")
    for name in ("bücher.test", "BÜCHER.test", "xn--bcher-kva.test", "www.bücher.test"):
        assert verify(bench, leaf, name=name).rc == 0, name
    assert verify(bench, leaf, name="bucher.test").rc == 60
    assert verify(bench, leaf, name="xn--.test").rc == 2
    wild = pki.leaf(names="DNS:*.co.uk")
    assert verify(bench, wild, name="example.co.uk").rc == 60  # a public suffix


def test_json(bench, pki):
    r = verify(bench, pki.server(), "--json")
    good = json.loads(r.out)
    assert r.rc == 0 and good["version"] == 1 and good["valid"] is True and good["status"] == "OK"
    assert good["alert"] is None and good["name"] == "localhost"
    assert good["checks"] and all(c["passed"] for c in good["checks"])
    r = verify(bench, pki.server(), "--json", name="other.test")
    bad = json.loads(r.out)
    assert r.rc == 60 and bad["valid"] is False and bad["status"] == "CERT_NAME_MISMATCH"
    assert bad["alert"] == "bad_certificate" and [c["passed"] for c in bad["checks"]].count(False) == 1
    assert set(bad["checks"][-1]) == {"depth", "name", "rule", "passed", "status", "subject", "compared"}


def test_bad_input(bench, pki):
    """A clear sentence and 2, or 60 where something was judged; never a crash."""
    root = pki.authority("p256")[0].cert
    good = pki.server().cert.read_bytes()
    files = {"empty": b"", "text": b"hello\n", "key": pki.server().key.read_bytes(),
             "broken": good.replace(b"A", b"!", 3), "no-end": good.split(b"-----END")[0],
             "csr": b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"}
    for name, content in files.items():
        path = bench.dir / name
        path.write_bytes(content)
        for args in ((path, "--trust", root), (pki.server().cert, "--trust", path),
                     (pki.server().cert, "--trust", root, "--intermediates", path)):
            r = bench.lockstep("verify", *args)
            assert name in r.err and r.err.startswith("lockstep: "), r
            if "-----BEGIN CERTIFICATE-----" in content.decode() and args[0] != path and args[2] == path:
                # Somebody wanted it to be trusted: it is not, which is safe, and said.
                assert r.rc == 60 and "which is not trusted" in r.err, r
            else:
                assert r.rc == 2 and "to do:" in r.err and r.out == "", (name, r)
    pki.openssl("x509", "-in", pki.server().cert, "-outform", "DER", "-out", bench.dir / "good.der")
    der = (bench.dir / "good.der").read_bytes()
    assert bench.lockstep("verify", bench.dir / "good.der", "--trust", root, "--intermediates",
                          pki.authority("p256")[1].cert).rc == 0
    for n in (1, 2, 10, 100, len(der) - 1):
        (bench.dir / "cut.der").write_bytes(der[:n])
        r = bench.lockstep("verify", bench.dir / "cut.der", "--trust", root)
        assert r.rc == 60 and "not well-formed" in r.out, r
    (bench.dir / "more.der").write_bytes(der + b"\0")
    assert bench.lockstep("verify", bench.dir / "more.der", "--trust", root).rc == 60
    for args in ((), ("a", "b"), ("missing.pem",), (".",), (pki.server().cert, "--time", "yesterday"),
                 (pki.server().cert, "--purpose", "mail"), (pki.server().cert, "--max-depth", "-1"),
                 (pki.server().cert, "--name", "a b"), (pki.server().cert, "--revocation", "maybe"),
                 (pki.server().cert, "--ct", "require"), (pki.server().cert, "--ct-logs", bench.dir / "text"),
                 (pki.server().cert, "--pinnedpubkey", "sha256//x"), (pki.server().cert, "--crl", bench.dir / "key"),
                 (pki.server().cert, "--crl", "missing.crl"), (pki.server().cert, "--ocsp", "missing.der"),
                 (pki.server().cert, "--nonsense")):
        r = bench.lockstep("verify", *args)
        assert r.rc == 2 and r.err.startswith("lockstep: ") and r.out == "", (args, r)


# ---- revocation lists -------------------------------------------------------------------------------


def test_crl(bench, pki):
    root, middle = pki.authority("p256")
    leaf = pki.leaf()
    clean, dirty = pki.crl(middle), pki.crl(middle, [leaf])
    r = verify(bench, leaf, "--crl", clean)
    assert r.rc == 0 and "not revoked, as of" in r.out, r
    r = verify(bench, leaf, "--crl", dirty)
    assert r.rc == 60 and "was revoked by" in r.out and "keyCompromise" in r.out, r
    assert "CERT_REVOKED" in verify(bench, leaf, "--crl", dirty, "--json").out
    assert verify(bench, leaf, "--crl", clean, "--crl", dirty).rc == 60
    # Of another issuer, another key with the same name, out of date: nothing is known.
    other = pki.crl(pki.authority("rsa")[1])
    impostor = pki.issue("Test Intermediate p256", "p256", ["basicConstraints=critical,CA:TRUE",
                                                            "subjectKeyIdentifier=hash"])
    for crl in (other, pki.crl(impostor)):
        r = verify(bench, leaf, "--crl", crl)
        assert r.rc == 60 and "is not known" in r.out, r
        assert verify(bench, leaf, "--crl", crl, "--revocation", "soft").rc == 0
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert verify(bench, leaf, "--crl", clean, "--time", later).rc == 60
    assert verify(bench, leaf, "--crl", dirty, "--time", later, "--revocation", "soft").rc == 60  # still revoked
    # The whole chain: the intermediate's list is asked for too.
    r = verify(bench, leaf, "--crl", clean, "--revocation", "chain")
    assert r.rc == 60 and "Test Intermediate" in r.out, r
    assert verify(bench, leaf, "--crl", clean, "--crl", pki.crl(root), "--revocation", "chain").rc == 0
    assert verify(bench, leaf, "--crl", pki.crl(root, [middle]), "--revocation", "soft").rc == 60
    pki.openssl("crl", "-in", dirty, "-outform", "DER", "-out", bench.dir / "dirty.der")
    assert verify(bench, leaf, "--crl", bench.dir / "dirty.der").rc == 60


def test_get_crlfile(bench, pki):
    """A revoked server gets certificate_revoked before anything is asked of it."""
    middle = pki.authority("p256")[1]
    leaf = pki.leaf()
    server = bench.serve(identity=leaf)
    url = f"https://localhost:{server.port}/hello.txt"
    assert bench.get("--crlfile", pki.crl(middle), url).out == "hello\n"
    r = bench.get("--crlfile", pki.crl(middle, [leaf]), url)
    assert r.rc == 60 and r.out == "" and "certificate_revoked (44)" in r.err, r
    assert bench.get("--crlfile", "missing", url).rc == 82
    peer = bench.s_server("-www", identity=leaf)
    assert bench.get("--crlfile", pki.crl(middle, [leaf]), f"https://localhost:{peer.port}/").rc == 60
    peer.wait_for("alert certificate revoked")


class Lists(http.server.BaseHTTPRequestHandler):
    files, asked = {}, []

    def do_GET(self):
        Lists.asked.append(self.path)
        body = Lists.files.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


@pytest.fixture
def lists():
    """A server of revocation lists over plain HTTP."""
    Lists.files, Lists.asked = {}, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lists)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_fetch_crl(bench, pki, lists):
    middle = pki.authority("p256")[1]
    url = f"http://127.0.0.1:{lists.server_address[1]}"
    leaf = pki.leaf(ext=[f"crlDistributionPoints=URI:{url}/leaf.crl"])

    def der(pem):
        pki.openssl("crl", "-in", pem, "-outform", "DER", "-out", bench.dir / "list.der")
        return (bench.dir / "list.der").read_bytes()

    r = verify(bench, leaf, "--fetch-crl")  # 404
    assert r.rc == 60 and "is not known" in r.out and "answered with an error" in r.err, r
    Lists.files["/leaf.crl"] = der(pki.crl(middle))
    r = verify(bench, leaf, "--fetch-crl")
    assert r.rc == 0 and "not revoked" in r.out, r
    # Kept: the next one asks nobody, and neither does get.
    asked = len(Lists.asked)
    assert verify(bench, leaf, "--fetch-crl").rc == 0 and len(Lists.asked) == asked
    server = bench.serve(identity=leaf)
    target = f"https://localhost:{server.port}/hello.txt"
    assert bench.get("--fetch-crl", target).out == "hello\n" and len(Lists.asked) == asked
    kept = list((bench.home / ".cache" / "lockstep" / "crl").iterdir())
    assert len(kept) == 1 and kept[0].name.startswith("http%3A%2F%2F127.0.0.1"), kept
    # Of a chain that is not good otherwise, nobody's addresses are asked; nor those of strangers in it.
    empty = dict(bench.env, XDG_CACHE_HOME=str(bench.dir / "empty"))
    assert verify(bench, leaf, "--fetch-crl", name="other.test", env=empty).rc == 60
    assert verify(bench, leaf, "--fetch-crl", root=pki.authority("rsa")[0].cert, env=empty).rc == 60
    stranger = pki.leaf(ext=[f"crlDistributionPoints=URI:{url}/stranger.crl"], self_signed=True)
    verify(bench, leaf, "--intermediates", stranger.cert, "--fetch-crl")
    assert len(Lists.asked) == asked, Lists.asked
    # An address of a host works as a name does.
    assert bench.get("--fetch-crl", f"https://127.0.0.1:{server.port}/hello.txt").out == "hello\n"
    # A new home fetches: now it is revoked, and get tells so in the middle of the handshake.
    Lists.files["/leaf.crl"] = der(pki.crl(middle, [leaf]))
    env = dict(bench.env, XDG_CACHE_HOME=str(bench.dir / "cache"))
    r = bench.get("-v", "--fetch-crl", target, env=env)
    assert r.rc == 60 and "fetching the revocation list" in r.err and "(44)" in r.err, r
    # Anybody can answer for http://: a list that the issuer did not sign is neither used nor kept.
    impostor = pki.issue("Test Intermediate p256", "p256", ["basicConstraints=critical,CA:TRUE",
                                                            "subjectKeyIdentifier=hash"])
    true, Lists.files["/leaf.crl"] = Lists.files["/leaf.crl"], der(pki.crl(impostor))
    env = dict(bench.env, XDG_CACHE_HOME=str(bench.dir / "forged"))
    r = verify(bench, leaf, "--fetch-crl", "--revocation", "soft", env=env)
    assert r.rc == 0 and "is not one of the certificate's issuer" in r.err, r
    assert not list((bench.dir / "forged" / "lockstep" / "crl").iterdir())
    Lists.files["/leaf.crl"] = true
    assert verify(bench, leaf, "--fetch-crl", "--revocation", "soft", env=env).rc == 60
    # What is damaged in the cache is fetched anew; what is no list leaves it unknown.
    kept[0].write_bytes(b"junk")
    assert verify(bench, leaf, "--fetch-crl").rc == 60
    Lists.files["/leaf.crl"] = b"junk"
    r = bench.get("--fetch-crl", target, env=dict(env, XDG_CACHE_HOME=str(bench.dir / "third")))
    assert r.rc == 60 and "is not known" in r.err, r
    assert bench.get("--fetch-crl", "--revocation", "soft", target,
                     env=dict(env, XDG_CACHE_HOME=str(bench.dir / "fourth"))).rc == 0


def test_fetch_from_a_hostile_server(bench, pki):
    """Endless, huge or silent answers end in time and leave the standing unknown."""
    def endless(peer):
        peer.recv(4096)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.sendall(b"0" * 65536)

    with Listener(endless) as bad:
        leaf = pki.leaf(ext=[f"crlDistributionPoints=URI:http://127.0.0.1:{bad.port}/x.crl"])
        r = verify(bench, leaf, "--fetch-crl", timeout=25)
        assert r.rc == 60 and "is not known" in r.out, r
    with Listener(lambda peer: time.sleep(8)) as silent:  # -m counts for the list too
        leaf = pki.leaf(ext=[f"crlDistributionPoints=URI:http://127.0.0.1:{silent.port}/x.crl"])
        server, began = bench.serve(identity=leaf), time.monotonic()
        r = bench.get("-m", "1", "--fetch-crl", f"https://localhost:{server.port}/hello.txt")
        assert r.rc in (28, 60) and time.monotonic() - began < 4, r


# ---- OCSP -------------------------------------------------------------------------------------------


def test_ocsp(bench, pki):
    middle = pki.authority("p256")[1]
    leaf, other = pki.leaf(), pki.leaf()
    responder = pki.issue("Responder", "p256", ["extendedKeyUsage=OCSPSigning", "subjectKeyIdentifier=hash",
                                                "authorityKeyIdentifier=keyid"], middle)
    nobody = pki.issue("Responder", "p256", ["extendedKeyUsage=serverAuth", "subjectKeyIdentifier=hash",
                                             "authorityKeyIdentifier=keyid"], middle)
    for signer in (None, responder):
        r = verify(bench, leaf, "--ocsp", pki.ocsp(leaf, middle, signer=signer))
        assert r.rc == 0 and "OCSP response" in r.out and "not revoked, as of" in r.out, r
        r = verify(bench, leaf, "--ocsp", pki.ocsp(leaf, middle, revoked=True, signer=signer))
        assert r.rc == 60 and "was revoked by" in r.out, r
    for wrong in (pki.ocsp(other, middle), pki.ocsp(leaf, middle, signer=nobody)):
        r = verify(bench, leaf, "--ocsp", wrong)
        assert r.rc == 60 and "CERT_STATUS_RESPONSE" in verify(bench, leaf, "--ocsp", wrong, "--json").out, r
    later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    old = pki.ocsp(leaf, middle)
    assert verify(bench, leaf, "--ocsp", old, "--time", later).rc == 0  # it says nothing any more
    assert verify(bench, leaf, "--ocsp", old, "--time", later, "--cert-status").rc == 60
    assert verify(bench, leaf, "--cert-status").rc == 60
    assert verify(bench, leaf, "--ocsp", old, "--revocation", "leaf").rc == 0


def test_stapled(bench, pki):
    """What a server of OpenSSL staples: good, revoked (91, alert 44), none although it must be there."""
    middle = pki.authority("p256")[1]
    leaf = pki.leaf()
    must = pki.leaf(ext=["1.3.6.1.5.5.7.1.24=DER:30030201 05".replace(" ", "")])

    def ask(identity, *server, get=()):
        peer = bench.s_server("-www", *server, identity=identity)
        return peer, bench.get(*get, f"https://localhost:{peer.port}/")

    good = ("-status_file", pki.ocsp(leaf, middle))
    _, r = ask(leaf, *good, get=("--cert-status", "--explain"))
    assert r.rc == 0 and "OCSP response" in r.err and "not revoked" in r.err, r
    peer, r = ask(leaf, "-status_file", pki.ocsp(leaf, middle, revoked=True))
    assert r.rc == 91 and "certificate_revoked (44)" in r.err, r
    peer.wait_for("alert certificate revoked")
    _, r = ask(leaf, get=("--cert-status",))
    assert r.rc == 91 and "bad_certificate_status_response (113)" in r.err, r
    _, r = ask(leaf)
    assert r.rc == 0, r
    _, r = ask(must)
    assert r.rc == 91 and "the certificate demands" in r.err, r
    _, r = ask(must, "-status_file", pki.ocsp(must, middle))
    assert r.rc == 0, r
    _, r = ask(leaf, "-status_file", pki.ocsp(must, middle))  # about another one
    assert r.rc == 91 and "(113)" in r.err, r


# ---- pins and transparency --------------------------------------------------------------------------


def test_pins(bench, pki):
    root, middle = pki.authority("p256")
    leaf = pki.server()
    for cert in (leaf.cert, middle.cert, root.cert):
        r = verify(bench, leaf, "--pinnedpubkey", pin_of(pki, cert))
        assert r.rc == 0 and "is pinned" in r.out, r
        assert verify(bench, leaf, "--pinnedpubkey", f"{WRONG_PIN};{pin_of(pki, cert)}").rc == 0
    assert verify(bench, leaf, "--pinnedpubkey", bench.pki.dir / "pin.pub").rc == 0  # a file, as curl takes it
    assert verify(bench, leaf, "--pinnedpubkey", bench.pki.dir / "pin.der").rc == 0
    server = bench.serve()
    url = f"https://localhost:{server.port}/hello.txt"
    assert bench.get("--pinnedpubkey", pin_of(pki, root.cert), url).out == "hello\n"
    r = bench.get("--pinnedpubkey", WRONG_PIN, url)
    assert r.rc == 90 and r.out == "", r
    # -k gives up everything but the pin, which is then that of the server's own key.
    assert bench.get("-k", "--pinnedpubkey", pin_of(pki, leaf.cert), url).rc == 0
    r = bench.get("-k", "--pinnedpubkey", WRONG_PIN, url)
    assert r.rc == 90 and "pin the new one" in r.err, r
    for asks in (("--cert-status",), ("--revocation", "leaf"), ("--fetch-crl",), ("--ct", "require")):
        assert bench.get("-k", *asks, url).rc == 2, asks  # nothing would look at it
    assert bench.get("-k", "--pinnedpubkey", pin_of(pki, root.cert), url).rc == 90


def test_transparency(bench, pki):
    """Real certificates with real timestamps of real logs."""
    ct = VECTORS / "ct"
    logs = ct / "logs.json"
    for pem in sorted(ct.glob("*.pem")):
        text = pem.read_text()
        leaf = bench.dir / "leaf.pem"
        leaf.write_text(text)
        r = bench.lockstep("verify", pem, "--trust", pem, "--ct-logs", logs, "--ct", "report")
        assert "certificate transparency" in r.out or r.rc == 60, r
    leaf = pki.server()
    r = verify(bench, leaf, "--ct-logs", logs)
    assert r.rc == 0 and "0 SCTs" in r.out and "not needed" in r.out, r
    r = verify(bench, leaf, "--ct-logs", logs, "--ct", "require")
    assert r.rc == 60 and "is not logged as it must be" in r.out, r
