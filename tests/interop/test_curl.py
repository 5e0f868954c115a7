"""curl against serve: what HTTP promises, as a well-known client sees it."""
import email.utils
import os
import re

import pytest

from kit import run

DATA = bytes(i * 7 % 256 for i in range(100_000))
PAGE = b"<!doctype html><title>index</title>\n"


@pytest.fixture(scope="module")
def site(shared):
    """A served folder of every sort, beside a file that must never come out."""
    root = shared.folder("site", hello_txt=b"hello\n", data_bin=DATA, empty_txt=b"", style_css=b"a{}",
                         module_js=b"1", picture_svg=b"<svg/>", page_html=PAGE)
    (shared.dir / "secret.txt").write_text("the secret\n")
    (root / "with index").mkdir()
    (root / "with index" / "index.html").write_bytes(PAGE)
    (root / "listed").mkdir()
    for name in ("b.txt", "a & b.txt", "<i>.txt", "ü.txt", "per%20cent.txt"):
        (root / "listed" / name).write_text(name)
    (root / "listed" / "sub").mkdir()
    (root / ".hidden").write_text("hidden\n")
    for name, text in ((".git/config", "hidden\n"), (".well-known/security.txt", "contact\n")):
        (root / name).parent.mkdir()
        (root / name).write_text(text)
    os.symlink("hello.txt", root / "inside.txt")
    os.symlink("../secret.txt", root / "outside.txt")
    os.symlink(shared.dir, root / "outside")
    os.symlink("/etc", root / "etc")
    os.symlink("loop", root / "loop")
    server = shared.serve(root=root)
    server.root = root
    return server


@pytest.fixture
def curl(bench, pki, site):
    def fetch(target, *args, root=None):
        return run(["curl", "-q", "-sS", "--path-as-is", "--cacert", root or pki.server().root, *args,
                    f"https://localhost:{site.port}{target}"], bench.env)

    return fetch


def head(result):
    """Status and header fields (lower case) of the last response in `curl -i` or `-I` output."""
    block = result.body.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in block[1:])
    return int(block[0].split()[1]), {k.lower(): v for k, v in fields.items()}


def test_get(curl):
    r = curl("/data.bin", "-w", "%{stderr}%{http_version} %{http_code} %{ssl_verify_result} %{num_connects}")
    assert r.rc == 0 and r.body == DATA, r
    assert r.err == "1.1 200 0 1", r


def test_tls_version_and_alpn(curl):
    r = curl("/hello.txt", "-v", "--tlsv1.3", "--tls-max", "1.3")
    assert r.rc == 0, r
    assert re.search(r"SSL connection using TLSv1\.3 / TLS_", r.err), r
    assert re.search(r"ALPN: server accepted http/1\.1", r.err), r


def test_header(curl, site):
    r = curl("/hello.txt", "-i")
    status, fields = head(r)
    assert (status, r.body.split(b"\r\n\r\n", 1)[1]) == (200, b"hello\n"), r
    assert fields["content-length"] == "6"
    assert fields["content-type"].startswith("text/plain")
    assert fields["accept-ranges"] == "bytes"
    assert abs(email.utils.parsedate_to_datetime(fields["last-modified"]).timestamp()
               - (site.root / "hello.txt").stat().st_mtime) <= 1
    assert email.utils.parsedate_to_datetime(fields["date"])
    assert re.fullmatch(r'(W/)?"[^"]+"', fields["etag"])


@pytest.mark.parametrize("file, type", [
    ("page.html", "text/html"), ("style.css", "text/css"), ("module.js", "text/javascript"),
    ("picture.svg", "image/svg+xml"), ("data.bin", "application/octet-stream")])
def test_types(curl, file, type):
    status, fields = head(curl("/" + file, "-I"))
    assert status == 200 and fields["content-type"].split(";")[0] == type
    assert fields.get("x-content-type-options") == "nosniff"


def test_head_equals_get(curl):
    for target in ("/data.bin", "/listed/", "/with%20index/", "/none"):
        got, asked = head(curl(target, "-i")), head(curl(target, "-I"))
        for volatile in ("date",):
            got[1].pop(volatile), asked[1].pop(volatile)
        assert got == asked, target
    assert len(curl("/data.bin", "-I").body.split(b"\r\n\r\n")[1]) == 0


def test_empty_file(curl):
    r = curl("/empty.txt", "-i")
    assert head(r)[0] == 200 and head(r)[1]["content-length"] == "0" and r.body.endswith(b"\r\n\r\n"), r


@pytest.mark.parametrize("asked, first, last", [
    ("0-9", 0, 9), ("10-19", 10, 19), ("99990-", 99990, 99999), ("-5", 99995, 99999),
    ("99999-200000", 99999, 99999), ("0-0", 0, 0), ("0-", 0, 99999), ("-200000", 0, 99999)])
def test_range(curl, asked, first, last):
    r = curl("/data.bin", "-i", "-r", asked)
    status, fields = head(r)
    assert status == 206, r
    assert fields["content-range"] == f"bytes {first}-{last}/100000"
    assert fields["content-length"] == str(last - first + 1)
    assert r.body.split(b"\r\n\r\n", 1)[1] == DATA[first:last + 1]


@pytest.mark.parametrize("asked", ["100000-", "200000-300000", "-0"])
def test_range_not_satisfiable(curl, asked):
    status, fields = head(curl("/data.bin", "-i", "-H", f"Range: bytes={asked}"))
    assert status == 416 and fields["content-range"] == "bytes */100000"


@pytest.mark.parametrize("value", ["bytes=9-3", "bytes=a-b", "lines=0-3", "bytes=", "bytes 0-3", "bytes=--1",
                                   "bytes=0-18446744073709551616", "bytes=99999999999999999999-"])
def test_range_nonsense(curl, value):
    """RFC 9110 §14.2: what is no valid range is passed over; a valid one may be refused, never wrong."""
    r = curl("/data.bin", "-i", "-H", f"Range: {value}")
    status, fields = head(r)
    body = r.body.split(b"\r\n\r\n", 1)[1]
    if "18446744073709551616" in value:  # a valid one, beyond 64 bits
        assert (status, body) in ((200, DATA), (206, DATA)), r
    elif "99999999999999999999" in value:
        assert status in (200, 416), r
    else:
        assert (status, body) == (200, DATA), r


def test_several_ranges(curl):
    r = curl("/data.bin", "-i", "-H", "Range: bytes=0-9,50-59")
    status, fields = head(r)
    body = r.body.split(b"\r\n\r\n", 1)[1]
    if status == 206:  # RFC 9110 §14.6
        assert fields["content-type"].startswith("multipart/byteranges; boundary=")
        assert DATA[0:10] in body and DATA[50:60] in body
        assert int(fields["content-length"]) == len(body)
    else:
        assert (status, body) == (200, DATA)


def test_conditional(curl):
    _, fields = head(curl("/hello.txt", "-I"))
    etag, date = fields["etag"], fields["last-modified"]

    def status(*lines):
        r = curl("/hello.txt", "-i", *(a for line in lines for a in ("-H", line)))
        code, f = head(r)
        body = r.body.split(b"\r\n\r\n", 1)[1]
        assert body == (b"hello\n" if code == 200 else b"" if code == 304 else body), r
        if code == 304:
            assert f["etag"] == etag and "content-type" not in f
        return code

    assert status(f"If-None-Match: {etag}") == 304
    assert status(f'If-None-Match: "x", {etag} , "y"') == 304
    assert status(f"If-None-Match: W/{etag.removeprefix('W/')}") == 304  # weak comparison, §13.1.2
    assert status("If-None-Match: *") == 304
    assert status('If-None-Match: "other"') == 200
    assert status(f"If-Modified-Since: {date}") == 304
    assert status("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT") == 200
    assert status("If-Modified-Since: nonsense") == 200
    assert status('If-None-Match: "other"', f"If-Modified-Since: {date}") == 200  # §13.1.3: the first wins
    assert status('If-Match: "other"') == 412
    assert status(f"If-Unmodified-Since: {date}") == 200
    assert status("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT") == 412


def test_if_range(curl):
    _, fields = head(curl("/data.bin", "-I"))
    for validator, expected in ((fields["etag"], 200 if fields["etag"].startswith("W/") else 206),
                                ('"other"', 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)):
        r = curl("/data.bin", "-i", "-r", "0-9", "-H", f"If-Range: {validator}")
        assert head(r)[0] == expected, (validator, r)
        assert r.body.split(b"\r\n\r\n", 1)[1] == (DATA if expected == 200 else DATA[:10])


def test_resume(curl, bench):
    part = bench.dir / "part"
    part.write_bytes(DATA[:60_000])
    r = curl("/data.bin", "-C", "-", "-o", part)
    assert r.rc == 0 and part.read_bytes() == DATA, r


def test_not_found(curl):
    r = curl("/none", "-i")
    assert head(r)[0] == 404, r
    assert curl("/hello.txt/below", "-i").body.startswith(b"HTTP/1.1 404 ")
    assert curl("/none/", "-f").rc == 22
    r = curl("/<script>alert(1)</script>", "-i")
    assert head(r)[0] in (400, 404) and b"<script>" not in r.body, r


def test_index(curl):
    assert curl("/with%20index/").body == PAGE
    assert curl("/page.html?query=1&more").body == PAGE


def test_redirect_to_folder(curl):
    status, fields = head(curl("/with%20index", "-I"))
    assert status in (301, 308), status
    assert fields["location"].endswith("/with%20index/")
    r = curl("/with%20index?a=b", "-L", "-w", "%{stderr}%{num_redirects} %{url_effective}")
    assert r.body == PAGE and re.fullmatch(r"1 https://localhost:\d+/with%20index/(\?a=b)?", r.err), r
    # never to another host, however the path looks
    for target in ("//evil.test/..", "//listed", "/\\evil.test", "//evil.test//"):
        status, fields = head(curl(target, "-I"))
        place = fields.get("location", "/")
        assert not re.match(r"(https?:)?[/\\][/\\](?!localhost)", place), (target, place)


def test_listing(curl):
    r = curl("/listed/", "-i")
    status, fields = head(r)
    assert status == 200 and fields["content-type"].startswith("text/html"), r
    assert "<i>" not in r.out and "&lt;i&gt;.txt" in r.out and "a &amp; b.txt" in r.out, r
    links = re.findall(r'href="([^"]*)"', r.out)
    names = {"b.txt": "b.txt", "a%20%26%20b.txt": "a & b.txt", "%3Ci%3E.txt": "<i>.txt",
             "%C3%BC.txt": "ü.txt", "per%2520cent.txt": "per%20cent.txt"}
    for link, content in names.items():
        found = [x for x in links if x.lower().split("/")[-1] == link.lower()
                 or x.lower().split("/")[-1].replace("&amp;", "%26") == link.lower()]
        assert len(found) == 1, (link, links)
        assert curl("/listed/" + found[0].split("/")[-1]).out == content
    assert any(x.rstrip("/").endswith("sub") and x.endswith("/") for x in links), links


def outside(r):
    return "the secret" in r.all or "root:x:0" in r.all


@pytest.mark.parametrize("target", [
    "/../secret.txt", "/%2e%2e/secret.txt", "/%2E%2E/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt",
    "/listed/../../secret.txt", "/listed/%2e%2e/%2e%2e/secret.txt", "/listed/..%2f..%2fsecret.txt",
    "/./../secret.txt", "/.%2e/secret.txt", "/%2e./secret.txt", "/..;/secret.txt", "/..%5csecret.txt",
    "/..\\secret.txt", "/%252e%252e/secret.txt", "/%c0%ae%c0%ae/secret.txt", "/%uff0e%uff0e/secret.txt",
    "/outside.txt", "/outside/secret.txt", "/outside/", "/outside", "/etc/passwd", "//etc/passwd", "/etc/",
    "/loop", "/loop/", "/hello.txt%00.html", "/%00", "/..%00/secret.txt", "/listed/..%00/..%00/secret.txt",
    "/listed/" + "../" * 30 + "etc/passwd", "/" + "%2e%2e%2f" * 30 + "etc/passwd", "/" + "a/../" * 400 + "x",
    "/inside.txt/../../secret.txt"])
def test_no_way_out(curl, target):
    r = curl(target, "-i")
    assert not outside(r), r
    status, _ = head(r)
    assert status in (400, 403, 404, 414, 301, 308), r
    if status in (301, 308):
        assert not outside(curl(target, "-i", "-L")), target
    assert curl("/hello.txt").out == "hello\n"


def test_links_inside_are_fine(curl):
    for target in ("/inside.txt", "/%68ello.txt", "/hello%2etxt", "/hello.txt?../..", "/hello.txt#x"):
        assert curl(target).out == "hello\n", target
    r = curl("/listed/../hello.txt")  # below the root after all: the file or nothing
    assert r.out == "hello\n" or "404" in r.out, r


def test_hidden_files(curl):
    """Names with a dot in front are for the owner (.git, .env, …); RFC 8615's are for everybody."""
    for target in ("/.hidden", "/%2ehidden", "/.git/config", "/listed/../.hidden"):
        assert head(curl(target, "-I"))[0] == 404, target
    assert ".hidden" not in curl("/").out and ".git" not in curl("/").out
    assert curl("/.well-known/security.txt").out == "contact\n"


def test_keep_alive(curl, site, bench, pki):
    base = f"https://localhost:{site.port}"
    r = run(["curl", "-q", "-sS", "--cacert", pki.server().root, "-w", "%{stderr}%{num_connects}\n",
             f"{base}/hello.txt", f"{base}/none", f"{base}/data.bin", f"{base}/empty.txt", f"{base}/hello.txt",
             "-o", bench.dir / "1", "-o", bench.dir / "2", "-o", bench.dir / "3", "-o", bench.dir / "4",
             "-o", bench.dir / "5"], bench.env)
    assert r.rc == 0 and r.err.split() == ["1", "0", "0", "0", "0"], r
    assert (bench.dir / "3").read_bytes() == DATA and (bench.dir / "5").read_bytes() == b"hello\n"


def test_connection_close(curl):
    r = curl("/hello.txt", "-i", "-H", "Connection: close")
    assert head(r)[1]["connection"].lower() == "close"
    r = curl("/hello.txt", "-i", "-0")
    assert head(r)[0] == 200 and head(r)[1].get("connection", "close").lower() == "close", r


def test_parallel(site, bench, pki):
    base = f"https://localhost:{site.port}"
    urls = [a for i in range(60) for a in ("-o", bench.dir / f"out{i}", f"{base}/data.bin?{i}")]
    r = run(["curl", "-q", "-sS", "--parallel", "--parallel-max", "30", "--parallel-immediate", "--cacert",
             pki.server().root, *urls], bench.env)
    assert r.rc == 0, r
    assert all((bench.dir / f"out{i}").read_bytes() == DATA for i in range(60))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS", "FOO"])
def test_other_methods(curl, method):
    r = curl("/hello.txt", "-i", "-X", method)
    status, fields = head(r)
    if method == "OPTIONS" and status in (200, 204):
        pass
    else:
        assert status in (405, 501), r
    if status != 501:
        assert {"GET", "HEAD"} <= set(re.split(r",\s*", fields["allow"])), r
    assert curl("/hello.txt").out == "hello\n"


def test_post_with_a_body(curl):
    """The body is read or the connection is closed; it is never taken for a request."""
    r = curl("/hello.txt", "-i", "-d", "GET /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head(r)[0] == 405 and "hello\n" not in r.out.split("\r\n\r\n", 1)[1], r


def test_expect_continue(curl):
    r = curl("/hello.txt", "-i", "-H", "Expect: 100-continue", "-d", "x" * 100, "--expect100-timeout", "1")
    assert r.rc == 0 and re.search(r"^HTTP/1\.1 (405|417) ", r.out, re.M), r


def test_wrong_ca(curl, pki):
    r = curl("/hello.txt", root=pki.authority("rsa")[0].cert)
    assert r.rc == 60, r


def test_wrong_name(curl, site, bench, pki):
    r = run(["curl", "-q", "-sS", "--cacert", pki.server().root, "--resolve",
             f"other.test:{site.port}:127.0.0.1", f"https://other.test:{site.port}/"], bench.env)
    assert r.rc == 60, r


def test_groups_and_curl(site, bench, pki):
    for group in ("X25519", "P-256", "P-384"):
        r = run(["curl", "-q", "-sS", "--curves", group, "--cacert", pki.server().root,
                 f"https://localhost:{site.port}/hello.txt"], bench.env)
        assert r.rc == 0 and r.out == "hello\n", r


def test_large_header_is_refused(curl):
    r = curl("/hello.txt", "-i", "-H", "X-Large: " + "x" * 100_000)
    assert r.rc in (0, 55, 56) and "hello\n" not in r.out, r
    if r.rc == 0:
        assert head(r)[0] in (400, 431), r
    r = curl("/" + "x" * 20_000, "-i")
    assert head(r)[0] in (400, 404, 414, 431), r
    assert curl("/hello.txt").out == "hello\n"
