"""TLS 1.2 with others, both ways: OpenSSL, GnuTLS, curl. Suites, groups, kinds of key, client certificates."""
import re
import ssl

import pytest

from kit import KEYS, LOCKSTEP, connect, run, secrets, wait_until


HELLO = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# OpenSSL's name -> the kind of key that it takes
SUITES = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": "p256",
    "ECDHE-ECDSA-AES256-GCM-SHA384": "p256",
    "ECDHE-ECDSA-CHACHA20-POLY1305": "p256",
    "ECDHE-RSA-AES128-GCM-SHA256": "rsa",
    "ECDHE-RSA-AES256-GCM-SHA384": "rsa",
    "ECDHE-RSA-CHACHA20-POLY1305": "rsa",
}
GROUPS = {"X25519": r"Temp Key: X25519", "P-256": r"Temp Key: ECDH, (prime256v1|secp256r1)",
          "P-384": r"Temp Key: ECDH, secp384r1"}
RSA_KEX = ["AES128-GCM-SHA256", "AES256-GCM-SHA384"]
GNUTLS = "NORMAL:-VERS-ALL:+VERS-TLS1.2"


@pytest.fixture(scope="module")
def server(shared, pki):
    """serve with a certificate of each kind, in the default versions."""
    return shared.serve(identity=[*pki.server("rsa").pair(), *pki.server("p256").pair()])


def fetched(result):
    assert result.rc == 0, result
    assert "Verification: OK" in result.out, result
    assert re.search(r"^HTTP/1\.1 200 ", result.out, re.M) and "\nhello\n" in result.out, result
    return result


def page(result):
    assert result.rc == 0, result
    assert "New, TLSv1.2, Cipher is" in result.out, result
    return result


# ---- others against serve ---------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES)
def test_client_suite(bench, pki, server, suite):
    root = pki.server(SUITES[suite]).root
    r = fetched(bench.s_client(server.port, "-tls1_2", "-cipher", suite, root=root, stdin=HELLO))
    assert f"New, TLSv1.2, Cipher is {suite}\n" in r.out, r
    assert "Secure Renegotiation IS supported" in r.out and "Extended master secret: yes" in r.out, r


@pytest.mark.parametrize("group", GROUPS)
def test_client_group(bench, pki, server, group):
    # in TLS 1.2 the groups are those of certificates too (RFC 8422 §5.1)
    kind = "p256" if group == "P-256" else "rsa"
    r = fetched(bench.s_client(server.port, "-tls1_2", "-groups", group, root=pki.server(kind).root, stdin=HELLO))
    assert re.search(GROUPS[group], r.out), r


@pytest.mark.parametrize("kind", KEYS)
def test_client_key(bench, pki, kind):
    identity = pki.server(kind)
    server = bench.serve("--tls-max", "1.2", identity=identity)
    fetched(bench.s_client(server.port, root=identity.root, stdin=HELLO))  # it offers TLS 1.3 too


def test_versions(bench, pki):
    server = bench.serve("--tls-min", "1.3")
    r = bench.s_client(server.port, "-tls1_2", stdin=HELLO)
    assert r.rc != 0 and "alert number 70" in r.err, r
    server = bench.serve()
    for version in ("-tls1", "-tls1_1"):
        r = bench.s_client(server.port, version, "-cipher", "DEFAULT@SECLEVEL=0", stdin=HELLO)
        assert r.rc != 0 and "alert number 70" in r.err, r
    r = bench.s_client(server.port, "-tls1_2", "-fallback_scsv", stdin=HELLO)
    assert r.rc != 0 and "alert number 86" in r.err, r  # inappropriate_fallback
    fetched(bench.s_client(server.port, "-tls1_2", stdin=HELLO))


def test_renegotiation_is_refused(bench, pki):
    """"R" makes s_client ask for another handshake."""
    server = bench.serve()
    client = bench.start(bench.s_client_argv(server.port, "-tls1_2"), stdin=True)
    client.wait_for(r"Verify return code")
    client.type("R\n")
    client.wait_for(r"no renegotiation|alert number 100")


def test_client_certificate(bench, pki):
    root, identity = pki.authority("p256")[0].cert, pki.leaf(usage="clientAuth", names="DNS:someone.test")
    server = bench.serve("--client-ca", root)
    fetched(bench.s_client(server.port, "-tls1_2", "-cert", identity.cert, "-key", identity.key, "-cert_chain",
                           identity.chain, stdin=HELLO))
    r = bench.s_client(server.port, "-tls1_2", stdin=HELLO)
    assert r.rc != 0 and "alert number 40" in r.err, r


@pytest.mark.parametrize("suite", RSA_KEX)
def test_client_rsa_kex(bench, pki, suite):
    identity = pki.server("rsa")
    server = bench.serve("--kex", "rsa", identity=identity)
    assert "NO forward secrecy" in server.all
    fetched(bench.s_client(server.port, "-tls1_2", "-cipher", suite, root=identity.root, stdin=HELLO))
    other = bench.serve(identity=identity)
    r = bench.s_client(other.port, "-tls1_2", "-cipher", suite, root=identity.root, stdin=HELLO)
    assert r.rc != 0 and "alert number 40" in r.err, r


def test_keylog(bench):
    ours, theirs = bench.dir / "serve.keys", bench.dir / "client.keys"
    server = bench.serve("--keylog", ours)
    fetched(bench.s_client(server.port, "-tls1_2", "-keylogfile", theirs, stdin=HELLO))
    assert secrets(ours) == secrets(theirs) and secrets(ours)[0].startswith("CLIENT_RANDOM ")


@pytest.mark.parametrize("cipher", ["AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305"])
@pytest.mark.parametrize("kx", ["ECDHE-RSA", "ECDHE-ECDSA"])
def test_gnutls_client(bench, pki, server, kx, cipher):
    root = pki.server("rsa" if kx == "ECDHE-RSA" else "p256").root
    client = bench.gnutls_cli(server.port, "--priority", f"{GNUTLS}:-KX-ALL:+{kx}:-CIPHER-ALL:+{cipher}",
                              request=HELLO, root=root)
    client.wait_for("^hello$")
    assert client.wait() == 0, client.all
    assert "(TLS1.2-X.509)" in client.all and "safe renegotiation" in client.all, client.all


def test_curl(bench, pki, server):
    r = run(["curl", "-q", "-sS", "-v", "--tls-max", "1.2", "--cacert", pki.server("rsa").root,
             "--ciphers", "ECDHE-RSA-AES256-GCM-SHA384", f"https://localhost:{server.port}/hello.txt"], bench.env)
    assert r.rc == 0 and r.body == b"hello\n", r
    assert "TLSv1.2 / ECDHE-RSA-AES256-GCM-SHA384" in r.err, r


def test_python(bench, pki, server):
    with connect(server.port, pki.server("p256").root, minimum_version=ssl.TLSVersion.TLSv1_2,
                 maximum_version=ssl.TLSVersion.TLSv1_2) as s:
        s.sendall(HELLO)
        assert s.version() == "TLSv1.2" and s.recv(15) == b"HTTP/1.1 200 OK"


# ---- get against others -----------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES)
def test_server_suite(bench, pki, suite):
    identity = pki.server(SUITES[suite])
    server = bench.s_server("-www", "-tls1_2", "-cipher", suite, identity=identity)
    r = page(bench.get(f"https://localhost:{server.port}/", root=identity.root))
    assert f"Cipher is {suite}\n" in r.out, r


@pytest.mark.parametrize("suite", SUITES)
def test_get_ciphers(bench, pki, suite):
    identity = pki.server(SUITES[suite])
    server = bench.s_server("-www", identity=identity)
    r = page(bench.get("--tls-max", "1.2", "--ciphers", suite, f"https://localhost:{server.port}/",
                       root=identity.root))
    assert f"Cipher is {suite}\n" in r.out, r


@pytest.mark.parametrize("group", GROUPS)
def test_server_group(bench, group):
    server = bench.s_server("-www", "-tls1_2", "-groups", group)
    page(bench.get(f"https://localhost:{server.port}/"))


@pytest.mark.parametrize("kind", KEYS)
def test_server_key(bench, pki, kind):
    identity = pki.server(kind)
    server = bench.s_server("-www", "-tls1_2", identity=identity)
    page(bench.get(f"https://localhost:{server.port}/", root=identity.root))


@pytest.mark.parametrize("sigalg", ["RSA+SHA256", "RSA+SHA384", "RSA+SHA512", "RSA-PSS+SHA256"])
def test_server_signature(bench, pki, sigalg):
    """PKCS #1 signs handshakes in TLS 1.2."""
    identity = pki.server("rsa")
    server = bench.s_server("-www", "-tls1_2", "-sigalgs", sigalg, identity=identity)
    page(bench.get(f"https://localhost:{server.port}/", root=identity.root))


def test_get_versions(bench):
    server = bench.s_server("-www", "-tls1_2")
    page(bench.get("--tlsv1.2", f"https://localhost:{server.port}/"))
    r = bench.get("--tlsv1.3", f"https://localhost:{server.port}/")
    assert r.rc == 35 and "protocol_version" in r.err, r
    server = bench.s_server("-www")
    r = bench.get("-v", f"https://localhost:{server.port}/")
    assert r.rc == 0 and "TLS 1.3" in r.err, r
    page(bench.get("--tls-max", "1.2", f"https://localhost:{server.port}/"))
    r = bench.get("--tls-max", "1.1", f"https://localhost:{server.port}/")
    assert r.rc == 2, r


def test_old_server_is_refused(bench):
    server = bench.s_server("-www", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    r = bench.get(f"https://localhost:{server.port}/")
    assert r.rc == 35, r


@pytest.mark.parametrize("suite", RSA_KEX)
def test_server_rsa_kex(bench, pki, suite):
    identity = pki.server("rsa")
    server = bench.s_server("-www", "-tls1_2", "-cipher", suite, identity=identity)
    r = bench.get("--kex", "rsa", "-v", f"https://localhost:{server.port}/", root=identity.root)
    assert r.rc == 0 and f"Cipher is {suite}\n" in r.out, r
    assert "NO forward secrecy" in r.err and "the server signed nothing" in r.err, r
    r = bench.get(f"https://localhost:{server.port}/", root=identity.root)
    assert r.rc == 35, r


@pytest.mark.parametrize("kind", KEYS)
def test_get_certificate(bench, pki, kind):
    """CertificateVerify by every kind of key."""
    identity = pki.leaf(kind, usage="clientAuth", names="DNS:someone.test")
    root = pki.authority(kind)[0].cert
    server = bench.s_server("-www", "-tls1_2", "-Verify", "3", "-verify_return_error", "-CAfile", root)
    page(bench.get("--cert", identity.chain, "--key", identity.key, f"https://localhost:{server.port}/"))


def test_server_asks_for_renegotiation(bench):
    """A HelloRequest after the handshake ends the connection."""
    server = bench.s_server("-tls1_2", stdin=True)
    client = bench.start([LOCKSTEP, "get", "--cacert",
                          bench.pki.authority("p256")[0].cert, f"https://localhost:{server.port}/"])
    server.wait_for(r"^GET / HTTP/1.1")
    server.type("r\n")
    assert client.wait() != 0
    assert "another handshake" in client.all, client.all


def test_gnutls_server(bench, pki):
    server = bench.gnutls_serv("--priority", GNUTLS)
    r = bench.get(f"https://localhost:{server.port}/")
    assert r.rc == 0 and "<TD>Protocol version:</TD><TD>TLS1.2</TD>" in r.out, r


def test_ours_with_ours(bench, pki):
    server = bench.serve("--tls-max", "1.2")
    r = bench.get("-v", f"https://localhost:{server.port}/hello.txt")
    assert r.rc == 0 and r.body == b"hello\n" and "TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" in r.err, r


# ---- resumption -------------------------------------------------------------------------------------


def test_client_resumes(bench, pki):
    """OpenSSL returns with its ticket."""
    server, session = bench.serve("--tls-max", "1.2"), bench.dir / "session"
    r = fetched(bench.s_client(server.port, "-sess_out", session, stdin=HELLO))
    assert "New, TLSv1.2" in r.out, r
    r = fetched(bench.s_client(server.port, "-sess_in", session, stdin=HELLO))
    assert "Reused, TLSv1.2" in r.out, r
    wait_until(lambda: " resumed" in server.all, what="the line of the access log")


def test_gnutls_client_resumes(bench, pki):
    server = bench.serve("--tls-max", "1.2")
    client = bench.gnutls_cli(server.port, "--priority", GNUTLS, "-r", request=HELLO)
    assert client.wait() == 0, client.all
    assert "This is a resumed session" in client.all, client.all


@pytest.mark.parametrize("how", [["-no_ticket"], []], ids=["session ID", "ticket"])
def test_get_resumes(bench, how):
    server, session = bench.s_server("-www", "-tls1_2", *how), bench.dir / "session"
    url = f"https://localhost:{server.port}/"
    page(bench.get("--session", session, url))
    for _ in range(2):
        r = bench.get("--session", session, "-v", url)
        assert r.rc == 0 and ", resumed" in r.err and "Reused, TLSv1.2" in r.out, r


def test_get_resumes_with_gnutls(bench):
    server, session = bench.gnutls_serv("--priority", GNUTLS), bench.dir / "session"
    url = f"https://localhost:{server.port}/"
    assert bench.get("--session", session, url).rc == 0
    r = bench.get("--session", session, "-v", url)
    assert r.rc == 0 and ", resumed" in r.err, r
