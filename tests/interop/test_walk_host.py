"""`lockstep walk HOST` against servers of others, good ones and bad ones."""
import contextlib
import json
import os
import re
import socket

import pytest

from kit import LOCKSTEP, Listener, free_port, read_head, run, tls_listener
from test_walk import Page, tshark_agrees
from walk_keys import schedule
from walk_schema import keeps_promises

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def walk_argv(bench, port, *args, host="localhost", root=None):
    root = root or bench.pki.authority("p256")[0].cert
    return [LOCKSTEP, "walk", f"{host}:{port}", "--cacert", root, *args]


def walk(bench, port, *args, rc=0, **more):
    """A walk as JSON, which keeps what the document promises."""
    r = run(walk_argv(bench, port, "--json", *args, **more), bench.env, cwd=bench.dir)
    assert r.rc == rc and r.err == "", r
    walk = json.loads(r.out)
    keeps_promises(walk)
    return walk


def names(walk, layer="handshake"):
    return [s["name"] for s in walk["steps"] if s["layer"] == layer]


def recomputed(walk):
    s = schedule(walk)
    assert min(s.check()) >= 4 and s.confirmed == {"client", "server"}
    return s


# ---- servers of others --------------------------------------------------------------------------------

SERVERS = {
    "1.3": ["-tls1_3"], "1.2": ["-tls1_2"],
    "1.3 SHA-384": ["-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"],
    "1.3 ChaCha20": ["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
    "1.3 retry": ["-tls1_3", "-groups", "P-384"],
    "1.3 retry SHA-384": ["-tls1_3", "-groups", "P-384", "-ciphersuites", "TLS_AES_256_GCM_SHA384"],
    "1.2 SHA-384": ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
    "1.2 ChaCha20": ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    "1.3 asks for a certificate": ["-tls1_3", "-verify", "1"],
    "1.2 asks for a certificate": ["-tls1_2", "-verify", "1"],
}


def openssl(bench, kind):
    """A server that answers as soon as it may, whatever it is asked."""
    server = bench.s_server(*SERVERS[kind], stdin=True)
    server.type(ANSWER.decode())
    return server


@pytest.mark.parametrize("kind", SERVERS)
def test_openssl(bench, kind):
    server = openssl(bench, kind)
    path = bench.dir / "host.pcapng"
    w = walk(bench, server.port, "--pcapng", path)
    s = recomputed(w)
    assert w["outcome"] == "established" and w["tls"] == kind[:3] and w["server_name"] == "localhost"
    assert ("SHA384" in w["suite"]) == ("SHA-384" in kind) and ("CHACHA20" in w["suite"]) == ("ChaCha20" in kind)
    assert w["retried"] == ("retry" in kind) == ("HelloRetryRequest" in names(w))
    assert ("CertificateRequest" in names(w)) == ("asks" in kind)
    assert w["sides"]["client"]["watched"] and not w["sides"]["server"]["watched"]
    assert all(s["at"] == ["client"] for step in w["steps"] for s in step.get("secrets", ()))
    assert w["time"]["round_trips"] == {"1.3": 1, "1.2": 2}[kind[:3]] + ("retry" in kind)
    assert w["time"]["rtt_us"] is not None and w["time"]["server_us"] is None
    assert w["certificates"][0]["subject"] == "CN=Test Server" and "localhost" in w["certificates"][0]["names"]
    assert tshark_agrees(path, bench.env, w)
    content, signature, _ = s.signed_by_server()
    assert content and signature


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_resumed(bench, version):
    server = bench.nginx("", "location / { return 200 'hello'; }", protocols=f"TLSv{version}")
    w = walk(bench, server.port, "--resume")
    recomputed(w)
    assert w["resumed"] and "Certificate" not in names(w) and w["certificates"] == []
    assert w["time"]["round_trips"] == 1


def test_early_data(bench):
    """0-RTT with our own server; OpenSSL's -www takes none, and the walk says so."""
    server = bench.serve("--early-data")
    w = walk(bench, server.port, "--early-data")
    s = recomputed(w)
    assert w["early_data"] == "accepted" and w["time"]["round_trips"] == 0 and s.bound
    data = next(s for s in w["steps"] if s["name"] == "application data")
    assert bytes.fromhex(data["bytes"]).startswith(b"HEAD / HTTP/1.1\r\n") and data["from"] == "client"
    assert data["n"] < next(s["n"] for s in w["steps"] if s["name"] == "ServerHello")


def test_early_data_is_not_taken(bench):
    """A second visit to a server that has forgotten all about the first one's offer of 0-RTT."""
    server = bench.serve()
    w = walk(bench, server.port, "--early-data")
    recomputed(w)
    assert w["resumed"] and w["early_data"] is None


def test_python(bench):
    with tls_listener(bench.pki.server(), lambda s: (read_head(s), s.sendall(ANSWER), s.unwrap())) as server:
        w = walk(bench, server.port)
    recomputed(w)
    answer = [s for s in w["steps"] if s["name"] == "application data"][-1]
    assert bytes.fromhex(answer["bytes"]) == ANSWER


@pytest.mark.parametrize("protocols", ["TLSv1.3", "TLSv1.2"])
def test_nginx(bench, protocols):
    server = bench.nginx("", "location / { return 200 'hello'; }", protocols=protocols)
    w = walk(bench, server.port)
    recomputed(w)
    assert w["outcome"] == "established" and w["tls"] == protocols[-3:]


def test_ours(bench):
    w = walk(bench, bench.serve().port)
    recomputed(w)
    assert w["group"] == "X25519MLKEM768" and "CompressedCertificate" in names(w)


def test_by_address(bench):
    server = bench.serve()
    w = walk(bench, server.port, host="127.0.0.1")
    hello = w["steps"][0]["fields"]
    assert w["outcome"] == "established" and "server_name" not in [f["name"] for f in hello]
    w = walk(bench, server.port, "--address", "127.0.0.1", host="localhost")
    assert w["outcome"] == "established"


def test_the_server_requires_a_certificate(bench):
    """There is none: in TLS 1.3 the refusal comes behind the handshake."""
    server = bench.s_server("-tls1_3", "-Verify", "1", "-www")
    w = walk(bench, server.port, rc=35)
    assert (w["failure"]["at"], w["failure"]["status"], w["failure"]["alert"]) == ("server", "ALERT_FROM_PEER", 116)
    assert w["failure"]["sentence"] == "The server gave up with alert 116, certificate_required."
    alert = next(s for s in w["steps"] if s["name"] == "alert")
    assert alert["from"] == "server" and alert["alert"] == 116
    assert w["failure"]["step"] == alert["n"]


# ---- exit codes ---------------------------------------------------------------------------------------


def test_certificate_is_refused(bench):
    """Exit 60; JSON, page and capture of the refused handshake are whole."""
    wrong = bench.pki.leaf(names="DNS:other.example")
    server = bench.s_server("-tls1_3", "-www", identity=wrong)
    page, capture = bench.dir / "refused.html", bench.dir / "refused.pcapng"
    w = walk(bench, server.port, "--html", page, "--pcapng", capture, rc=60)
    assert w["failure"]["status"] == "CERT_NAME_MISMATCH" and "other.example" in w["failure"]["sentence"]
    step = w["steps"][w["failure"]["step"] - 1]
    assert step["name"] == "certificate chain" and not step["passed"]
    assert "other.example" in Page(page.read_text()).text
    assert tshark_agrees(capture, bench.env, w)
    r = run(walk_argv(bench, server.port), bench.env)
    assert r.rc == 60 and "Refused by the client in step" in r.out and "other.example" in r.out and r.err == "", r


def test_handshake_is_refused(bench):
    server = bench.s_server("-tls1_2", "-www")
    w = walk(bench, server.port, "--tls", "1.3", rc=35)
    assert (w["failure"]["at"], w["failure"]["status"], w["failure"]["alert"]) == ("server", "ALERT_FROM_PEER", 70)
    r = run(walk_argv(bench, server.port, "--tls", "1.3"), bench.env)
    assert r.rc == 35 and "Refused by the server in step 2" in r.out, r


def test_no_answer(bench):
    """The handshake is what counts: a server that says nothing behind it is shown all the same."""
    server = bench.s_server(stdin=True)
    w = walk(bench, server.port)
    assert w["outcome"] == "established" and recomputed(w)


def test_nobody_there(bench):
    for args in ([], ["--json"], ["--html", "x.html"]):
        r = run(walk_argv(bench, free_port(), *args), bench.env, cwd=bench.dir)
        assert r.rc == 7 and r.out == "" and r.err.startswith("lockstep: no connection to localhost port"), r
        assert len(r.err.splitlines()) <= 3 and not (bench.dir / "x.html").exists()


def test_no_such_name(bench):
    r = run(walk_argv(bench, 443, host="nobody.invalid"), bench.env)
    assert r.rc == 6 and r.out == "" and "nobody.invalid has no address" in r.err, r


@pytest.mark.parametrize("host", ["a\x1b[31mb", "a b", "host:99999", "", "https://", "x" * 300, "a." * 3000 + "b",
                                  "\x07", "http://localhost", "ex<b>ample", "-", "[::1", "host:"])
def test_bad_names(bench, host):
    r = run([LOCKSTEP, "walk", host, "-m", "2"], bench.env)
    assert r.rc in (2, 3, 6) and r.out == "" and 1 <= len(r.err.splitlines()) <= 3, r
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", r.err), r
    assert all(len(line) <= 400 for line in r.err.splitlines()), r


# ---- servers that are none ----------------------------------------------------------------------------


def garbage(peer):
    peer.recv(4096)
    peer.sendall(b"\x00\x01\x02 nonsense \x1b[2J" * 50)


def test_plain_http(bench):
    with Listener(lambda s: (s.recv(4096), s.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))) as server:
        r = run(walk_argv(bench, server.port), bench.env)
    assert r.rc == 35 and r.out == "" and "speaks plain HTTP" in r.err, r


def test_http_server_of_nginx(bench):
    """nginx with a port of plain HTTP answers a ClientHello in clear."""
    port = free_port()
    server = bench.nginx(f"server {{ listen 127.0.0.1:{port}; }}", "")
    assert server.port
    r = run(walk_argv(bench, port), bench.env)
    assert r.rc == 35 and "speaks plain HTTP" in r.err, r


@pytest.mark.parametrize("serve, status", [
    (garbage, "PEER_NOT_TLS"), (lambda s: s.recv(4096), "ERR_TRUNCATED"), (lambda s: None, "ERR_TRUNCATED"),
    (lambda s: (s.recv(4096), s.sendall(b"220 mail.example ESMTP\r\n")), "PEER_NOT_TLS"),
    (lambda s: (s.recv(4096), s.sendall(b"\x15\x03\x01\x00\x02\x02\x28")), "ALERT_FROM_PEER"),
    (lambda s: (s.recv(4096), s.sendall(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00")), "PEER_DECODE_SERVER_HELLO"),
    (lambda s: (s.recv(4096), s.sendall(b"\x16\x03\x03\xff\xff" + bytes(5000))), "PEER_RECORD_OVERFLOW"),
], ids=["garbage", "closes", "closes at once", "SMTP", "alert", "empty ServerHello", "too long"])
def test_not_a_server(bench, serve, status):
    """A clear sentence, exit 35, and JSON, page and text that are whole."""
    page = bench.dir / "page.html"
    with Listener(serve) as server:
        w = walk(bench, server.port, "--html", page, rc=35)
        r = run(walk_argv(bench, server.port), bench.env)
    assert w["outcome"] == "aborted" and w["failure"]["status"] == status, w["failure"]
    assert w["failure"]["sentence"] and w["failure"]["step"] >= 1
    assert Page(page.read_text()).active == []
    assert re.fullmatch(r"[A-Z].*[.]", w["failure"]["sentence"])
    assert r.rc == 35 and w["failure"]["sentence"][:60] in r.out and printable(r.out), r


def test_silent_server(bench):
    with Listener(lambda s: s.recv(1) and s.recv(1 << 20) and s.recv(1)) as server:
        r = run(walk_argv(bench, server.port, "-m", "1"), bench.env)
    assert r.rc == 28 and r.out == "" and "did not answer in time" in r.err, r


# ---- what a peer says is escaped ----------------------------------------------------------------------


def printable(text):
    return all(c.isprintable() or c == "\n" for c in text)


def test_hostile_text(bench):
    """HTML and terminal escapes in a certificate, in the answer, in the protocol's name."""
    evil = "</script><img src=x onerror=alert(1)>\x1b[2J"
    identity = bench.pki.leaf(title="<b onclick=x>Evil\u202e\x1b[31m", names="DNS:localhost")
    answer = f"HTTP/1.1 200 {evil}\r\nServer: {evil}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with tls_listener(identity, lambda s: (read_head(s), s.sendall(answer))) as server:
        page = bench.dir / "evil.html"
        w = walk(bench, server.port, "--html", page)
        for args in ([], ["-v"]):
            r = run(walk_argv(bench, server.port, *args), bench.env)
            assert r.rc == 0 and printable(r.out), r.out
    assert "Evil" in w["certificates"][0]["subject"]
    text = page.read_text()
    read = Page(text)
    assert read.active == [] and "onclick=x" in read.text
    assert "<b onclick" not in text and "<img" not in text and "\x1b" not in text and "\u202e" not in text


def test_hostile_alpn(bench):
    """A server that answers with a protocol that was not offered, full of what terminals obey."""
    hello = bytearray()

    def serve(peer):
        head = peer.recv(5)
        hello[:] = peer.recv(int.from_bytes(head[3:], "big"), socket.MSG_WAITALL)
        sid = bytes(hello[39:39 + hello[38]])
        name = b"\x1b[2J<script>alert(1)</script>\r\n"
        alpn = bytes([0, 16]) + (len(name) + 3).to_bytes(2, "big") + (len(name) + 1).to_bytes(2, "big") + \
            bytes([len(name)]) + name
        more = bytes([0xff, 1, 0, 1, 0, 0, 23, 0, 0]) + alpn
        body = b"\x03\x03" + os.urandom(32) + bytes([len(sid)]) + sid + b"\xc0\x2b\x00" + \
            len(more).to_bytes(2, "big") + more
        message = b"\x02" + len(body).to_bytes(3, "big") + body
        peer.sendall(b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message)
        with contextlib.suppress(OSError):
            peer.recv(100)

    with Listener(serve) as server:
        page = bench.dir / "alpn.html"
        w = walk(bench, server.port, "--html", page, rc=35)
        r = run(walk_argv(bench, server.port, "-v"), bench.env)
    field = [f for s in w["steps"] if s["name"] == "ServerHello" for f in s.get("fields", ()) if "alert(1)" in f.get("value", "")]
    assert field and all(f["value"].isprintable() for f in field)
    assert r.rc == 35 and printable(r.out) and "alert(1)" in r.out
    text = page.read_text()
    assert Page(text).active == [] and "<script>" not in text and "\x1b" not in text
