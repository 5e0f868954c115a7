"""Coming back: sessions of both sides with OpenSSL, GnuTLS, nginx, curl and Python, and 0-RTT data where the
peer has it. Each test is one for every version of TLS that has the matter (VERSIONS)."""
import json
import re
import ssl

import pytest

from kit import HELLO, SUITES, VERSIONS, SClient, Tap, connect, logged, run, tls_listener

versions = pytest.mark.parametrize("version", VERSIONS)


def gnutls(version):
    return ["--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}"]


def openssl(version):
    return f"-tls{version.replace('.', '_')}"


def facts(bench, *args, **more):
    """What `get --json` says of the connection."""
    r = bench.get("--json", *args, **more)
    assert r.rc == 0, r
    return json.loads(r.out)


@pytest.fixture
def sessions(bench):
    return bench.dir / "sessions"


# ---- OpenSSL -----------------------------------------------------------------------------------------


@versions
def test_openssl_client(bench, version):
    server = bench.serve()
    client = SClient(bench, server.port, openssl(version))
    for _ in range(3):  # each time with the ticket of the time before
        assert f"Reused, TLSv{version}" in client.again()
    first, *others = logged(server, 4)
    assert " resumed" not in first and all(line.endswith(" resumed") for line in others), server.out


@pytest.mark.parametrize("suite", SUITES)
def test_openssl_client_suite(bench, suite):
    server = bench.serve()
    client = SClient(bench, server.port, "-ciphersuites", suite)
    assert f"Reused, TLSv1.3, Cipher is {suite}\n" in client.again()


def test_openssl_client_after_retry(bench):
    """A HelloRetryRequest: the binder is computed again, over both ClientHellos."""
    server = bench.serve("--groups", "P-384")
    client = SClient(bench, server.port, "-groups", "X25519:P-384")
    r = client.again("-msg")
    assert "Reused, TLSv1.3" in r.out and r.out.count(", ClientHello\n") == 2, r


def test_openssl_client_without_tickets(bench):
    server = bench.serve("--tickets", "0")
    r = bench.s_client(server.port, "-sess_out", bench.dir / "none", stdin=HELLO)
    assert "\nhello\n" in r.out and "NewSessionTicket" not in r.out and not (bench.dir / "none").exists(), r


@pytest.mark.parametrize("n", [1, 2, 8])
def test_number_of_tickets(bench, n):
    server = bench.serve("--tickets", n)
    r = bench.s_client(server.port, "-msg", stdin=HELLO)
    assert r.out.count(", NewSessionTicket\n") == n, r


def test_openssl_client_of_another_name(bench, pki):
    """A ticket is for the name that it was made with."""
    both = pki.leaf(names="DNS:localhost,DNS:other.test")
    server = bench.serve(identity=both)
    client = SClient(bench, server.port)
    r = bench.s_client(server.port, "-sess_in", client.file, name="other.test", stdin=HELLO)
    assert "New, TLSv1.3" in r.out and "\nhello\n" in r.out, r
    assert "Reused, TLSv1.3" in client.again()


def test_openssl_client_early_data(bench):
    server = bench.serve("--early-data")
    client = SClient(bench, server.port)
    r = client.with_early(HELLO)
    assert r.rc == 0 and "Early data was accepted" in r.out and "Reused, TLSv1.3" in r.out, r
    assert "\nhello\n" in r.out and " Max Early Data: 16384\n" in r.out, r
    assert logged(server, 2)[1].endswith(" resumed early-data"), server.out


def test_openssl_client_early_data_is_off(bench):
    """Without --early-data the tickets allow none, and what comes all the same is passed over."""
    server = bench.serve()
    client = SClient(bench, server.port)
    text = client.file.read_text()
    assert "BEGIN SSL SESSION" in text
    r = client.with_early(HELLO, stdin=HELLO)
    assert "Early data was accepted" not in r.out, r
    assert all("early-data" not in line for line in server.out.splitlines()), server.out


@versions
def test_openssl_server(bench, sessions, version):
    server = bench.s_server("-www", openssl(version))
    url = f"https://localhost:{server.port}/"
    for i in range(3):
        r = bench.get("--session", sessions, url)
        assert r.rc == 0 and f"{'Reused' if i else 'New'}, TLSv{version}" in r.out, r


@pytest.mark.parametrize("suite", SUITES)
def test_openssl_server_suite(bench, sessions, suite):
    server = bench.s_server("-www", "-ciphersuites", suite)
    url = f"https://localhost:{server.port}/"
    for i in range(2):
        r = bench.get("--session", sessions, url)
        assert f"{'Reused' if i else 'New'}, TLSv1.3, Cipher is {suite}\n" in r.out, r


def test_openssl_server_after_retry(bench, sessions):
    server = bench.s_server("-www", "-groups", "P-384")
    for i in range(2):
        r = bench.get("-v", "--session", sessions, f"https://localhost:{server.port}/")
        assert f"{'Reused' if i else 'New'}, TLSv1.3" in r.out and "HelloRetryRequest" in r.err, r


def test_openssl_server_without_tickets(bench, sessions):
    server = bench.s_server("-www", "-num_tickets", "0")
    for _ in range(2):
        r = bench.get("--session", sessions, f"https://localhost:{server.port}/")
        assert r.rc == 0 and "New, TLSv1.3" in r.out, r


def test_openssl_server_stateful_tickets(bench, sessions):
    """-no_ticket: a "ticket" is then the number of a session that the server keeps."""
    server = bench.s_server("-www", "-no_ticket")
    for i in range(3):
        r = bench.get("--session", sessions, f"https://localhost:{server.port}/")
        assert f"{'Reused' if i else 'New'}, TLSv1.3" in r.out, r


def answer(server, n, text=b"hello\n"):
    """Lets s_server, which reads its answers from stdin, answer the n-th request."""
    server.wait_for(r"^GET /", times=n)
    server.type(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text.decode()}")


def get_from_s_server(bench, server, n, *args):
    get = bench.start([*bench.get_argv(*args, f"https://localhost:{server.port}/early")])
    answer(server, n)
    assert get.wait() == 0, get.all
    assert get.out.endswith("hello\n"), get.all
    return get


def test_openssl_server_early_data(bench, sessions):
    server = bench.s_server("-early_data", stdin=True)
    args = ["-v", "--session", sessions, "--early-data"]
    first = get_from_s_server(bench, server, 1, *args)
    assert "0-RTT data" not in first.err.split("* TLS 1.3")[1], first.all
    assert "No early data received" in server.all, server.all
    second = get_from_s_server(bench, server, 2, *args)
    assert ", resumed, 0-RTT data accepted" in second.err, second.all
    assert "\nEarly data received:\n" in server.all and server.all.count("GET /early HTTP/1.1") == 2, server.all


def test_openssl_server_refuses_early_data(bench, sessions):
    """The request is sent a second time, behind the handshake."""
    with_early = bench.s_server("-early_data", stdin=True)
    get_from_s_server(bench, with_early, 1, "--session", sessions)
    # the same session for a server that knows nothing of it
    other = bench.s_server(stdin=True)
    sessions.write_text(sessions.read_text().replace(f":{with_early.port} ", f":{other.port} "))
    get = get_from_s_server(bench, other, 1, "-v", "--session", sessions, "--early-data")
    assert "0-RTT data refused" in get.err and ", resumed" not in get.err, get.all
    assert other.all.count("GET /early") == 1, other.all


def test_server_became_old(bench, sessions):
    """RFC 8446 §D.3: a server that took 0-RTT data has TLS 1.2 alone now. The request is sent again, without."""
    new, old = bench.nginx("", RESUMED), bench.s_server("-www", "-tls1_2", "-msg")
    assert bench.get("--session", sessions, f"https://localhost:{new.port}/").rc == 0
    sessions.write_text(sessions.read_text().replace(f":{new.port} ", f":{old.port} "))
    r = bench.get("--session", sessions, "--early-data", f"https://localhost:{old.port}/")
    assert r.rc == 0 and "New, TLSv1.2" in r.out and r.err == "", r
    r = bench.get("--session", sessions, "--early-data", f"https://localhost:{old.port}/")
    assert r.rc == 0 and "Reused, TLSv1.2" in r.out, r
    r = bench.get("--tlsv1.3", "--session", sessions, f"https://localhost:{old.port}/")
    assert r.rc == 35 and "to do" in r.err, r


# ---- GnuTLS ------------------------------------------------------------------------------------------


@versions
def test_gnutls_client(bench, version):
    server = bench.serve()
    client = bench.gnutls_cli(server.port, "--resume", "--waitresumption", *gnutls(version), request=HELLO)
    client.wait_for("^hello$")
    assert client.wait() == 0 and "*** This is a resumed session" in client.all, client.all
    assert logged(server, 1)[0].endswith(" resumed"), server.out


def test_gnutls_client_early_data(bench):
    if re.search(r"gnutls-cli 3\.8\.", run(["gnutls-cli", "--version"], bench.env).out):
        pytest.skip("gnutls-cli 3.8.9 fails to send early data, to its own server and to OpenSSL's too")
    server = bench.serve("--early-data")
    early = bench.dir / "early"
    early.write_bytes(HELLO)
    with Tap(server.port, hold=0.2) as tap:  # so that serve sees the one before the other
        client = bench.gnutls_cli(tap.port, "--resume", "--waitresumption", "--earlydata", early, *gnutls("1.3"))
        client.wait_for("^hello$")
        assert client.wait() == 0, client.all
    assert "*** This is a resumed session" in client.all, client.all
    assert logged(server, 1)[0].endswith(" resumed early-data"), server.out


@versions
def test_gnutls_server(bench, sessions, version):
    server = bench.gnutls_serv(*gnutls(version))
    url = f"https://localhost:{server.port}/"
    assert [facts(bench, "--session", sessions, url)["resumed"] for _ in range(3)] == [False, True, True]
    assert server.all.count("*** This is a resumed session") == 2, server.all


def test_gnutls_server_early_data(bench, sessions):
    """gnutls-serv takes it, but never looks at what it took: there is no answer."""
    server = bench.gnutls_serv("--earlydata", "--maxearlydata", "4096", "-d", "5", *gnutls("1.3"))
    url = f"https://localhost:{server.port}/"
    assert facts(bench, "--session", sessions, "--early-data", url)["early_data"] is None
    r = bench.get("-v", "-m", "2", "--session", sessions, "--early-data", url)
    assert r.rc == 28 and ", resumed, 0-RTT data accepted" in r.err, r
    request = "".join(line[2:] + "\r\n" for line in r.err.splitlines() if re.match(r"> ($|GET|[A-Z][-A-Za-z]+: )", line))
    assert f"decrypted early data with length: {len(request)}, in epoch 1" in server.all, request


# ---- nginx -------------------------------------------------------------------------------------------


RESUMED = """
ssl_session_tickets on; ssl_early_data on;
location / { return 200 "$ssl_session_reused $ssl_early_data\\n"; }
location /later { if ($ssl_early_data) { return 425 "too early\\n"; } return 200 "now\\n"; }
location /never { return 425 "too early\\n"; }
"""


def test_nginx_server(bench, sessions):
    n = bench.nginx("", RESUMED)
    url = f"https://localhost:{n.port}/"
    assert [bench.get("--session", sessions, url).out for _ in range(3)] == [". \n", "r \n", "r \n"]
    r = bench.get("-v", "--session", sessions, "--early-data", url)  # the 1 is gone when Finished is there
    assert "0-RTT data accepted" in r.err and r.out in ("r 1\n", "r \n"), r
    # nothing but GET and HEAD is sent so early
    assert bench.get("--session", sessions, "--early-data", "-d", "x=1", url).out == "r \n"
    assert bench.get("--session", sessions, "--early-data", "-X", "DELETE", url).out == "r \n"


def test_retry_after_425(bench, sessions):
    """RFC 8470 §5.2: asked again when the handshake is done, once, and only if it was early."""
    n = bench.nginx("", RESUMED)
    log = bench.dir / "nginx-0" / "access.log"

    def get(path, *args):
        """The newest session is used, then the log says what came of it."""
        bench.get("--session", sessions, f"https://localhost:{n.port}/")
        sessions.write_text(sessions.read_text().replace(f":{n.port} ", f":{slow.port} "))
        seen = len(log.read_text().splitlines())
        r = bench.get("-i", *args, "--session", sessions, "--early-data", f"https://localhost:{slow.port}{path}")
        return r, re.findall(r'HTTP/1.1" (\d+)', "\n".join(log.read_text().splitlines()[seen:]))

    with Tap(n.port, hold=0.3) as slow:  # to nginx a request is early until Finished is there
        r, codes = get("/later")
        assert codes == ["425", "200"], r
        assert r.rc == 0 and r.out.count("HTTP/1.1") == 1 and r.out.endswith("now\n"), r
        r, codes = get("/later", "-f", "-L", "-o", bench.dir / "body")
        assert codes == ["425", "200"] and r.rc == 0, r
        r, codes = get("/never")  # a second 425 is an answer like any other
        assert codes == ["425", "425"] and r.rc == 0, r
        assert r.out.count("HTTP/1.1 425") == 1 and r.out.endswith("too early\n"), r
        r, codes = get("/never", "-f")
        assert r.rc == 22 and "the server answered 425" in r.err and r.out == "", r
        assert bench.get(f"https://localhost:{n.port}/never").out == "too early\n"


def test_nginx_client(bench, pki):
    """nginx as a proxy before serve: it resumes, and forwards that a request came early."""
    serve = bench.serve()
    n = bench.nginx("", f"""ssl_early_data on;
location / {{ proxy_pass https://127.0.0.1:{serve.port}; proxy_ssl_server_name on; proxy_ssl_name localhost;
proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_trusted_certificate {pki.server().root};
proxy_ssl_protocols TLSv1.3; proxy_set_header Host localhost; proxy_set_header Early-Data $ssl_early_data; }}
""")
    url = f"https://localhost:{n.port}/hello.txt"
    for _ in range(3):
        assert bench.get(url).out == "hello\n"
    assert [" resumed" in line for line in logged(serve, 3)] == [False, True, True], serve.out
    # a POST that nginx took as 0-RTT data, which s_client sends, is refused by serve behind it
    file, early = bench.dir / "s", bench.dir / "post"
    early.write_bytes(b"POST /hello.txt HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    bench.s_client(n.port, "-sess_out", file, stdin=HELLO)
    with Tap(n.port, hold=0.3) as slow:  # to nginx a request is early until Finished is there
        r = bench.s_client(slow.port, "-sess_in", file, "-early_data", early)
    assert "Early data was accepted" in r.out and "HTTP/1.1 425 Too Early" in r.out, r


# ---- curl and Python ---------------------------------------------------------------------------------


def test_curl(bench, pki):
    server = bench.serve()
    urls = [f"https://localhost:{server.port}/hello.txt"] * 3
    r = run(["curl", "-sS", "--cacert", pki.server().root, "-H", "Connection: close", *urls], bench.env)
    assert r.rc == 0 and r.out == "hello\n" * 3, r
    assert [" resumed" in line for line in logged(server, 3)] == [False, True, True], server.out


@versions
def test_python_client(bench, pki, version):
    server = bench.serve()
    c = ssl.create_default_context(cafile=str(pki.server().root))
    c.minimum_version = c.maximum_version = ssl.TLSVersion[f"TLSv{version.replace('.', '_')}"]
    session, seen = None, []
    for _ in range(3):
        with connect(server.port, None, context=c, session=session) as s:
            s.sendall(HELLO)
            while s.recv(4096):
                pass
            seen.append(s.session_reused)
            session = s.session
    assert seen == [False, True, True]


@versions
def test_python_server(bench, pki, sessions, version):
    seen = []

    def serve(tls):
        seen.append(tls.session_reused)
        tls.recv(4096)
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")

    with tls_listener(pki.server(), serve) as server:
        for _ in range(3):
            assert bench.get("--session", sessions, f"https://localhost:{server.port}/").out == "hello\n"
    assert seen == [False, True, True]


# ---- each other --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tickets", [1, 2])
def test_ourselves(bench, sessions, tickets):
    server = bench.serve("--early-data", "--tickets", tickets)
    url = f"https://localhost:{server.port}/hello.txt"
    for _ in range(4):
        assert bench.get("--session", sessions, "--early-data", url).out == "hello\n"
    lines = logged(server, 4)
    assert " resumed" not in lines[0] and all(line.endswith(" resumed early-data") for line in lines[1:]), server.out


def test_redirections_resume(bench, pki):
    """One get that follows redirections comes back to the same server with what it was given there."""
    n = bench.nginx("", 'location /a { return 302 /b; } location /b { return 200 "$ssl_session_reused\\n"; }')
    assert bench.get("-L", f"https://localhost:{n.port}/a").out == "r\n"
