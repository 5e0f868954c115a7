"""serve under load, under attack, and as a good citizen of the system."""
import asyncio
import contextlib
import os
import random
import re
import resource
import signal
import socket
import ssl
import time
from pathlib import Path

import pytest

from kit import (LOCKSTEP, Response, connect, context, get, is_open, parse_response, request, run,
                 wait_until)

KEEP = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
BIG = bytes(i * 13 % 256 for i in range(1 << 20))


def body_of(tls, target=b"/hello.txt"):
    """One request on an open connection; the connection stays open."""
    tls.sendall(KEEP % target)
    with tls.makefile("rb") as file:
        return Response(file).body


def fine(server, pki):
    r = get(server.port, pki.server().root, "/hello.txt")
    assert (r.status, r.body) == (200, b"hello\n"), r
    return True


# ---- many connections -------------------------------------------------------------------------------


@pytest.fixture
def many_files():
    """This process needs more than 1,000 files of its own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    assert want >= 1200, f"the limit of open files, {hard}, is too low for 1,000 connections"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(want, soft), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_thousand_connections(bench, pki, many_files):
    """1,000 clients have shaken hands; 20 of them stall, each in its own way, and 980 are served at once."""
    size = 32 << 20
    root = bench.folder(hello_txt=b"hello\n")
    with open(root / "big.bin", "wb") as f:
        for _ in range(size >> 20):
            f.write(BIG)
    # 1024 is what most systems allow a program that does not ask for more
    server = bench.serve(root=root, command=["prlimit", "--nofile=1024:4096", "--", LOCKSTEP])
    trusted = context(pki.server().root)

    async def main():
        gate = asyncio.Semaphore(64)

        async def client():
            async with gate:
                return await asyncio.open_connection("127.0.0.1", server.port, ssl=trusted,
                                                     server_hostname="localhost")

        async def response(reader):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            return int(re.search(rb"(?i)\r\ncontent-length: (\d+)\r\n", head)[1])

        async def fetch(reader, writer):
            began = time.monotonic()
            writer.write(KEEP % b"/hello.txt")
            body = await reader.readexactly(await response(reader))
            assert body == b"hello\n", body
            return time.monotonic() - began

        crowd = await asyncio.gather(*(client() for _ in range(1000)))
        assert len(os.listdir(f"/proc/{server.pid}/fd")) > 1000, "they are not open at once"
        in_header, in_body, rest = crowd[:10], crowd[10:20], crowd[20:]
        for _, writer in in_header:
            writer.write(b"GET /hello.txt HTT")
        for _, writer in in_body:  # nobody reads these for now
            writer.write(KEEP % b"/big.bin")
        await asyncio.sleep(0.2)
        began = time.monotonic()
        waits = await asyncio.gather(*(fetch(*c) for c in rest))
        assert len(waits) == 980 and max(waits) < 5 and time.monotonic() - began < 10, max(waits)
        reader, writer = await client()  # one more still gets in, quickly
        assert await fetch(reader, writer) < 1
        assert max(await asyncio.gather(*(fetch(*c) for c in rest[:20]))) < 1
        peak = server.memory()
        for reader, writer in in_header:
            writer.write(b"P/1.1\r\nHost: localhost\r\n\r\n")
            assert await reader.readexactly(await response(reader)) == b"hello\n"
        for reader, writer in in_body:
            length = await response(reader)
            assert length == size
            for _ in range(size >> 20):
                assert await reader.readexactly(1 << 20) == BIG
        for _, writer in crowd:
            writer.transport.abort()
        return peak

    peak = asyncio.run(asyncio.wait_for(main(), 90))
    assert peak < 64 << 20, f"{peak >> 20} MiB"
    wait_until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) < 100, what="the end of all connections")
    assert fine(server, pki)


# ---- bad company ------------------------------------------------------------------------------------


def client_hello(name="localhost"):
    sent, got = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(got, sent, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return sent.read()


def drain(s, timeout=5):
    """All that the other side sends until it closes; fails if it does not close."""
    s.settimeout(timeout)
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while more := s.recv(65536):
            data += more
    return data


def test_garbage(bench, pki):
    """Bytes that are no TLS get an alert or the door, and touch nobody else."""
    server = bench.serve()
    chaos = random.Random(1)
    hello = client_hello()
    with connect(server.port, pki.server().root) as bystander:
        for data in (chaos.randbytes(2000), b"\x00" * 500, b"\x16\x03\x01\xff\xff" + b"x" * 70_000,
                     b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x15\x03\x03\x00\x02\x02\x28",
                     b"\x17\x03\x03\x00\x20" + b"x" * 32, b"\x16\x03\x01\x00\x00" * 100, b"SSH-2.0-x\r\n",
                     hello[:200] + chaos.randbytes(len(hello) - 200), hello + chaos.randbytes(300),
                     hello + hello, b"\x80\x2e\x01\x00\x02" + b"x" * 50):
            with socket.create_connection(("127.0.0.1", server.port)) as s:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    s.sendall(data)
                    s.shutdown(socket.SHUT_WR)
                    answer = drain(s)
                    assert not answer or answer[0] in (0x15, 0x16), answer  # records, nothing else
            assert body_of(bystander) == b"hello\n"
    assert fine(server, pki)


def test_half_handshakes(bench, pki):
    """50 clients that stop at different bytes of their ClientHello, while others are served."""
    server = bench.serve()
    hello = client_hello()
    halves = []
    try:
        for i in range(50):
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(hello[:len(hello) * i // 50])
            halves.append(s)
        began = time.monotonic()
        for _ in range(20):
            assert fine(server, pki)
        assert time.monotonic() - began < 5
        for s in halves[1:]:
            s.close()
        halves[0].sendall(hello)  # the one that had sent nothing is still welcome
        halves[0].settimeout(5)
        assert halves[0].recv(5)[:2] == b"\x16\x03"
    finally:
        for s in halves:
            s.close()


def test_client_hello_byte_by_byte(bench, pki):
    server = bench.serve()
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in client_hello():
            raw.sendall(bytes([byte]))
        raw.settimeout(5)
        assert raw.recv(5)[:3] == b"\x16\x03\x03"


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1", b"POST /x HTTP/1.1", b"HEAD / HTTP/1.0"])
def test_plain_http_gets_a_hint(bench, pki, line):
    server = bench.serve()
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(line + b"\r\nHost: localhost:%d\r\n\r\n" % server.port)
        answer = drain(s)
    r = parse_response(answer, line.split()[0].decode())
    assert r.status == 400, answer
    if not line.startswith(b"HEAD"):
        assert b"https://" in r.body, answer
        assert r.headers["content-type"].startswith("text/plain"), answer
    assert fine(server, pki)


def test_rude_ends(bench, pki):
    """Clients that vanish without close_notify, by FIN and by RST, in every phase."""
    server = bench.serve(root=bench.folder(hello_txt=b"hello\n", big_bin=BIG * 8))
    for i in range(30):
        tls = connect(server.port, pki.server().root)
        if i % 3:
            tls.sendall(KEEP % b"/big.bin")
        if i % 3 == 2:
            tls.recv(1000)
        if i % 2:
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        os.close(tls.detach())
    assert fine(server, pki)
    wait_until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) < 30, what="the end of all connections")


# ---- HTTP/1.1 as RFC 9112 has it --------------------------------------------------------------------

HOST = b"Host: localhost\r\n"


@pytest.fixture(scope="module")
def site(shared):
    root = shared.folder("site", hello_txt=b"hello\n", data_bin=BIG)
    return shared.serve(root=root)


@pytest.mark.parametrize("head, status", [
    (b"GET /hello.txt HTTP/1.1\r\n\r\n", 400),  # no Host, §3.2
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    (b"GET /hello.txt HTTP/1.1\r\nHost: local host\r\n\r\n", 400),
    (b"GET /hello.txt\r\n\r\n", 400),
    (b"GET  /hello.txt HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /hello.txt HTTP/1.1 \r\n" + HOST + b"\r\n", 400),
    (b"GET /hello.txt HTTP/2.0\r\n" + HOST + b"\r\n", (400, 505)),
    (b"GET /hello.txt http/1.1\r\n" + HOST + b"\r\n", 400),
    (b"G\x00T /hello.txt HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /hello\x01.txt HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"X : y\r\n\r\n", 400),  # space before the colon, §5.1
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", 400),  # line folding, §5.2
    (b"GET /hello.txt HTTP/1.1\r\n " + HOST + b"\r\n", 400),
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"X\r\n\r\n", 400),
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b": y\r\n\r\n", 400),
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n", 400),
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na", 400),
    (b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Content-Length: 1, 2\r\n\r\na", 400),
    (b"POST /hello.txt HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400),  # §6.1: a sign of smuggling
    (b"POST /hello.txt HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: x\r\n\r\n", (400, 501)),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    (b"\r\nGET /hello.txt HTTP/1.1\r\n" + HOST + b"\r\n", 200),  # §2.2: an empty line before is passed over
    (b"GET https://localhost/hello.txt HTTP/1.1\r\n" + HOST + b"\r\n", 200),  # §3.2.2
    (b"GET /hello.txt HTTP/1.1\r\nhOST:localhost\r\nX:\r\nY: \t z \t\r\n\r\n", 200),
    (b"GET /hello.txt HTTP/1.0\r\n\r\n", 200),
    (b"get /hello.txt HTTP/1.1\r\n" + HOST + b"\r\n", (405, 501)),  # methods are case-sensitive
])
def test_requests(site, pki, head, status):
    r = request(site.port, pki.server().root, head)
    assert r.status in (status if isinstance(status, tuple) else (status,)), (head, r)
    if r.status == 200:
        assert r.body == b"hello\n"
    elif r.status == 400:  # what follows cannot be trusted to be a request
        assert r.headers["connection"] == "close", r


@pytest.mark.parametrize("target", [b"hello.txt", b"/%zz", b"/%", b"http://", b"*", b"https:/hello.txt"])
def test_bad_targets(site, pki, target):
    r = request(site.port, pki.server().root, b"GET " + target + b" HTTP/1.1\r\n" + HOST
                + b"Connection: close\r\n\r\n")
    assert r.status == 400, r


def test_bare_line_feeds_are_no_line_ends_for_smugglers(site, pki):
    """RFC 9112 §2.2 lets a server take a bare LF as line end or refuse; it must not see two requests."""
    with connect(site.port, pki.server().root) as tls:
        tls.sendall(b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nX: a\nContent-Length: 5\r\n"
                    b"Connection: close\r\n\r\n")
        data = drain(tls)
    assert data.count(b"HTTP/1.1 ") == 1, data


def test_every_address_and_sigterm():
    """":0" means every address, IPv4 and IPv6, and the end is an orderly one."""
    import subprocess, tempfile
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": os.environ["PATH"], "HOME": home}
        serve = subprocess.Popen([LOCKSTEP, "serve", "--listen", ":0"], env=env, stderr=subprocess.PIPE, text=True)
        for line in serve.stderr:
            if line.startswith("listening on"):
                break
        port = int(line.rsplit(":", 1)[1].strip("/\n"))
        socket.create_connection(("127.0.0.1", port), 5).close()
        if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
            socket.create_connection(("::1", port), 5).close()
        serve.terminate()
        assert serve.wait(10) == 0


def test_pipelined_requests(site, pki):
    with connect(site.port, pki.server().root) as tls:
        tls.sendall(KEEP % b"/hello.txt" + KEEP % b"/none" + b"HEAD /data.bin HTTP/1.1\r\n" + HOST + b"\r\n"
                    + KEEP % b"/data.bin" + b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        data = drain(tls)
    answers = []
    for method in ("GET", "GET", "HEAD", "GET", "GET"):
        answers.append(parse_response(data, method))
        size = 0 if method == "HEAD" else len(answers[-1].body)
        data = data[data.index(b"\r\n\r\n") + 4 + size:]
    assert data == b""
    assert [a.status for a in answers] == [200, 404, 200, 200, 200]
    assert answers[0].body == answers[4].body == b"hello\n" and answers[3].body == BIG
    assert answers[2].headers["content-length"] == str(len(BIG))


def test_request_byte_by_byte(site, pki):
    """Each byte in a record of its own."""
    with connect(site.port, pki.server().root) as tls:
        for byte in b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n":
            tls.sendall(bytes([byte]))
        assert parse_response(drain(tls)).body == b"hello\n"


def test_many_requests_on_one_connection(site, pki):
    with connect(site.port, pki.server().root) as tls:
        for _ in range(500):
            assert body_of(tls) == b"hello\n"


def test_request_bodies_are_skipped(site, pki):
    """What follows a refused POST is the next request or nothing, never the body taken for one."""
    smuggled = KEEP % b"/data.bin"
    for head in (b"Content-Length: %d\r\n\r\n" % len(smuggled) + smuggled,
                 b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(smuggled) + smuggled + b"\r\n0\r\n\r\n"):
        with connect(site.port, pki.server().root) as tls:
            tls.sendall(b"POST /hello.txt HTTP/1.1\r\n" + HOST + head)
            tls.sendall(b"GET /hello.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            data = drain(tls)
        assert data.startswith(b"HTTP/1.1 405 ") and BIG[:1000] not in data, data[:500]
        assert data.count(b"HTTP/1.1 ") <= 2, data[:500]


def test_file_that_changes(bench, pki):
    """A file that shrinks while it is sent breaks that connection only: no wrong bytes, no crash."""
    root = bench.folder(hello_txt=b"hello\n", shrink_bin=BIG * 64)
    server = bench.serve(root=root)
    with connect(server.port, pki.server().root) as tls:
        tls.sendall(KEEP % b"/shrink.bin")
        head = tls.recv(1000)
        assert b" 200 " in head
        os.truncate(root / "shrink.bin", 10)
        got = 0
        tls.settimeout(10)
        with contextlib.suppress(ssl.SSLError, ConnectionResetError):
            while more := tls.recv(1 << 20):
                got += len(more)
        assert got < len(BIG) * 64
    assert fine(server, pki)
    (root / "grown.txt").write_bytes(b"new\n")
    assert get(server.port, pki.server().root, "/grown.txt").body == b"new\n"


def test_special_files(bench, pki):
    """A pipe or a socket in the folder is not served, and above all blocks nobody."""
    root = bench.folder(hello_txt=b"hello\n")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(root / "sock"))
        server = bench.serve(root=root)
        for name in ("/pipe", "/sock"):
            assert get(server.port, pki.server().root, name).status in (403, 404), name
    if os.geteuid():
        (root / "locked.txt").write_text("locked")
        (root / "locked.txt").chmod(0)
        assert get(server.port, pki.server().root, "/locked.txt").status in (403, 404)
    assert fine(server, pki)


# ---- the system -------------------------------------------------------------------------------------


def slow_read(tls, size, rate=200):
    """Reads the response in `rate` steps, so that it takes a while."""
    data = b""
    tls.settimeout(20)
    while len(data) < size and (more := tls.recv(size // rate)):
        data += more
        time.sleep(0.002)
    return data


def test_sigterm_finishes_what_is_open(bench, pki):
    size = len(BIG) * 24
    server = bench.serve(root=bench.folder(hello_txt=b"hello\n", big_bin=BIG * 24))
    with connect(server.port, pki.server().root) as busy, connect(server.port, pki.server().root) as idle:
        assert body_of(idle) == b"hello\n"
        busy.sendall(KEEP % b"/big.bin")
        head = busy.recv(100)
        server.popen.terminate()
        wait_until(lambda: not is_open(server.port), what="a closed port")
        assert server.popen.poll() is None, "it did not wait for the open download"
        idle.settimeout(5)
        assert idle.recv(10) == b""  # close_notify, not an error
        with busy.makefile("rb") as file:
            rest = file.read()
        data = head + rest
        body = data.split(b"\r\n\r\n", 1)[1]
        assert len(body) == size and body == BIG * 24
    assert server.wait(10) == 0, server.all


def test_sigint_and_idle_sigterm(bench):
    for sig in (signal.SIGTERM, signal.SIGINT):
        server = bench.serve()
        server.popen.send_signal(sig)
        assert server.wait(5) == 0, server.all


def test_second_signal_ends_at_once(bench, pki):
    """A download that nobody reads holds the first SIGTERM up, the second does not wait for it."""
    server = bench.serve(root=bench.folder(hello_txt=b"hello\n", big_bin=BIG * 24))
    with connect(server.port, pki.server().root) as stalled:
        stalled.sendall(KEEP % b"/big.bin")
        assert stalled.recv(100)
        server.popen.terminate()
        wait_until(lambda: not is_open(server.port), what="a closed port")
        time.sleep(0.3)
        assert server.popen.poll() is None
        server.popen.terminate()
        assert server.wait(5) in (0, -signal.SIGTERM, 128 + signal.SIGTERM), server.all


def test_access_log(bench, pki):
    """One line a request, with its method, path, status and size; nothing of it can forge or hide a line."""
    server = bench.serve()
    root = pki.server().root

    def log():
        return [line for line in server.all.splitlines() if "listening on" not in line]

    get(server.port, root, "/hello.txt")
    get(server.port, root, "/none?query=1")
    request(server.port, root, b"HEAD /hello.txt HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", method="HEAD")
    with connect(server.port, root) as tls:
        for _ in range(3):
            body_of(tls)
    get(server.port, root, "/a%0d%0aGET%20/forged", User_Agent='"evil" \\ \x9b\xff', Referer='"')
    for head in (b"GET / HTTP/1.1\r\nUser-Agent: \x1b[2J\x07\r\n", b"GET /\x1b[2J\x07\n HTTP/1.1\r\n"):
        request(server.port, root, head + HOST + b"\r\n")
    wait_until(lambda: len(log()) >= 9, what="9 lines")
    time.sleep(0.2)
    lines = log()
    assert len(lines) == 9, lines
    for line, words in zip(lines, [["GET /hello.txt", "200", "6"], ["GET /none?query=1", "404"],
                                   ["HEAD /hello.txt", "200"], *[["GET /hello.txt", "200"]] * 3,
                                   ["GET /a%0d%0aGET%20/forged", "404", "evil"], ["400"], ["400"]]):
        assert "127.0.0.1" in line and all(w in line for w in words), line
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]", server.all), server.all


def test_two_listeners(bench, pki):
    hosts = ["127.0.0.1:0", "127.0.0.2:0"]
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as s:
        s.bind(("::1", 0))
        hosts.append("[::1]:0")
    server = bench.serve(listen=hosts)
    ports = server.ports(len(hosts))
    assert len(set(ports)) == len(hosts)
    for host, port in zip(hosts, ports):
        address = host.rsplit(":", 1)[0]
        assert f"https://{address}:{port}/" in server.all, server.all
        r = bench.get("--resolve", f"localhost:{port}:{address}", f"https://localhost:{port}/hello.txt")
        assert r.out == "hello\n", r


def test_listening_line_comes_on_stderr(bench):
    server = bench.serve()
    assert re.search(rf"listening on https://127\.0\.0\.1:{server.port}/", server.err), server.all


def refused(result, *words):
    assert result.rc not in (0, None) and result.rc < 126 and 1 <= len(result.err.splitlines()) <= 3, result
    for word in words:
        assert re.search(word, result.err, re.I), (word, result)


def test_wrong_starts(bench, pki):
    """A mistake on the command line ends at once, with a sentence, and never with a server."""
    good, other = pki.server(), pki.server("p384")
    www = bench.folder(hello_txt=b"hello\n")
    pair = ["--cert", good.chain, "--key", good.key]
    listen = ["--listen", "127.0.0.1:0"]
    none = bench.dir / "none"
    refused(bench.lockstep("serve", *listen, "--cert", good.chain, "--key", other.key, www), r"key")
    refused(bench.lockstep("serve", *listen, "--cert", good.chain, www), r"--key")
    refused(bench.lockstep("serve", *listen, "--cert", none, "--key", good.key, www), re.escape(str(none)))
    refused(bench.lockstep("serve", *listen, "--cert", good.key, "--key", good.key, www))
    refused(bench.lockstep("serve", *listen, *pair, none), re.escape(str(none)))
    refused(bench.lockstep("serve", *listen, *pair, www / "hello.txt"), r"hello\.txt")
    refused(bench.lockstep("serve", "--listen", "nonsense", *pair, www), r"nonsense")
    refused(bench.lockstep("serve", "--listen", "127.0.0.1:99999", *pair, www), r"99999")
    refused(bench.lockstep("serve", "--listen", "192.0.2.1:0", *pair, www), r"192\.0\.2\.1")
    refused(bench.lockstep("serve", *listen, *pair, "--groups", "X25519,none", www), r"none")
    refused(bench.lockstep("serve", *listen, *pair, "--suites", "TLS_NULL", www), r"TLS_NULL")
    refused(bench.lockstep("serve", *listen, *pair, "--no-such-option", www), r"--no-such-option")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(bench.lockstep("serve", "--listen", f"127.0.0.1:{port}", *pair, www), rf"{port}", r"in use|already")


def test_unprivileged_user(nobody):
    """With nothing but a home of its own: local CA, certificate, serve, get. Nothing else is written."""
    bench = nobody
    command = [*bench.drop, bench.dir / "lockstep"]
    r = run([*command, "ca", "init"], bench.env, cwd="/")
    assert r.rc == 0, r
    server = bench.serve(root=bench.folder(hello_txt=b"hello\n"), identity=(), command=command, cwd="/")
    status = Path(f"/proc/{server.pid}/status").read_text()
    assert re.search(r"^Uid:\s+(\d+)", status, re.M)[1] != "0"
    ca = run([*command, "ca", "path"], bench.env, cwd="/").out.strip()
    for url in (f"https://localhost:{server.port}/hello.txt", f"https://127.0.0.1:{server.port}/hello.txt"):
        r = run([*command, "get", "--cacert", ca, url], bench.env, cwd="/")
        assert r.rc == 0 and r.out == "hello\n", r
    assert server.terminate() == 0
    written = {p.relative_to(bench.home).parts[:2] for p in bench.home.rglob("*")}
    assert written == {("data",), ("data", "lockstep")}, written


def test_time_limits(slow_clients):
    """Slow clients are cut off: 10 s for a handshake, also where 0-RTT data is answered in the middle of it,
    15 s for a header, 30 s without progress; a slow reader that goes on is not."""
    for thread in slow_clients.threads:
        thread.join(60)
    cut, got = slow_clients.cut, slow_clients.got
    assert 9 < cut["silent"] < 14 and 9 < cut["hello"] < 14, cut
    assert 9 < cut["early"] < 14 and got["early"].count("\nhello\n") == 3, (cut, got)
    assert cut["early_slow"] < 30 and 1 << 20 < len(got["early_slow"]) < slow_clients.SIZE, cut
    assert 14 < cut["header"] < 20, cut
    assert got["stalled"] < slow_clients.SIZE, got
    assert cut["steady"] > 33.9 and got["steady"] > 1 << 20, (cut, got)


# ---- the log of what was refused --------------------------------------------------------------------


def garbage(port, data=b"\x00" * 64):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        s.sendall(data)
        while s.recv(4096):
            pass


def test_refused_handshakes_are_told(bench, pki):
    server = bench.serve("--tls-min", "1.3")
    garbage(server.port)
    r = bench.get("--cacert", pki.authority("p384")[0].cert, f"https://localhost:{server.port}/")
    assert r.rc == 60, r
    assert bench.get("--tls-max", "1.2", f"https://localhost:{server.port}/").rc == 35
    socket.create_connection(("127.0.0.1", server.port)).close()  # was refused nothing
    assert fine(server, pki)
    wait_until(lambda: server.out.count("\n") == 4, what="four lines of the log")
    start = r"127\.0\.0\.1 \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\] "
    for line, rest in zip(server.out.splitlines(), [
            r'refused PEER_NOT_TLS unexpected_message\(10\) "the first byte is 0x00"',
            r'refused-by-client ALERT_FROM_PEER unknown_ca\(48\) "in state \w+"',
            r'refused NO_COMMON_VERSION protocol_version\(70\) ".+"',
            r'"GET /hello.txt HTTP/1.1" .* 200 .*']):
        assert re.fullmatch(start + rest, line), (line, rest)


def test_refusals_do_not_flood_the_log(bench, pki):
    """Ten lines a second; the others are counted."""
    server = bench.serve()
    began, n = time.monotonic(), 60
    for _ in range(n):
        garbage(server.port)
    seconds = time.monotonic() - began
    server.terminate()
    lines = server.out.splitlines()
    told = [line for line in lines if "PEER_NOT_TLS" in line]
    more = [int(m[1]) for m in re.finditer(r"refused (\d+) more$", server.out, re.M)]
    assert len(told) + sum(more) == n and len(told) <= 10 * (int(seconds) + 2) and len(told) >= 10, server.out
    assert more or n <= 10 * (seconds + 2), server.out


def test_quiet_says_nothing_of_refusals(bench, pki):
    server = bench.serve("--quiet")
    garbage(server.port)
    assert fine(server, pki)
    server.terminate()
    assert server.out == "", server.out
