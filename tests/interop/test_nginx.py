"""get against nginx, and get's options that shape requests and output."""
import base64
import gzip
import hashlib
import json
import re

import pytest

from kit import KEYS, SUITES, has_mlkem

DATA = bytes(i * 11 % 256 for i in range(300_000))
ABOUT = 'location /about { return 200 "$ssl_protocol $ssl_cipher $ssl_curve $ssl_server_name $ssl_alpn_protocol\\n"; }'
ECHO = """
location /method { return 200 "$request_method $request_uri\\n"; }
location /header { return 200 "$http_x_first|$http_x_second|$http_user_agent|$http_host|$http_accept\\n"; }
location /moved { return 302 /about; }
location /hop/ { rewrite ^/hop/(.*)$ /moved redirect; }
location /absolute { return 301 https://$host:$server_port/method; }
location /loop { return 302 /loop; }
location /downgrade { return 302 http://127.0.0.1:1/; }
location /gone { return 410 "gone\\n"; }
location /nothing { return 204; }
location /unavailable { return 503 "not now\\n"; }
"""


def nginx(bench, http="", server="", **more):
    root = bench.folder("nginx-www", data_bin=DATA, hello_txt=b"hello\n", text_txt=b"lockstep " * 5000)
    n = bench.nginx(http, f"root {root};\n{ABOUT}\n{server}", **more)
    n.url = f"https://localhost:{n.port}"
    return n


@pytest.fixture(scope="module")
def server(shared):
    return nginx(shared, "gzip on; gzip_types text/plain; gzip_min_length 1; gzip_comp_level 1;", ECHO)


def about(result):
    assert result.rc == 0, result
    return result.out.split()


# ---- the handshake ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KEYS)
def test_key(bench, pki, kind):
    identity = pki.server(kind)
    n = nginx(bench, identity=identity)
    r = bench.get(n.url + "/data.bin", root=identity.root)
    assert r.rc == 0 and r.body == DATA, r


def test_two_certificates(bench, pki):
    """nginx with an RSA and an ECDSA certificate: get prefers the smaller and trusts the one or the other."""
    rsa, p256 = pki.server("rsa"), pki.server("p256")
    n = nginx(bench, server=f"ssl_certificate {rsa.chain}; ssl_certificate_key {rsa.key};", identity=p256)
    assert bench.get(n.url + "/hello.txt", root=p256.root).out == "hello\n"


@pytest.mark.parametrize("curve", ["X25519", "prime256v1", "secp384r1", "X25519MLKEM768"])
def test_group(bench, curve):
    """P-256 and P-384 take a HelloRetryRequest."""
    if "MLKEM" in curve and not has_mlkem():
        pytest.skip("OpenSSL before 3.5 has no ML-KEM (Chromium's test has)")
    n = nginx(bench, server=f"ssl_ecdh_curve {curve};")
    version, _, group, sni, alpn = about(bench.get(n.url + "/about"))
    assert (version, sni, alpn) == ("TLSv1.3", "localhost", "http/1.1")
    assert group.lower() in (curve.lower(), "0x11ec" if "MLKEM" in curve else curve.lower()), group
    assert bench.get(n.url + "/data.bin").body == DATA


@pytest.mark.parametrize("suite", SUITES)
def test_suite(bench, suite):
    n = nginx(bench, server=f"ssl_conf_command Ciphersuites {suite};")
    assert about(bench.get(n.url + "/about"))[1] == suite
    assert bench.get(n.url + "/data.bin").body == DATA


def test_no_sni_for_addresses(bench, server):
    fields = about(bench.get(server.url.replace("localhost", "127.0.0.1") + "/about"))
    assert fields[0] == "TLSv1.3" and "127.0.0.1" not in fields, fields


def test_old_server(bench):
    """A server that only speaks TLS 1.2 is spoken to so, or told so by its version, not by a riddle."""
    n = nginx(bench, protocols="TLSv1.2")
    r = bench.get(n.url + "/hello.txt")
    assert r.rc == 0 and r.body == b"hello\n", r
    r = bench.get("--tlsv1.3", n.url + "/hello.txt")
    assert r.rc == 35 and re.search(r"TLS 1\.[23]|version", r.err), r


# ---- responses --------------------------------------------------------------------------------------


def test_output_file(bench, server):
    out = bench.dir / "out"
    r = bench.get("-o", out, server.url + "/data.bin")
    assert r.rc == 0 and r.body == b"" and out.read_bytes() == DATA, r


def test_remote_name(bench, server):
    r = bench.get("-O", server.url + "/data.bin?query")
    assert r.rc == 0 and r.body == b"" and (bench.dir / "data.bin").read_bytes() == DATA, r


def test_remote_name_stays_here(bench, server):
    """-O writes into the current directory only, and nothing where there is no name."""
    inner = bench.dir / "inner"
    inner.mkdir()
    before = set(bench.dir.iterdir())
    for path in ("/..%2fescaped", "/%2e%2e/..%2f..%2fescaped", "/", "/.."):
        bench.get("-O", server.url + "/method" + path, cwd=inner)
        assert set(bench.dir.iterdir()) == before, path
        assert all(f.parent == inner and f.is_file() for f in inner.iterdir()), path


def test_output_file_cannot_be_written(bench, server):
    r = bench.get("-o", bench.dir / "none" / "out", server.url + "/hello.txt")
    assert r.rc == 23 and r.err, r  # curl's number for it


def test_include(bench, server):
    r = bench.get("-i", server.url + "/hello.txt")
    head, body = r.body.split(b"\r\n\r\n", 1)
    assert r.rc == 0 and head.startswith(b"HTTP/1.1 200 OK\r\n") and body == b"hello\n", r
    assert b"\r\nServer: nginx" in head, r


def test_head(bench, server):
    r = bench.get("-I", server.url + "/data.bin")
    assert r.rc == 0 and r.out.startswith("HTTP/1.1 200 OK\r\n"), r
    assert "Content-Length: 300000\r\n" in r.out and r.body.endswith(b"\r\n\r\n"), r
    assert bench.get("-I", server.url + "/method").rc == 0


def test_location(bench, server):
    r = bench.get(server.url + "/moved")
    assert r.rc == 0 and "302" in r.out, r
    r = bench.get("-L", server.url + "/hop/x")
    assert about(r)[0] == "TLSv1.3", r
    assert bench.get("-L", server.url + "/absolute").out == "GET /method\n"


def test_location_loop(bench, server):
    r = bench.get("-L", server.url + "/loop")
    assert r.rc == 47 and "redirect" in r.err, r  # curl's number for too many


def test_location_never_to_plain_http(bench, server):
    r = bench.get("-L", server.url + "/downgrade")
    assert r.rc not in (0, 7) and "http:" in r.err, r  # 7: it would have tried


def test_fail(bench, server):
    r = bench.get("-f", server.url + "/gone")
    assert r.rc == 22 and r.body == b"" and "410" in r.err, r
    assert bench.get("-f", server.url + "/unavailable").rc == 22
    assert bench.get("-f", server.url + "/hello.txt").out == "hello\n"
    r = bench.get(server.url + "/gone")
    assert r.rc == 0 and r.out == "gone\n", r


def test_no_content(bench, server):
    r = bench.get("-i", server.url + "/nothing")
    assert r.rc == 0 and r.out.startswith("HTTP/1.1 204 "), r


def test_method_and_header(bench, server):
    assert bench.get("-X", "PUT", "-d", "x", server.url + "/method?a=b").out == "PUT /method?a=b\n"
    assert bench.get("-d", "x=y", server.url + "/method").out == "POST /method\n"
    r = bench.get("-H", "X-First: one", "-H", "X-Second:two", server.url + "/header")
    first, second, agent, host, accept = r.out.strip().split("|")
    assert (first, second, host) == ("one", "two", f"localhost:{server.port}"), r
    assert agent.lower().startswith("lockstep/") and accept == "*/*", r
    r = bench.get("-H", "Host: other.test", "-H", "User-Agent: me", server.url + "/header")
    assert r.out.split("|")[2:4] == ["me", "other.test"], r


def test_header_injection(bench, server):
    r = bench.get("-H", "X-First: a\r\nX-Second: b", server.url + "/header")
    assert r.rc == 2 or "|b|" not in r.out, r


def test_range(bench, server):
    r = bench.get("-i", "-H", "Range: bytes=1000-1999", server.url + "/data.bin")
    assert b"HTTP/1.1 206 " in r.body and r.body.split(b"\r\n\r\n", 1)[1] == DATA[1000:2000], r


def test_chunked(bench, server):
    """nginx compresses on the fly and sends chunks."""
    text = b"lockstep " * 5000
    r = bench.get("-i", "-H", "Accept-Encoding: gzip", server.url + "/text.txt")
    head, body = r.body.split(b"\r\n\r\n", 1)
    assert b"Transfer-Encoding: chunked" in head and gzip.decompress(body) == text, r


def test_compressed(bench, server):
    wants(bench, "--compressed")
    r = bench.get("--compressed", "-w", "%{size_download}", "-o", bench.dir / "text", server.url + "/text.txt")
    assert r.rc == 0 and (bench.dir / "text").read_bytes() == b"lockstep " * 5000, r
    assert 0 < int(r.out) < 10_000, r  # it did come compressed


def test_write_out(bench, server):
    form = r"%{http_code} %{size_download} %{num_redirects} %{url_effective} %{content_type} %{ssl_verify_result}\n"
    r = bench.get("-o", "/dev/null", "-w", form, server.url + "/data.bin")
    assert r.out == f"200 300000 0 {server.url}/data.bin application/octet-stream 0\n", r
    r = bench.get("-L", "-o", "/dev/null", "-w", "%{response_code} %{num_redirects}%%", server.url + "/hop/1")
    assert r.out == "200 2%", r
    times = bench.get("-o", "/dev/null", "-w", "%{time_connect} %{time_appconnect} %{time_total}", server.url + "/about")
    connect, appconnect, total = (float(x) for x in times.out.split())
    assert 0 <= connect <= appconnect <= total < 10


def test_verbose(bench, server):
    """-v tells every step of the handshake in its order, on stderr."""
    r = bench.get("-v", server.url + "/hello.txt")
    assert r.rc == 0 and r.out == "hello\n", r
    steps = ["127.0.0.1", "> ClientHello", "< ServerHello", r"TLS_\w+_SHA\d+", "x25519|X25519MLKEM768",
             "< EncryptedExtensions", "http/1.1", "< Certificate", "validity", "host name", "< CertificateVerify",
             "ecdsa_secp256r1_sha256", "< Finished", "> Finished", "< NewSessionTicket", "> alert close_notify"]
    assert re.search(".*".join(steps), r.err, re.S), r


def wants(bench, option):
    """Options of the contract that are still to come."""
    if option not in bench.lockstep("get", "--help").out:
        pytest.skip(f"{option} is not there yet")


def test_json(bench, server):
    wants(bench, "--json")
    r = bench.get("--json", "-o", bench.dir / "out", server.url + "/hello.txt")
    assert r.rc == 0, r
    report = json.loads(r.out or r.err)
    assert isinstance(report, dict) and "1.3" in json.dumps(report), r


def test_colours_only_on_a_terminal(bench, server):
    for path in ("/hello.txt", "/gone"):
        assert "\x1b" not in bench.get("-v", "-f", server.url + path).all


def test_connect_to(bench, server, pki):
    b = pki.leaf(names="DNS:b.test")
    n = nginx(bench, identity=b)
    r = bench.get("--connect-to", f"b.test:443:127.0.0.1:{n.port}", "https://b.test/hello.txt")
    assert r.rc == 0 and r.out == "hello\n", r


def test_pinned_key(bench, pki, server):
    """--pinnedpubkey as curl has it; a wrong pin is 90."""
    wants(bench, "--pinnedpubkey")
    cert = pki.server().cert
    spki = bench.dir / "spki.der"
    pki.openssl("x509", "-in", cert, "-noout", "-pubkey", "-out", bench.dir / "pub.pem")
    pki.openssl("pkey", "-pubin", "-in", bench.dir / "pub.pem", "-outform", "DER", "-out", spki)
    pin = base64.b64encode(hashlib.sha256(spki.read_bytes()).digest()).decode()
    wrong = base64.b64encode(bytes(32)).decode()
    assert bench.get("--pinnedpubkey", f"sha256//{pin}", server.url + "/hello.txt").out == "hello\n"
    assert bench.get("--pinnedpubkey", f"sha256//{wrong};sha256//{pin}", server.url + "/hello.txt").rc == 0
    r = bench.get("--pinnedpubkey", f"sha256//{wrong}", server.url + "/hello.txt")
    assert r.rc == 90 and r.body == b"" and "pin" in r.err.lower(), r
