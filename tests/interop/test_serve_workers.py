"""serve --workers: several threads at one address, which share what must be shared."""
import contextlib
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from kit import LOCKSTEP, Response, SClient, connect, context, free_port, get, is_open, logged, wait_until

PAGE = b"GET /page.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
KEEP = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
BIG = 30_000


def body_of(tls, target=b"/hello.txt"):
    tls.sendall(KEEP % target)
    with tls.makefile("rb") as file:
        return Response(file).body


@pytest.fixture
def four(bench):
    root = bench.folder(hello_txt=b"hello\n", page_bin=b"x" * BIG)
    return bench.serve("--workers", "4", "--early-data", root=root)


def streams_of_loops(pid):
    """How many connections each event loop of a process has: its poll watches another, which is that of the streams."""
    proc = Path(f"/proc/{pid}")

    def watched(fd, kind):
        with contextlib.suppress(OSError):
            for other in re.findall(r"^tfd:\s+(\d+)", (proc / "fdinfo" / fd).read_text(), re.M):
                with contextlib.suppress(OSError):
                    if kind in os.readlink(proc / "fd" / other):
                        yield other

    for fd in os.listdir(proc / "fd"):
        for streams in watched(fd, "eventpoll"):
            yield sum(1 for _ in watched(streams, "socket:"))


def test_connections_are_dealt_out(four, pki):
    """Every worker gets some, and all serve."""
    before = sorted(streams_of_loops(four.pid))
    trusted = context(pki.server().root)
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(connect(four.port, None, context=trusted)) for _ in range(100)]
        for _ in range(3):
            assert all(body_of(tls) == b"hello\n" for tls in crowd)
        counts = sorted(streams_of_loops(four.pid))
        assert sum(counts) >= 100 and counts[0] >= 5, (before, counts)


def test_sessions_are_good_for_all(four, pki):
    """A ticket of one worker is taken by every other."""
    trusted = context(pki.server().root)
    with connect(four.port, None, context=trusted) as tls:
        body_of(tls)
        session = tls.session
    for _ in range(24):  # by other ports, so by other workers
        with connect(four.port, None, context=trusted, session=session) as tls:
            assert tls.session_reused and body_of(tls) == b"hello\n"


def flight(bench, four, client):
    """What a client says first, with a request as 0-RTT data, to nobody who would answer."""
    client.early.write_bytes(PAGE)
    said = b""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        p = bench.start(["openssl", "s_client", "-connect", f"127.0.0.1:{trap.getsockname()[1]}", "-servername",
                         "localhost", "-sess_in", client.file, "-early_data", client.early], stdin=True)
        with trap.accept()[0] as s:
            s.settimeout(2)
            with contextlib.suppress(TimeoutError):
                while more := s.recv(1 << 16):
                    said += more
        p.kill()
    return said


def test_a_replay_is_answered_once(bench, four):
    """The same 0-RTT data over many connections at once: of all workers one takes it, and takes it once."""
    for attempt in range(3):
        said = flight(bench, four, SClient(bench, four.port, file=f"s{attempt}"))
        start = threading.Barrier(16)
        lengths = []

        def say():
            with socket.create_connection(("127.0.0.1", four.port), timeout=2) as s:
                start.wait()
                s.sendall(said)
                got = 0
                with contextlib.suppress(TimeoutError, OSError):
                    while more := s.recv(1 << 16):
                        got += len(more)
                lengths.append(got)

        threads = [threading.Thread(target=say) for _ in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(lengths) == 16 and sum(n > BIG for n in lengths) == 1, lengths
    early = [line for line in four.out.splitlines() if line.endswith(" early-data")]
    assert len(early) == 3, four.out


def test_log_lines_are_whole(bench, four, pki):
    """Workers that answer at the same time do not write into each other's lines."""
    trusted = context(pki.server().root)

    def ask():
        with connect(four.port, None, context=trusted) as tls:
            for _ in range(50):
                tls.sendall(b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nUser-Agent: " + b"u" * 100 + b"\r\n\r\n")
                with tls.makefile("rb") as file:
                    Response(file)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    line = re.compile(r'127\.0\.0\.1 \[[^\]]+\] "GET /hello\.txt HTTP/1\.1" "u{100}" 200 6 TLSv1\.3 \S+ \S+')
    lines = logged(four, 400)
    assert all(line.fullmatch(text) for text in lines), [t for t in lines if not line.fullmatch(t)][:3]


def test_sigterm_is_for_all(bench, pki):
    """Each worker finishes what it has open; then the process ends, with 0."""
    size = 16 << 20
    root = bench.folder(hello_txt=b"hello\n", big_bin=b"y" * size)
    server = bench.serve("--workers", "3", root=root)
    trusted = context(pki.server().root)
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(connect(server.port, None, context=trusted)) for _ in range(12)]
        idle = [stack.enter_context(connect(server.port, None, context=trusted)) for _ in range(12)]
        for tls in busy:
            tls.sendall(KEEP % b"/big.bin")
        heads = [tls.recv(100) for tls in busy]
        server.popen.send_signal(signal.SIGTERM)
        wait_until(lambda: not is_open(server.port), what="a closed port")
        for tls in idle:
            assert tls.recv(10) == b""
        assert server.popen.poll() is None
        for tls, head in zip(busy, heads):
            with tls.makefile("rb") as file:
                assert len((head + file.read()).split(b"\r\n\r\n", 1)[1]) == size
    assert server.wait(10) == 0, server.all


@pytest.mark.parametrize("stalls", [1, 8])
def test_second_signal(bench, pki, stalls):
    """Downloads that nobody reads, with whichever worker they are, hold up the first SIGTERM and not the second."""
    server = bench.serve("--workers", "4", root=bench.folder(hello_txt=b"hello\n", big_bin=b"y" * (64 << 20)))
    with contextlib.ExitStack() as stack:
        for _ in range(stalls):
            tls = stack.enter_context(connect(server.port, pki.server().root))
            tls.sendall(KEEP % b"/big.bin")
            assert tls.recv(100)
        server.popen.terminate()
        wait_until(lambda: not is_open(server.port), what="a closed port")
        time.sleep(0.5)
        assert server.popen.poll() is None
        server.popen.terminate()
        assert server.wait(5) == 0, server.all


def test_several_addresses(bench, pki):
    server = bench.serve("--workers", "2", listen=["127.0.0.1:0", "127.0.0.2:0"])
    for address, port in zip(["127.0.0.1", "127.0.0.2"], server.ports(2)):
        for _ in range(8):
            r = bench.get("--resolve", f"localhost:{port}:{address}", f"https://localhost:{port}/hello.txt")
            assert r.out == "hello\n", r


def test_auto(bench, pki):
    """One for each processor that the process may use."""
    mine = min(2, len(os.sched_getaffinity(0)))
    cpus = ",".join(str(c) for c in sorted(os.sched_getaffinity(0))[:mine])
    server = bench.serve("--workers", "auto", command=["taskset", "-c", cpus, LOCKSTEP])
    assert get(server.port, pki.server().root, "/hello.txt").body == b"hello\n"
    assert len(list(streams_of_loops(server.pid))) == mine


@pytest.mark.parametrize("workers", ["1", "4"])
def test_the_address_is_ours(bench, pki, workers):
    """A second server at the same address is refused, and does not get half of the connections."""
    pair = ["--cert", pki.server().chain, "--key", pki.server().key]
    port = free_port()
    first = bench.serve("--workers", workers, listen=[f"127.0.0.1:{port}"])
    for n in ("1", "4"):
        r = bench.lockstep("serve", "--workers", n, "--listen", f"127.0.0.1:{port}", *pair)
        assert r.rc == 7 and "already" in r.err, r
    assert get(first.port, pki.server().root, "/hello.txt").body == b"hello\n"


@pytest.mark.parametrize("value", ["0", "65", "-1", "1x", "", "two", "1000000000000"])
def test_wrong_numbers(bench, pki, value):
    r = bench.lockstep("serve", f"--workers={value}", "--listen", "127.0.0.1:0")
    assert r.rc == 2 and "--workers" in r.err and "listening" not in r.err, r


def test_not_with_the_explorer(bench):
    r = bench.lockstep("serve", "--workers", "2", "--explorer", "--listen", "127.0.0.1:0")
    assert r.rc == 2 and "--explorer" in r.err and "one worker" in r.err, r
