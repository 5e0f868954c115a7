import contextlib
import socket
import threading
import time

import pytest

from fixtures import bench, nobody, pki, pytest_sessionstart, shared  # noqa: F401 (used by pytest)
from kit import Bench, SClient, Tap, connect


class SlowClients:
    """Clients that take all their time; `cut[name]` says after how many seconds the server had enough."""

    SIZE = 64 << 20  # more than any socket buffer

    def __init__(self, bench):
        self.bench = bench
        root = bench.folder(hello_txt=b"hello\n")
        with open(root / "big.bin", "wb") as f:
            f.truncate(self.SIZE)
        self.server = bench.serve(root=root)
        self.root = bench.pki.server().root
        self.zero = bench.serve("--early-data", root=root)
        self.cut, self.got = {}, {}
        self.threads = [threading.Thread(target=self.run, args=(client,), daemon=True) for client in (
            self.silent, self.hello, self.header, self.stalled, self.steady, self.early, self.early_slow)]
        for thread in self.threads:
            thread.start()

    def run(self, client):
        began = time.monotonic()
        with contextlib.suppress(OSError):
            client(client.__name__)
        self.cut.setdefault(client.__name__, time.monotonic() - began)

    def drip(self, s, data):
        """One byte every half second, until the server closes."""
        s.settimeout(0.5)
        for byte in data:
            s.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                s.recv(1000)
                return

    def silent(self, _):
        with socket.create_connection(("127.0.0.1", self.server.port), 60) as s:
            s.recv(1)

    def hello(self, _):
        with socket.create_connection(("127.0.0.1", self.server.port)) as s:
            self.drip(s, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))

    def header(self, _):
        with connect(self.server.port, self.root) as s:
            self.drip(s, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100)

    # A client that takes the answer to its 0-RTT data and never sends Finished; or takes it slowly.

    def early(self, name, target="hello.txt", **more):
        client = SClient(self.bench, self.zero.port, file=name)
        with Tap(self.zero.port, hold=None, **more) as tap:
            began = time.monotonic()
            r = client.with_early(f"GET /{target} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 3, port=tap.port, timeout=60)
            self.cut[name] = time.monotonic() - began
            self.got[name] = r.out

    def early_slow(self, name):
        self.early(name, "big.bin", slow=0.1)

    def ask(self):
        s = connect(self.server.port, self.root)
        s.sendall(b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return s

    def stalled(self, name):
        with self.ask() as s:
            time.sleep(34)
            self.got[name] = 0
            while data := s.recv(1 << 20):
                self.got[name] += len(data)

    def steady(self, name):
        with self.ask() as s:
            self.got[name], began = 0, time.monotonic()
            while time.monotonic() - began < 34 and (data := s.recv(1 << 16)):
                self.got[name] += len(data)
                time.sleep(0.1)


@pytest.fixture(scope="session", autouse=True)
def slow_clients(request, tmp_path_factory):
    """Started with the session, so that their time runs beside the other tests."""
    if not any(item.name == "test_time_limits" for item in request.session.items):
        yield None
        return
    bench = Bench(tmp_path_factory.mktemp("slow"), request.getfixturevalue("pki"))
    yield SlowClients(bench)
    bench.close()
