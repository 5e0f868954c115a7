"""OpenSSL: s_client against serve, s_server against get. Each suite, group and kind of key, both ways."""
import re

import pytest

from kit import KEYS, LOCKSTEP, SUITES, connect, has_mlkem, run, secrets

HELLO = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# the name of a group -> what s_client says about the key exchange
GROUPS = {
    "X25519": r"Temp Key: X25519, 253 bits",
    "P-256": r"Temp Key: ECDH, (prime256v1|secp256r1), 256 bits",
    "P-384": r"Temp Key: ECDH, secp384r1, 384 bits",
    "X25519MLKEM768": r"Negotiated TLS1.3 group: X25519MLKEM768",
    "SecP384r1MLKEM1024": r"Negotiated TLS1.3 group: SecP384r1MLKEM1024",
}
# those that have to be named
NAMED = {"P-521": r"Temp Key: ECDH, (secp521r1|P-521), 521 bits", "MLKEM1024": r"Negotiated TLS1.3 group: MLKEM1024"}
SIGNATURES = {
    "rsa": r"signature type: (RSA-PSS|rsa_pss_rsae_sha256)$",
    "p256": r"signature type: (ECDSA|ecdsa_secp256r1_sha256)$",
    "p384": r"signature type: (ECDSA|ecdsa_secp384r1_sha384)$",
    "ed25519": r"signature type: (Ed25519|ed25519)$",
}
KEY_UPDATE = r"TLS 1.3, Handshake \[length 0005\], KeyUpdate$"


def groups(names):
    mlkem = pytest.mark.skipif(not has_mlkem(), reason="OpenSSL before 3.5 has no ML-KEM (Chromium's test has)")
    return [pytest.param(g, marks=mlkem if "MLKEM" in g else ()) for g in names]


@pytest.fixture(scope="module")
def server(shared):
    return shared.serve()


def fetched(result):
    assert result.rc == 0, result
    assert "Verification: OK" in result.out, result
    assert re.search(r"^HTTP/1\.1 200 ", result.out, re.M) and "\nhello\n" in result.out, result
    return result


# ---- s_client against serve -------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES)
def test_client_suite(bench, server, suite):
    r = fetched(bench.s_client(server.port, "-ciphersuites", suite, stdin=HELLO))
    assert f"New, TLSv1.3, Cipher is {suite}\n" in r.out, r


@pytest.mark.parametrize("suite", SUITES)
def test_serve_suites(bench, suite):
    """--suites: serve takes no other, whatever the client likes."""
    server = bench.serve("--suites", suite)
    r = fetched(bench.s_client(server.port, stdin=HELLO))
    assert f"New, TLSv1.3, Cipher is {suite}\n" in r.out, r
    other = SUITES[SUITES.index(suite) - 1]
    r = bench.s_client(server.port, "-ciphersuites", other, stdin=HELLO)
    assert r.rc != 0 and "alert number 40" in r.err, r  # handshake_failure


@pytest.mark.parametrize("group", groups(GROUPS))
def test_client_group(bench, server, group):
    r = fetched(bench.s_client(server.port, "-groups", group, stdin=HELLO))
    assert re.search(GROUPS[group], r.out), r


@pytest.mark.parametrize("group", groups(NAMED))
def test_named_group(bench, server, group):
    """Not among the defaults, and there when it is named."""
    r = bench.s_client(server.port, "-groups", group, stdin=HELLO)
    assert r.rc != 0 and "alert number 40" in r.err, r
    r = fetched(bench.s_client(bench.serve("--groups", f"X25519,{group}").port, "-groups", group, stdin=HELLO))
    assert re.search(NAMED[group], r.out), r
    theirs = bench.s_server("-www", "-groups", group)
    r = bench.get(f"https://localhost:{theirs.port}/")
    assert r.rc == 35 and "handshake_failure" in r.err, r
    page(bench.get("--curves", group, f"https://localhost:{theirs.port}/"))


@pytest.mark.parametrize("group", groups(GROUPS))
def test_client_group_after_retry(bench, group):
    """The client's key share is for a group that serve does not take: HelloRetryRequest."""
    other = "P-256" if group == "P-384" else "P-384"
    server = bench.serve("--groups", group)
    r = fetched(bench.s_client(server.port, "-groups", f"{other}:{group}", "-msg", stdin=HELLO))
    assert re.search(GROUPS[group], r.out), r
    assert r.out.count(", ClientHello\n") == 2, r
    assert r.out.count(", ServerHello\n") == 2, r  # the first is the HelloRetryRequest


def test_no_common_group(bench):
    server = bench.serve("--groups", "X25519")
    r = bench.s_client(server.port, "-groups", "P-521", stdin=HELLO)
    assert r.rc != 0 and "alert number 40" in r.err, r
    fetched(bench.s_client(server.port, stdin=HELLO))


def test_old_versions_are_refused(bench, server):
    r = bench.s_client(server.port, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0", stdin=HELLO)
    assert r.rc != 0 and "alert number 70" in r.err, r  # protocol_version
    fetched(bench.s_client(server.port, stdin=HELLO))


@pytest.mark.parametrize("kind", KEYS)
def test_client_key(bench, pki, kind):
    identity = pki.server(kind)
    server = bench.serve(identity=identity)
    r = fetched(bench.s_client(server.port, root=identity.root, stdin=HELLO))
    assert re.search(SIGNATURES[kind], r.out, re.M), r


def test_client_algorithms_choose_identity(bench, pki):
    """Two identities for the same name: the client's signature algorithms decide."""
    rsa, p256 = pki.server("rsa"), pki.server("p256")
    server = bench.serve(identity=[*rsa.pair(), *p256.pair()])
    for identity, algorithm, kind in ((rsa, "rsa_pss_rsae_sha256", "rsa"),
                                      (p256, "ecdsa_secp256r1_sha256", "p256")):
        # the signatures inside the chain are of the same kind
        sigalgs = algorithm + (":RSA+SHA256" if kind == "rsa" else "")
        r = fetched(bench.s_client(server.port, "-sigalgs", sigalgs, root=identity.root, stdin=HELLO))
        assert re.search(SIGNATURES[kind], r.out, re.M), r


def test_client_alpn(bench, server):
    r = fetched(bench.s_client(server.port, "-alpn", "nonsense,http/1.1", stdin=HELLO))
    assert "ALPN protocol: http/1.1\n" in r.out, r
    r = bench.s_client(server.port, "-alpn", "nonsense", stdin=HELLO)
    assert r.rc != 0 and "alert number 120" in r.err, r  # no_application_protocol
    r = fetched(bench.s_client(server.port, stdin=HELLO))
    assert "No ALPN negotiated\n" in r.out, r


def test_client_sni(bench, pki):
    a, b = pki.leaf(names="DNS:a.test,DNS:localhost"), pki.leaf(names="DNS:b.test,DNS:*.b.test")
    server = bench.serve(identity=[*a.pair(), *b.pair()])
    for name in ("a.test", "b.test", "www.b.test", "localhost"):
        fetched(bench.s_client(server.port, name=name, stdin=HELLO))
    for name in ("unknown.test", "a.www.b.test"):  # then the first one
        r = bench.s_client(server.port, name=name, stdin=HELLO)
        assert r.rc != 0 and "hostname mismatch" in r.all.lower(), r
    fetched(bench.s_client(server.port, name=None, stdin=HELLO))


def test_client_key_updates(bench, server):
    """Requests before, between and after KeyUpdates of both kinds on one connection."""
    client = bench.start(bench.s_client_argv(server.port, "-msg"), stdin=True)
    keep = HELLO.decode().replace("Connection: close\r\n", "")
    client.wait_for("^SSL handshake has read")
    client.type(keep)
    client.wait_for("^hello$", times=1)
    client.type("K\n")  # update_requested: serve must answer with its own before its next data
    client.wait_for("^>>> " + KEY_UPDATE, times=1)
    client.type(keep)
    client.wait_for("^<<< " + KEY_UPDATE, times=1)
    client.wait_for("^hello$", times=2)
    client.type("k\n")  # update_not_requested
    client.wait_for("^>>> " + KEY_UPDATE, times=2)
    client.type(keep)
    client.wait_for("^hello$", times=3)
    client.type("K\n")
    client.wait_for("^>>> " + KEY_UPDATE, times=3)
    client.type(HELLO.decode())
    client.wait_for("^<<< " + KEY_UPDATE, times=2)
    client.wait_for("^hello$", times=4)
    assert client.wait() == 0, client.all
    assert len(re.findall("^<<< " + KEY_UPDATE, client.all, re.M)) == 2, client.all


def test_serve_closes_with_notify(bench, server):
    r = fetched(bench.s_client(server.port, "-msg", stdin=HELLO))
    assert "<<< TLS 1.3, Alert [length 0002], warning close_notify" in r.out, r


def test_serve_answers_close_notify(pki, server):
    """The client closes first: serve answers with its own close_notify."""
    with connect(server.port, pki.server().root, timeout=5) as tls:
        tls.sendall(HELLO.replace(b"Connection: close\r\n", b""))
        data = b""
        while not data.endswith(b"hello\n"):
            data += tls.recv(4096)
        tls.unwrap().close()  # fails if the stream ends without close_notify


def test_client_with_a_certificate_is_served_too(bench, pki, server):
    """serve does not ask for certificates; a client that could give one is served like others."""
    mine = pki.server("ed25519")
    r = fetched(bench.s_client(server.port, "-cert", mine.cert, "-key", mine.key, stdin=HELLO))
    assert "No client certificate CA names sent" in r.out, r


def test_small_records(bench, server):
    """max_fragment_length is not taken up; small records of the client are read all the same."""
    r = bench.s_client(server.port, "-max_send_frag", "512", stdin=HELLO.replace(
        b"Host:", b"X-Long: " + b"x" * 4000 + b"\r\nHost:"))
    fetched(r)


def test_key_log_equals_client(bench, pki):
    ours, theirs = bench.dir / "serve.keys", bench.dir / "client.keys"
    server = bench.serve("--keylog", ours)
    fetched(bench.s_client(server.port, "-keylogfile", theirs, stdin=HELLO))
    assert len(secrets(theirs)) == 5
    assert secrets(ours) == secrets(theirs)


# ---- get against s_server ---------------------------------------------------------------------------


def page(result):
    assert result.rc == 0, result
    assert "New, TLSv1.3, Cipher is" in result.out, result
    return result


@pytest.mark.parametrize("suite", SUITES)
def test_server_suite(bench, suite):
    server = bench.s_server("-www", "-ciphersuites", suite)
    r = page(bench.get(f"https://localhost:{server.port}/"))
    assert f"Cipher is {suite}\n" in r.out, r


@pytest.mark.parametrize("suite", SUITES)
def test_get_ciphers(bench, suite):
    server = bench.s_server("-www")
    r = page(bench.get("--ciphers", suite, f"https://localhost:{server.port}/"))
    assert f"Cipher is {suite}\n" in r.out, r


@pytest.mark.parametrize("group", groups(GROUPS))
def test_server_group(bench, group):
    """A server with one group: without a retry for those that get has a key share for."""
    server = bench.s_server("-www", "-groups", group, "-msg")
    r = page(bench.get(f"https://localhost:{server.port}/"))
    name = {"P-256": "secp256r1", "P-384": "secp384r1"}.get(group, group)
    assert re.search(rf"^Shared groups: {name}$", r.out, re.M | re.I), r
    assert server.out.count(", ClientHello\n") == (1 if group.startswith("X25519") else 2), server.out


@pytest.mark.parametrize("group", groups(GROUPS))
def test_get_curves(bench, group):
    """get offers the one group, with a key share for it."""
    server = bench.s_server("-www", "-msg", "-groups", group)
    r = page(bench.get("--curves", group, f"https://localhost:{server.port}/"))
    name = {"P-256": "secp256r1", "P-384": "secp384r1"}.get(group, group)
    assert re.search(rf"^Supported groups: ([^:\n]+:)?{name}$", r.out, re.M | re.I), r  # GREASE may be in front
    assert server.out.count(", ClientHello\n") == 1, server.out


@pytest.mark.parametrize("kind", KEYS)
def test_server_key(bench, pki, kind):
    identity = pki.server(kind)
    server = bench.s_server("-www", identity=identity)
    page(bench.get(f"https://localhost:{server.port}/", root=identity.root))
    page(bench.get(f"https://127.0.0.1:{server.port}/", root=identity.root))


def test_server_alpn(bench):
    server = bench.s_server("-www", "-alpn", "nonsense,http/1.1", "-msg")
    page(bench.get(f"https://localhost:{server.port}/"))
    server.wait_for("^ALPN protocols selected: http/1.1$")


def test_server_sni(bench, pki):
    b = pki.leaf(names="DNS:b.test")
    server = bench.s_server("-www", "-servername", "b.test", "-cert2", b.cert, "-key2", b.key,
                            "-CAfile", pki.authority("p256")[1].cert, "-msg")
    page(bench.get("--resolve", f"b.test:{server.port}:127.0.0.1", f"https://b.test:{server.port}/"))
    page(bench.get(f"https://localhost:{server.port}/"))
    server.wait_for('^Hostname in TLS extension: "b.test"')


def test_server_without_common_suite(bench):
    server = bench.s_server("-www", "-ciphersuites", "TLS_AES_128_CCM_SHA256", "-tls1_3")
    r = bench.get(f"https://localhost:{server.port}/")
    assert r.rc == 35 and "handshake_failure" in r.err, r


def test_server_key_update(bench):
    """The server renews its keys in the middle of a body and asks get to renew its own, which get, that has nothing
    more to send, need not do."""
    server = bench.s_server("-msg", stdin=True)
    out = bench.dir / "body"
    root = bench.pki.authority("p256")[0].cert
    client = bench.start([LOCKSTEP, "get", "--cacert", root, "-o", out, f"https://localhost:{server.port}/"])
    server.wait_for("^GET / HTTP/1.1")
    sent = r"^>>> TLS 1\.\d, InnerContent \[length 0001\]\n    17$"
    server.type("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
    for i, part in enumerate(("01234", "56789", "abcde", "fghij")):
        server.wait_for(sent, times=i + 1)  # a command counts at the beginning of what is typed only
        server.type("K\n")
        server.wait_for("^>>> " + KEY_UPDATE, times=i + 1)
        server.type(part)
    assert client.wait() == 0, client.all
    assert out.read_bytes() == b"0123456789abcdefghij"
    server.wait_for("^<<< TLS 1.3, Alert .*close_notify")


def test_get_closes_with_notify(bench):
    server = bench.s_server("-www", "-msg")
    page(bench.get(f"https://localhost:{server.port}/"))
    server.wait_for("^<<< TLS 1.3, Alert .*warning close_notify")
    assert re.search("^>>> TLS 1.3, Alert .*warning close_notify", server.all, re.M), server.all


def test_padded_records(bench):
    """Every record of the server is padded (RFC 8446 §5.4)."""
    server = bench.s_server("-www", "-record_padding", "4096")
    page(bench.get(f"https://localhost:{server.port}/"))


def test_small_records_of_server(bench):
    server = bench.s_server("-www", "-max_send_frag", "512")
    page(bench.get(f"https://localhost:{server.port}/"))


def test_optional_client_certificate(bench):
    """A server that would like a certificate takes get's empty one; one that insists does not."""
    server = bench.s_server("-www", "-verify", "3")
    page(bench.get(f"https://localhost:{server.port}/"))
    server = bench.s_server("-www", "-Verify", "3")
    r = bench.get(f"https://localhost:{server.port}/")
    assert r.rc in (35, 56) and "certificate_required" in r.err, r


def test_key_log_equals_server(bench):
    ours, theirs = bench.dir / "get.keys", bench.dir / "server.keys"
    server = bench.s_server("-www", "-keylogfile", theirs)
    page(bench.get(f"https://localhost:{server.port}/", env=dict(bench.env, SSLKEYLOGFILE=str(ours))))
    assert len(secrets(theirs)) == 5
    assert secrets(ours) == secrets(theirs)


def test_issued_chain_is_strict(pki):
    """The tests' own certificates are good by OpenSSL's strictest measure."""
    for kind in KEYS:
        leaf = pki.server(kind)
        r = run(["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost",
                 "-CAfile", leaf.root, "-untrusted", leaf.chain, leaf.cert], pki.env)
        assert r.rc == 0, r
