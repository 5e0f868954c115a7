"""How serve sends: records of the right sizes, files as they are now, and nobody at the cost of others."""
import contextlib
import os
import re
import resource
import signal
import socket
import ssl
import statistics
import threading
import time

import pytest

from kit import Response, connect, context, logged, parse_response, wait_until

KEEP = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMALL = 1500 - 40 - 32  # the bytes of a segment, and so of a record that fits into it
ROUND = 16384 + 256


def body_of(tls, target):
    tls.sendall(KEEP % target)
    with tls.makefile("rb") as file:
        return Response(file).body


# ---- Records ----------------------------------------------------------------------------------------


class Watched:
    """A TLS connection that notes the length of each record that comes."""

    def __init__(self, port, root, version=ssl.TLSVersion.TLSv1_3):
        self.raw = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.got, self.sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        trusted = ssl.create_default_context(cafile=str(root))
        trusted.maximum_version = version
        self.tls = trusted.wrap_bio(self.got, self.sent, server_hostname="localhost")
        self.part, self.lengths = b"", []
        self.until(self.tls.do_handshake)

    def until(self, do):
        while True:
            try:
                return do()
            except ssl.SSLWantReadError:
                self.raw.sendall(self.sent.read())
                data = self.raw.recv(1 << 16)
                assert data
                self.note(data)
                self.got.write(data)
            finally:
                if self.sent.pending:
                    self.raw.sendall(self.sent.read())

    def note(self, data):
        self.part += data
        while len(self.part) >= 5:
            length = 5 + int.from_bytes(self.part[3:5], "big")
            if len(self.part) < length:
                return
            self.lengths.append(length)
            self.part = self.part[length:]

    def ask(self, target):
        """The body of the answer, and the lengths of the records it came in."""
        self.tls.write(KEEP % target)
        self.raw.sendall(self.sent.read())
        before, data = len(self.lengths), b""
        while (r := parse(data)) is None:
            data += self.until(lambda: self.tls.read(1 << 16))
        return r, self.lengths[before:]


def parse(data):
    head, found, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return body if found and length and len(body) >= int(length[1]) else None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_records_grow(bench, pki, version):
    """Ten records of a segment each, so that the first bytes can be read before a round trip; then large ones. After
    a second of silence the same again."""
    big = os.urandom(200_000)
    server = bench.serve("--tickets", "0", root=bench.folder(hello_txt=b"hello\n", big_bin=big))
    client = Watched(server.port, pki.server().root, version)
    body, lengths = client.ask(b"/big.bin")
    assert body == big
    assert all(SMALL - 32 <= n <= SMALL for n in lengths[:10]), lengths
    assert all(n > 16384 for n in lengths[10:-1]) and max(lengths) <= ROUND, lengths
    for _ in range(5):  # at once, unless the machine takes a second for it: the window is open
        body, lengths = client.ask(b"/big.bin")
        if lengths[0] > 16384:
            break
    assert body == big and all(n > 16384 for n in lengths[:-1]), lengths
    time.sleep(1.2)
    body, lengths = client.ask(b"/big.bin")
    assert body == big and max(lengths[:10]) <= SMALL and lengths[10] > 16384, lengths


def test_a_small_answer_is_one_record(bench, pki):
    """Head and body together."""
    server = bench.serve("--tickets", "0", root=bench.folder(k_bin=b"k" * 1000, m_bin=b"m" * 5000))
    client = Watched(server.port, pki.server().root)
    for _ in range(3):
        body, lengths = client.ask(b"/k.bin")
        assert body == b"k" * 1000 and len(lengths) == 1, lengths
    body, lengths = client.ask(b"/m.bin")
    assert body == b"m" * 5000 and len(lengths) == 4, lengths


# ---- Files ------------------------------------------------------------------------------------------


def test_files_are_as_they_are_now(bench, pki):
    """Files that were asked for before, and change in all the ways that files do."""
    root = bench.folder(a_txt=b"first", b_txt=b"other", index_html=b"index")
    server = bench.serve(root=root)
    old = time.time() - 100
    with connect(server.port, pki.server().root) as tls:
        def ask(target=b"/a.txt"):
            assert (a := body_of(tls, target)) == body_of(tls, target)
            return a

        wait_until(lambda: time.time() - (root / "index.html").stat().st_ctime > 4, what="a file that has settled")
        assert ask() == b"first" and ask(b"/") == b"index"
        for _ in range(20):
            for text in (b"1", b"22", b"33", b"4" * 15000, b"5" * 20000, b""):
                (root / "a.txt").write_bytes(text)
                assert ask() == text
                (root / "new").write_bytes(text + b"!")
                os.utime(root / "new", (old, old))
                os.rename(root / "new", root / "a.txt")
                assert ask() == text + b"!"
        os.unlink(root / "a.txt")
        os.symlink("b.txt", root / "a.txt")
        assert ask() == b"other"
        os.unlink(root / "a.txt")
        tls.sendall(KEEP % b"/a.txt")
        with tls.makefile("rb") as file:
            assert Response(file).status == 404
        (root / "index.html").write_bytes(b"later")
        assert ask(b"/") == b"later"


def test_conditions_and_ranges_of_a_kept_file(bench, pki):
    """Asked for often enough to be kept, it is answered as any other."""
    root = bench.folder(a_txt=b"0123456789")
    server = bench.serve(root=root)
    wait_until(lambda: time.time() - (root / "a.txt").stat().st_ctime > 4, what="a file that has settled")

    def ask(tls, *lines, method="GET"):
        tls.sendall("\r\n".join([f"{method} /a.txt HTTP/1.1", "Host: a", *lines, "", ""]).encode())
        with tls.makefile("rb") as file:
            return Response(file, method)

    with connect(server.port, pki.server().root) as tls:
        first = ask(tls)
        for _ in range(3):
            r = ask(tls)
            assert (r.status, r.body, r.headers["ETag"]) == (200, b"0123456789", first.headers["ETag"])
            assert sorted(r.headers.keys()) == sorted(first.headers.keys())
            r = ask(tls, method="HEAD")
            assert (r.status, r.body, r.headers["Content-Length"]) == (200, b"", "10")
            r = ask(tls, f"If-None-Match: {first.headers['ETag']}")
            assert (r.status, r.body) == (304, b"")
            assert ask(tls, 'If-Match: "x"').status == 412
            r = ask(tls, "Range: bytes=2-4")
            assert (r.status, r.body, r.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
            assert ask(tls, "Range: bytes=10-").status == 416
    codes = re.findall(r'" (\d{3}) (\d+) TLS', "\n".join(logged(server, 19)))
    assert [status for status, _ in codes[1:7]] == ["200", "200", "304", "412", "206", "416"], codes
    assert [codes[i][1] for i in (1, 2, 3, 5)] == ["10", "0", "0", "3"], codes


# ---- Fairness ---------------------------------------------------------------------------------------


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def drain(tls):
    with contextlib.suppress(OSError):
        while tls.recv(1 << 16):
            pass


def test_one_slow_and_one_flooding_among_500(bench, pki, many_files):
    """While the server stands still, 498 clients ask for one file each, and one that came before them asks for it a
    thousand times and for a long download; one more says its request byte by byte. All that then counts is order."""
    root = bench.folder(hello_txt=b"hello\n", flood_txt=b"flood\n", big_bin=bytes(2 << 20), warm_bin=bytes(64 << 20))
    server = bench.serve(root=root)
    trusted = context(pki.server().root)
    with contextlib.ExitStack() as stack:
        def client():
            return stack.enter_context(connect(server.port, None, context=trusted))

        flooding, loading, slow = client(), client(), client()
        crowd = [client() for _ in range(497)]
        for tls in (flooding, loading, *crowd):  # nobody is new
            assert body_of(tls, b"/hello.txt") == b"hello\n"
        for byte in b"GET /hello.txt HTT":
            slow.sendall(bytes([byte]))
        before = len(logged(server, 499))
        assert len(body_of(loading, b"/warm.bin")) == 64 << 20  # now its socket would take all of the other at once
        before = len(logged(server, before + 1))
        threads = [threading.Thread(target=drain, args=(tls,), daemon=True) for tls in (flooding, loading)]
        for t in threads:
            t.start()

        def wait_for_stop():
            return server.popen.poll() is None and "T" == open(f"/proc/{server.pid}/stat").read().rsplit(")", 1)[1][1]

        for _ in range(3):
            server.popen.send_signal(signal.SIGSTOP)
            wait_until(wait_for_stop, what="a server that stands still")
            flooding.sendall(KEEP % b"/flood.txt" * 1000)
            loading.sendall(KEEP % b"/big.bin")
            slow.sendall(b"P")
            for tls in crowd:
                tls.sendall(KEEP % b"/hello.txt")
            server.popen.send_signal(signal.SIGCONT)
            for tls in crowd:
                with tls.makefile("rb") as file:
                    assert Response(file).body == b"hello\n"
            lines = logged(server, before + 497 + 1000 + 1)[before:]
            before += len(lines)
            order = [re.search(r'"GET /(\w+)\.', line)[1] for line in lines]
            last = max(i for i, name in enumerate(order) if name == "hello")
            # one of its requests a turn, and the crowd needs a turn or two
            assert order[:last].count("flood") <= 10, order[:last].count("flood")
            assert "big" not in order[:last]
            slow.sendall(b"/1.1\r\nHost: localhost\r\n\r\nGET /hello.txt HTT")
            with slow.makefile("rb") as file:
                assert Response(file).body == b"hello\n"
            before += 1
            logged(server, before)


def flood_handshakes(port, hello, stop, made):
    """ClientHellos as fast as they can be sent; each makes the server sign."""
    while not stop.is_set():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as s:
            s.sendall(hello)
            s.recv(1)
            made.append(1)


def test_handshakes_do_not_starve_requests(bench, pki):
    """Clients that are there are served while others flood the server with handshakes: their wait is bounded."""
    server = bench.serve("--quiet")
    sent, got = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(got, sent, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    hello, stop, made = sent.read(), threading.Event(), []
    threads = [threading.Thread(target=flood_handshakes, args=(server.port, hello, stop, made)) for _ in range(4)]
    with connect(server.port, pki.server().root) as client:
        def wait():
            began = time.monotonic()
            assert body_of(client, b"/hello.txt") == b"hello\n"
            return time.monotonic() - began

        alone = statistics.median(wait() for _ in range(50))
        for t in threads:
            t.start()
        try:
            wait_until(lambda: len(made) > 50, what="a flood")
            beside = statistics.median(wait() for _ in range(50))
        finally:
            stop.set()
            for t in threads:
                t.join()
    assert len(made) > 50 and beside < 20 * alone + 0.25, (alone, beside, len(made))
