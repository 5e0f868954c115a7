"""`lockstep walk` and servers that mean it no good: what they send is shown as text, is never more than there is room for, and
what was refused is never called established."""
import contextlib
import json
import re
import ssl
import stat
import subprocess
import time

import pytest

from kit import Listener, tls_listener

EVIL = b"HTTP/1.1 200 \x1b[31m<script>alert(1)</script>\xff\xfe\r\nX: \xe2\x80\xae\r\n\r\n"


def serve(identity, handler, version=None, tickets=None):
    """A TLS server that does with a connection what `handler` does."""
    listener = tls_listener(identity, handler)
    if version is None and tickets is None:
        return listener
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(identity.chain, identity.key)
    if version:
        c.minimum_version = c.maximum_version = version
    if tickets is not None:
        c.num_tickets = tickets

    def wrapped(peer):
        with contextlib.suppress(ssl.SSLError), c.wrap_socket(peer, server_side=True) as tls:
            handler(tls)

    listener.serve = wrapped
    return listener


def answers(*parts, pause=0.0, then=0.0):
    def handler(s):
        s.recv(4096)
        for part in parts:
            s.send(part)
            time.sleep(pause)
        time.sleep(then)
    return handler


def walk(bench, port, *args, root=None, seconds=8):
    """The walk in every form; the JSON of it."""
    ca = root or bench.pki.server().root
    argv = ["walk", f"localhost:{port}", "--cacert", ca, "-m", seconds, *args]
    html, capture = bench.dir / "w.html", bench.dir / "w.pcapng"
    files = bench.lockstep(*argv, "--html", html, "--pcapng", capture, timeout=60)
    shown = [bench.lockstep(*argv, *more, timeout=60) for more in ((), ("-v",), ("--json",))]
    for r in (files, *shown):
        assert "Sanitizer" not in r.err, r
    assert len({r.rc for r in (files, *shown)}) == 1, [r.rc for r in (files, *shown)]
    for r in shown[:2]:
        text = r.body.decode("utf-8")  # whole characters only
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e]", text), r
    assert max(map(len, shown[0].out.splitlines())) <= 100
    page = html.read_bytes().decode("utf-8")
    assert "<script" not in page and "\x1b" not in page
    assert stat.S_IMODE(html.stat().st_mode) == stat.S_IMODE(capture.stat().st_mode) == 0o600
    w = json.loads(shown[2].body)
    assert ("was established" in page) == (w["outcome"] == "established") == ("was established" in shown[0].out)
    assert (shown[0].rc == 0) == (w["outcome"] == "established"), shown[0].rc
    dumped = subprocess.run(["tshark", "-r", capture], capture_output=True, text=True, timeout=60, check=True)
    assert dumped.stdout.count("\n") > 5 and "Malformed" not in dumped.stdout
    return w


def test_evil_answer(bench):
    with serve(bench.pki.server(), answers(EVIL)) as server:
        w = walk(bench, server.port)
    assert w["steps"][-1]["layer"] == "record"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_full_recording(bench, version):
    """More records than are kept: what did not fit is counted, and the rest is a walk."""
    with serve(bench.pki.server(), answers(*[b"H"] * 4500, b"\r\n\r\n"), version=version) as server:
        w = walk(bench, server.port)
    assert w["lost"] > 100 and w["outcome"] == "established"


def test_endless_answer(bench):
    with serve(bench.pki.server(), answers(*[b"A" * 16000] * 100)) as server:
        assert len(walk(bench, server.port)["records"]) < 40


def test_tickets_without_end(bench):
    with serve(bench.pki.server(), answers(EVIL), tickets=2000) as server:
        w = walk(bench, server.port)
    assert w["failure"]["status"] == "PEER_FLOOD"


def test_answer_in_pieces(bench):
    """The empty line behind the head is found, however it is cut: nobody has to wait for the time limit."""
    with serve(bench.pki.server(), answers(b"HTTP/1.1 200 OK\r\nA: b\r", b"\n\r", b"\n", pause=0.1, then=2)) as server:
        began = time.monotonic()
        r = bench.lockstep("walk", f"localhost:{server.port}", "--cacert", bench.pki.server().root, "-m", 20)
        assert r.rc == 0 and time.monotonic() - began < 10, r


def test_silent_behind_the_handshake(bench):
    """Whoever does not speak HTTP has still shown a handshake."""
    with serve(bench.pki.server(), lambda s: time.sleep(3)) as server:
        r = bench.lockstep("walk", f"localhost:{server.port}", "--cacert", bench.pki.server().root, "-m", 1, "--json")
    assert r.rc == 0 and json.loads(r.body)["outcome"] == "established", r


def test_silent_from_the_start(bench):
    with Listener(lambda peer: time.sleep(3)) as server:
        r = bench.lockstep("walk", f"localhost:{server.port}", "--cacert", bench.pki.server().root, "-m", 1)
    assert r.rc == 28 and r.out == "" and "did not answer in time" in r.err, r


def test_names_of_hostile_certificates(bench):
    """Names with HTML, control characters, marks of direction; a chain that is long for its names."""
    names = ",".join(["DNS:localhost", *(f"DNS:n{i}.{'x' * 50}.example" for i in range(60))])
    evil = bench.pki.leaf(names=names, title="a<script>alert(1)<b>\u202eevil\u0085\u00e9", md="sha256",
                          ext=["nsComment=" + "A" * 3000, "1.2.3.4=ASN1:UTF8String:" + "B" * 3000])
    with serve(evil, answers(EVIL)) as server:
        w = walk(bench, server.port, root=evil.root)
    assert "<script>" in w["certificates"][0]["subject"] and "\\xC2\\x80" in w["certificates"][0]["subject"]


@pytest.mark.parametrize("odd", range(4))
def test_refused_with_long_names(bench, odd):
    """Why a chain is refused holds names that the server chose, and is cut where it is too long: between characters, or
    the reason would be lost, and the refusal with it."""
    ca = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign", "subjectKeyIdentifier=hash"]
    root = bench.pki.issue("\u00e9" * 30, "p256", ca)
    middle = bench.pki.issue("a" * odd + "\u00e9" * 14, "p256", [*ca, "authorityKeyIdentifier=keyid"], root)
    leaf = bench.pki.issue("leaf", "p256", ["subjectAltName=DNS:localhost", "authorityKeyIdentifier=keyid"], middle)
    leaf.chain = bench.dir / "chain.pem"
    leaf.chain.write_text(leaf.cert.read_text() + middle.cert.read_text())
    with serve(leaf, answers(EVIL)) as server:
        w = walk(bench, server.port)
    assert w["failure"]["status"] == "CERT_UNKNOWN_ISSUER" and len(w["failure"]["detail"]) > 80
    assert [s["name"] for s in w["steps"] if s.get("passed") is False] == ["certificate chain"]
