"""Client certificates: OpenSSL, GnuTLS, curl, nginx and Python show theirs to serve, and get shows its own to
them. Resumed connections know the client again."""
import re
import ssl

import pytest

from kit import HELLO, KEYS, VERSIONS, SClient, connect, logged, parse_response, run, tls_listener

versions = pytest.mark.parametrize("version", VERSIONS)
CURL = ["curl", "-sS", "-H", "Connection: close"]


def openssl(version):
    return f"-tls{version.replace('.', '_')}"


def gnutls(version):
    return ["--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}"]


@pytest.fixture
def serve(bench, pki):
    """serve that wants certificates below the test roots of `kinds`."""
    def start(*args, kinds=("p256",), mode=None, **more):
        cas = bench.dir / "client-cas.pem"
        cas.write_text("".join(pki.authority(kind)[0].cert.read_text() for kind in kinds))
        return bench.serve("--client-ca", cas, *(["--client-auth", mode] if mode else []), *args, **more)

    return start


def shows(identity):
    """s_client's options, with the chain of a client."""
    return ["-cert", identity.cert, "-key", identity.key, "-cert_chain", identity.chain]


def without(version):
    """How a client without a certificate is refused: the exit code of get, and the alert. TLS 1.3 has an alert
    of its own, which comes when the client thinks that the handshake is over."""
    return (56, "certificate_required (116)") if version == "1.3" else (35, "handshake_failure (40)")


def known(line, title="Test Client"):
    return line.endswith(f' client="CN={title}"')


# ---- to serve ----------------------------------------------------------------------------------------


@versions
@pytest.mark.parametrize("kind", KEYS)
def test_openssl_client(bench, pki, serve, kind, version):
    server = serve(kinds=KEYS)
    r = bench.s_client(server.port, openssl(version), *shows(pki.client(kind)), stdin=HELLO)
    assert r.rc == 0 and "\nhello\n" in r.out, r
    assert known(logged(server, 1)[0]), server.out


@versions
def test_modes(bench, pki, serve, version):
    """none asks nobody, request takes who has none, require (the default) refuses with certificate_required."""
    for mode, good, asks in (("none", True, False), ("request", True, True), ("require", False, True), (None, False, True)):
        server = serve(mode=mode)
        r = bench.s_client(server.port, openssl(version), "-msg", stdin=HELLO)
        assert (", CertificateRequest\n" in r.out) == asks, r
        if good:
            assert "\nhello\n" in r.out and "client=" not in logged(server, 1)[0], r
        else:
            assert f"alert number {without(version)[1][-4:-1].strip('(')}" in r.err and "\nhello\n" not in r.out, r


def test_request_refuses_a_bad_one(bench, pki, serve):
    """A certificate that is shown must be good, wanted or needed."""
    for mode in ("request", "require"):
        server = serve(mode=mode)
        for identity, alert in ((pki.client("p384"), 48), (pki.server("p256"), 43), (pki.leaf(
                usage="clientAuth", days=(-9, -2)), 45), (pki.leaf(usage="clientAuth", self_signed=True), 48)):
            r = bench.s_client(server.port, *shows(identity), stdin=HELLO)
            assert f"alert number {alert}" in r.err and "\nhello\n" not in r.out, (alert, r)
        assert all("] refused CERT_" in line for line in logged(server, 4)), server.out


def test_wrong_key(bench, pki, serve):
    """A stolen certificate without its key: s_client does not even start, so Python's ssl cannot either; with
    another key of the same kind the signature is refused."""
    mine, other = pki.client(), pki.client(title="Test Other")
    r = bench.s_client(serve().port, "-cert", mine.cert, "-key", other.key, stdin=HELLO)
    assert r.rc != 0 and "key values mismatch" in r.err, r


@versions
def test_resumed(bench, pki, serve, version):
    server = serve("--early-data")
    client = SClient(bench, server.port, openssl(version), *shows(pki.client()))
    for _ in range(2):
        assert f"Reused, TLSv{version}" in client.again()
    lines = logged(server, 3)
    assert all(known(line) for line in lines) and all(" resumed " in line for line in lines[1:]), server.out
    if version == "1.3":
        assert "Early data was accepted" in client.with_early(HELLO).out
        line = logged(server, 4)[3]
        assert " resumed early-data " in line and known(line), line


def test_resumed_without_a_certificate(bench, pki, serve):
    """A ticket of one who had none is no way in, and one does not become another."""
    asking = serve(mode="request")
    nobody = SClient(bench, asking.port)
    r = nobody.run("-sess_in", nobody.file, *shows(pki.client()), stdin=HELLO)
    assert "Reused, TLSv1.3" in r.out, r
    assert all("client=" not in line for line in logged(asking, 2)), asking.out


@versions
def test_gnutls_client(bench, pki, serve, version):
    server, mine = serve(), pki.client()
    client = bench.gnutls_cli(server.port, "--x509certfile", mine.chain, "--x509keyfile", mine.key, "--resume",
                              "--waitresumption", *gnutls(version), request=HELLO)
    client.wait_for("^hello$")
    assert client.wait() == 0 and "*** This is a resumed session" in client.all, client.all
    assert " resumed " in logged(server, 1)[0] and known(server.out.splitlines()[0]), server.out
    client = bench.gnutls_cli(server.port, *gnutls(version))
    assert client.wait() != 0 and re.search(r"Received alert \[(116|40)\]", client.all), client.all


@pytest.mark.parametrize("kind", ["rsa", "p256"])
def test_curl(bench, pki, serve, kind):
    server, mine = serve(kinds=KEYS), pki.client(kind)
    url = f"https://localhost:{server.port}/hello.txt"
    r = run([*CURL, "--cacert", pki.server().root, "--cert", mine.chain, "--key", mine.key, url, url], bench.env)
    assert r.rc == 0 and r.out == "hello\n" * 2, r
    first, second = logged(server, 2)
    assert known(first) and known(second) and " resumed " in second, server.out
    r = run([*CURL, "--cacert", pki.server().root, url], bench.env)
    assert r.rc == 56 and "certificate required" in r.err.lower(), r


@versions
def test_python_client(bench, pki, serve, version):
    server, mine = serve(), pki.client()
    c = ssl.create_default_context(cafile=str(pki.server().root))
    c.minimum_version = c.maximum_version = ssl.TLSVersion[f"TLSv{version.replace('.', '_')}"]
    c.load_cert_chain(mine.chain, mine.key)
    session = None
    for i in range(3):
        data = b""
        with connect(server.port, None, context=c, session=session) as s:
            s.sendall(HELLO)
            while more := s.recv(4096):
                data += more
            assert s.session_reused == (i > 0)
            session = s.session
        assert parse_response(data).body == b"hello\n"
    assert all(known(line) for line in logged(server, 3)), server.out


def test_nginx_client(bench, pki, serve):
    """nginx as a proxy shows its certificate to serve behind it."""
    server, mine = serve(), pki.client()
    show = f"proxy_ssl_certificate {mine.chain}; proxy_ssl_certificate_key {mine.key};"
    n = bench.nginx("", f"""location / {{ proxy_pass https://127.0.0.1:{server.port}; proxy_ssl_server_name on;
proxy_ssl_name localhost; proxy_ssl_protocols TLSv1.3; proxy_set_header Host localhost; {show} }}""")
    for _ in range(2):
        assert bench.get(f"https://localhost:{n.port}/hello.txt").out == "hello\n"
    first, second = logged(server, 2)
    assert known(first) and known(second) and " resumed " in second, server.out


# ---- get ---------------------------------------------------------------------------------------------


def mine(identity):
    return ["--cert", identity.chain, "--key", identity.key]


@versions
@pytest.mark.parametrize("kind", KEYS)
def test_openssl_server(bench, pki, kind, version):
    root = pki.authority(kind)[0].cert
    server = bench.s_server("-www", openssl(version), "-Verify", "3", "-verify_return_error", "-verifyCAfile", root)
    sessions, url = bench.dir / "sessions", f"https://localhost:{server.port}/"
    for i in range(3):
        r = bench.get(*mine(pki.client(kind)), "--session", sessions, url)
        assert r.rc == 0 and f"{'Reused' if i else 'New'}, TLSv{version}" in r.out, r
    assert server.all.count("Test Client") >= 1, server.all
    code, alert = without(version)
    r = bench.get(url)
    assert r.rc == code and alert in r.err and "--cert" in r.err, r
    r = bench.get(*mine(pki.client("p384" if kind == "p256" else "p256")), url)
    assert r.rc == code and "unknown_ca (48)" in r.err and "--cert" in r.err, r


def test_openssl_server_early_data(bench, pki):
    server = bench.s_server("-Verify", "3", "-verify_return_error", "-verifyCAfile", pki.authority("p256")[0].cert,
                            "-early_data", stdin=True)
    args = bench.get_argv("-v", *mine(pki.client()), "--session", bench.dir / "sessions", "--early-data",
                          f"https://localhost:{server.port}/early")
    for i in range(2):
        get = bench.start(args)
        server.wait_for(r"^GET /early", times=i + 1)
        server.type("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
        assert get.wait() == 0 and ("0-RTT data accepted" in get.err) == (i == 1), get.all


@versions
@pytest.mark.parametrize("kind", KEYS)
def test_gnutls_server(bench, pki, kind, version):
    root = pki.authority(kind)[0].cert
    server = bench.gnutls_serv("--require-client-cert", "--verify-client-cert", "--x509cafile", root,
                               *gnutls(version), ask=True)
    sessions, url = bench.dir / "sessions", f"https://localhost:{server.port}/"
    for _ in range(2):
        r = bench.get(*mine(pki.client(kind)), "--session", sessions, url)
        assert r.rc == 0 and "Test Client" in server.all, r
    assert server.all.count("*** This is a resumed session") == 1, server.all
    r = bench.get(url)
    assert r.rc == without(version)[0], r


NGINX = """ssl_session_tickets on; ssl_early_data on; ssl_verify_client {mode}; ssl_verify_depth 3;
ssl_client_certificate {root};
location / {{ return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_session_reused $ssl_early_data\\n"; }}"""


@versions
def test_nginx_server(bench, pki, version):
    n = bench.nginx("", NGINX.format(mode="optional", root=pki.authority("p256")[0].cert), protocols=f"TLSv{version}")
    sessions, url = bench.dir / "sessions", f"https://localhost:{n.port}/"
    args = [*mine(pki.client()), "--session", sessions]
    assert bench.get(url).out == "NONE  . \n"
    assert bench.get(*args, url).out == "SUCCESS CN=Test Client . \n"
    assert bench.get(*args, url).out == "SUCCESS CN=Test Client r \n"
    if version == "1.3":
        assert bench.get(*args, "--early-data", url).out.startswith("SUCCESS CN=Test Client r ")
    # the session belongs to who made it: without the certificate, or with another one, it is not used
    assert bench.get("--session", sessions, url).out == "NONE  . \n"
    other = pki.client(title="Test Other")
    assert bench.get(*mine(other), "--session", sessions, url).out == "SUCCESS CN=Test Other . \n"
    assert bench.get(*mine(other), "--session", sessions, url).out == "SUCCESS CN=Test Other r \n"
    assert bench.get(*args, url).out == "SUCCESS CN=Test Client r \n"


def test_one_file(bench, pki):
    """curl's -E with the key in the same file, the certificate first or last."""
    identity = pki.client()
    n = bench.nginx("", NGINX.format(mode="on", root=pki.authority("p256")[0].cert))
    both = bench.dir / "both.pem"
    for text in (identity.chain.read_text() + identity.key.read_text(),
                 identity.key.read_text() + identity.chain.read_text()):
        both.write_text(text)
        r = bench.get("-E", both, f"https://localhost:{n.port}/")
        assert r.out == "SUCCESS CN=Test Client . \n", r


@versions
def test_python_server(bench, pki, version):
    seen = []

    def serve(tls):
        seen.append(dict(pair for rdn in tls.getpeercert()["subject"] for pair in rdn)["commonName"])
        tls.recv(4096)
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")

    with tls_listener(pki.server(), serve, clients=pki.authority("p256")[0].cert) as server:
        for _ in range(2):
            r = bench.get(*mine(pki.client()), "--session", bench.dir / "s", f"https://localhost:{server.port}/")
            assert r.out == "hello\n", r
    assert seen == ["Test Client"] * 2


def test_ourselves(bench, pki, serve):
    server, sessions = serve("--early-data"), bench.dir / "sessions"
    args = [*mine(pki.client()), "--session", sessions, "--early-data"]
    for _ in range(3):
        assert bench.get(*args, f"https://localhost:{server.port}/hello.txt").out == "hello\n"
    lines = logged(server, 3)
    assert all(known(line) for line in lines) and all(" early-data " in line for line in lines[1:]), server.out


def test_client_of_the_local_ca(bench, serve):
    """`ca issue --client`, as the documentation shows it."""
    for args in (["init"], ["issue", "--client", "Ada Lovelace"], ["issue", "localhost"]):
        r = bench.lockstep("ca", *args)
        assert r.rc == 0, r
    root = bench.lockstep("ca", "path").out.strip()
    cert, key = bench.dir / "Ada-Lovelace-client.pem", bench.dir / "Ada-Lovelace-client-key.pem"
    server = bench.serve("--client-ca", root, identity=[])
    r = bench.get("--cert", cert, "--key", key, f"https://localhost:{server.port}/hello.txt", root=root)
    assert r.out == "hello\n", r
    assert 'client="CN=Ada Lovelace, ' in logged(server, 1)[0], server.out


# ---- mistakes ----------------------------------------------------------------------------------------


MISTAKES = [
    # command, options, exit code, words of the error
    ("serve", "--client-auth maybe", 2, "no such mode", "none, request"),
    ("serve", "--client-auth require", 2, "by which CAs", "--client-ca FILE"),
    ("serve", "--client-ca nofile", 77, "No such file", "PEM"),
    ("serve", "--client-ca {key}", 77, "no certificate in PEM form", "BEGIN CERTIFICATE"),
    ("serve", "--client-ca {root} --client-ca {key}", 77, "no certificate in PEM form"),
    ("serve", "--tickets 9", 2, "not a number from 0 to 8", "--tickets 0"),
    ("serve", "--tickets many", 2, "not a number from 0 to 8"),
    ("serve", "--early-data --tickets 0", 2, "--tickets 0 gives none", "--tickets 1"),
    ("serve", "--cert {cert} --key {cert}", 2, "no private key in PEM form", "--key FILE"),
    ("get", "--cert nofile", 2, "No such file", "--cert"),
    ("get", "--cert {cert}", 2, "no private key in PEM form", "--key FILE"),
    ("get", "--cert {cert} --key nofile", 2, "No such file", "--key"),
    ("get", "--cert {key} --key {key}", 2, "no certificate in PEM form", "BEGIN CERTIFICATE"),
    ("get", "--cert {cert} --key {other}", 2, "does not belong to the certificate", "--key"),
    ("get", "--cert {cert} --key {locked}", 2, "a key under a password", "openssl pkey"),
    ("get", "--key {key}", 2, "of which certificate?", "--cert FILE --key FILE"),
    ("get", "--early-data", 2, "no session", "--session FILE"),
]


@pytest.mark.parametrize("command, options, code, words", [(c, o, n, w) for c, o, n, *w in MISTAKES])
def test_mistakes(bench, pki, command, options, code, words):
    """Each is told in two or three short lines, the last of which says what to do."""
    locked = bench.dir / "locked.pem"
    pki.openssl("pkcs8", "-topk8", "-in", pki.client().key, "-out", locked, "-passout", "pass:secret")
    files = {"cert": pki.client().cert, "key": pki.client().key, "root": pki.client().root, "locked": locked,
             "other": pki.client(title="Test Other").key}
    args = [word.format(**files) for word in options.split()]
    r = bench.lockstep(command, *args, *(["https://localhost:1/"] if command == "get" else []))
    assert r.rc == code, r
    lines = r.err.splitlines()
    assert 2 <= len(lines) <= 3 and lines[-1].startswith("  to do:  "), r
    assert all(word in r.err for word in words) and max(map(len, lines)) < 300, r
