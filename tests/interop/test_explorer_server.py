"""`serve --explorer` and clients that mean it no good: who sees whose secrets, where it lets itself be sent, what clients
that leave, pile up or come again do to it."""
import contextlib
import json
import re
import signal
import socket
import ssl
import struct
import time

import pytest

from kit import LOCKSTEP, Listener, Serve, connect, get, parse_response, request, run, wait_until

RECORDINGS = 32
WALKS = 3


def explorer(bench, *args, listen="127.0.0.1:0"):
    argv = [LOCKSTEP, "serve", "--explorer", "--listen", listen, *bench.pki.server().pair(), *args]
    return bench.start(argv, Serve).ready()


@pytest.fixture
def server(bench):
    server = explorer(bench)
    server.root = bench.pki.server().root
    return server


def ask(s, target, method="GET", *lines):
    s.sendall("\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost:8443", *lines, "", ""]).encode("latin-1"))


def take(s):
    """The one answer that is to come over a connection that stays open."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += s.recv(1 << 16)
    length = int(re.search(rb"\r\nContent-Length: (\d+)\r\n", data)[1])
    while len(data) < data.index(b"\r\n\r\n") + 4 + length:
        data += s.recv(1 << 16)
    return parse_response(data)


def answer(s, target, *lines):
    ask(s, target, "GET", *lines)
    return take(s)


def walk_of(page):
    found = re.search(rb'id="handshake">(.*?)</script>', page.body, re.S)
    return json.loads(found[1]) if found else None


def secrets_of(walk):
    return {s["label"]: s["value"] for step in walk["steps"] for s in step.get("secrets", []) if s.get("label")}


def logged_keys(path):
    """What Python's TLS has written down of its one connection."""
    return {line.split()[0]: line.split()[2] for line in path.read_text().splitlines() if line[0] != "#"}


def leave(s):
    """Resets the connection."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


# ---- Secrets -----------------------------------------------------------------------------------------


def test_everyone_sees_his_own(bench, server):
    """Connections that come between each other, leave and make room for others: each page holds the keys that its
    own client has written down, and nobody else's."""
    open_ = []
    for i in range(8):
        log = bench.dir / f"keys{i}"
        open_.append((connect(server.port, server.root, keylog_filename=str(log)), log))
        if i % 2:
            leave(open_.pop(0)[0])  # the next connection may get its memory
    for s, log in reversed(open_):
        keys = logged_keys(log)
        walk = walk_of(answer(s, "/"))
        shown = secrets_of(walk)
        assert shown and all(shown[label] == value for label, value in keys.items()), (keys, shown)
        assert walk["outcome"] == "established" and walk["lost"] == 0
        again = walk_of(answer(s, "/?again"))
        assert again == walk
        s.close()


def test_oldest_recording_gives_way(server):
    """There are no more recordings than so many; who has none gets a page that says so, and no one else's."""
    every = [connect(server.port, server.root) for _ in range(RECORDINGS + 4)]
    pages = [answer(s, "/") for s in every]
    have = [walk_of(page) is not None for page in pages]
    assert have == [False] * 4 + [True] * RECORDINGS
    assert all(b"<!--HANDSHAKE-->" not in page.body for page in pages)
    randoms = {w["steps"][0]["bytes"][12:76] for w in map(walk_of, pages) if w}
    assert len(randoms) == RECORDINGS
    for s in every:
        s.close()
    wait_until(lambda: walk_of(get(server.port, server.root)) is not None, what="a recording")


def copies_of(server, log):
    """How often the secrets that a client has written down are in the server's memory, as bytes or in hexadecimal."""
    values = list(logged_keys(log).values())
    n = 0
    with open(f"/proc/{server.pid}/mem", "rb") as memory:
        for line in open(f"/proc/{server.pid}/maps"):
            if " rw" not in line:
                continue
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if end - start > 1 << 28:
                continue  # what a sanitizer keeps beside the memory
            with contextlib.suppress(OSError, ValueError):
                memory.seek(start)
                part = memory.read(end - start)
                n += sum(part.count(v.encode()) + part.count(bytes.fromhex(v)) for v in values)
    return n


def test_forgotten(bench, server):
    """When a connection is gone, nothing of what was shown of it is left in memory."""
    logs = [bench.dir / f"keys{i}" for i in range(3)]
    for log in logs:
        with connect(server.port, server.root, keylog_filename=str(log)) as s:
            assert walk_of(answer(s, "/"))
            assert copies_of(server, log) > 0
    wait_until(lambda: all(copies_of(server, log) == 0 for log in logs), 10, "an empty memory")


def test_page_is_for_nobody_else(server):
    page = get(server.port, server.root)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in page.headers


def test_early_data_waits(bench):
    """A page that was asked for by 0-RTT data comes when the handshake is over, and shows all of it."""
    server = explorer(bench, "--early-data")
    session, early = bench.dir / "session", bench.dir / "early"
    early.write_bytes(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    r = bench.s_client(server.port, "-sess_out", session, stdin=early.read_bytes())
    assert "200 OK" in r.out, r
    r = bench.s_client(server.port, "-sess_in", session, "-early_data", early)
    assert "Early data was accepted" in r.out, r
    walk = json.loads(re.search(r'id="handshake">(.*?)</script>', r.body.decode("utf-8", "replace"), re.S)[1])
    finished = [s["from"] for s in walk["steps"] if s["name"] == "Finished" and s["layer"] == "handshake"]
    assert sorted(finished) == ["client", "server"], finished
    assert walk["early_data"] == "accepted" and walk["outcome"] == "established"
    assert not any(line.endswith(" early-data") for line in server.out.splitlines()), server.out


# ---- HTTP --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/", "/main.js", "/nothing", "/-/faults", "/-/lab", "/-/nothing", "/-/demo", "/-/demo?tls=9"])
def test_head(server, target):
    """The answer to HEAD has no body: the next answer stands right behind it."""
    with connect(server.port, server.root) as s:
        ask(s, target, "HEAD")
        ask(s, "/main.js", "GET", "Connection: close")
        with s.makefile("rb") as file:
            data = file.read()
    first, rest = data.split(b"\r\n\r\n", 1)
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n"), data[:600]
    assert b"HTTP/1.1 " in first and rest.count(b"HTTP/1.1 200 OK\r\n") == 1


@pytest.mark.parametrize("query", ["fault=%zz", "fault=%00", "fault=" + "a" * 4000, "tls=%ff%fe", "fault=%1b%5b2J", "&&==&", "fault=expired&fault=%"])
def test_queries(server, query):
    r = get(server.port, server.root, f"/-/demo?{query}")
    assert r.status in (200, 400)
    json.loads(r.body)


@pytest.mark.parametrize("name", ["\x1b[2J.localhost", "a<script>.lab.localhost", "x" * 240 + ".lab.localhost", "expired.lab.localhost.", "\udcff\udcfe"])
def test_server_names(bench, server, name):
    """Whatever is said as a server name, the page that comes is whole, and the log and the page are clean."""
    r = run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", name, "-ign_eof"], bench.env,
            stdin=b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    if "200 OK" in r.out:
        found = re.search(r'id="handshake">(.*?)</script>', r.out, re.S)
        assert found is None or json.loads(found[1])["outcome"] == "established"
    assert "\x1b" not in server.all
    assert get(server.port, server.root).status == 200


def test_request_byte_by_byte(server):
    """A request of thousands of records is shown whole as far as there is room, and costs the others no time however often
    it is asked again."""
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 4500 + b"\r\n\r\n"
    with connect(server.port, server.root) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head:
            s.send(bytes([byte]))
        walk = walk_of(take(s))
        data = walk["steps"][-1]
        assert data["name"] == "application data" and walk["lost"] > 100
        assert len(data["records"]) > 3000 and head.hex().startswith(data["bytes"])
        assert len(data["bytes"]) == 2 * len(data["records"])
        began = time.monotonic()
        for _ in range(20):
            assert walk_of(answer(s, "/")) == walk
        assert time.monotonic() - began < 10


# ---- Where it may be sent ----------------------------------------------------------------------------


INSIDE = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]",
          "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "[fe80::1]", "10.0.0.1", "169.254.169.254", "192.168.0.1"]


def test_never_inside(bench):
    """Whoever may come from anywhere cannot send it to an address that only this machine or its network has, however
    it is written."""
    server = explorer(bench, "--explorer-hosts", listen="0.0.0.0:0")
    root, came = bench.pki.server().root, []
    with Listener(lambda peer: came.append(peer.recv(1))) as inside:
        for host in INSIDE:
            r = get(server.port, root, f"/-/walk?host={host}:{inside.port}")
            said = json.loads(r.body)
            assert "steps" not in said and said["error"], (host, said)
    assert came == []


def test_nowhere_unless_allowed(bench):
    server = explorer(bench, listen="0.0.0.0:0")
    r = get(server.port, bench.pki.server().root, "/-/walk?host=example.org")
    assert r.status == 400 and "--explorer-hosts" in json.loads(r.body)["error"]


@pytest.mark.parametrize("host", ["", "a b", "a%0d%0aX", "user@localhost", "x%2fy", "localhost:0", "localhost:99999", "\xff", "a" * 400, "%1b%5b2J"])
def test_no_hosts(server, host):
    r = get(server.port, server.root, f"/-/walk?host={host}")
    assert r.status == 400, r
    if r.body.startswith(b"{"):
        assert json.loads(r.body)["error"]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_other_sites_ask_in_vain(server, site):
    """Another site's page makes a browser ask (Fetch Metadata): nothing is begun."""
    came = []
    with Listener(lambda peer: came.append(peer.recv(1))) as target:
        for what in (f"walk?host=127.0.0.1:{target.port}", "demo", "measure", "lab", "faults"):
            r = request(server.port, server.root, f"GET /-/{what} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: {site}\r\n"
                                                  "Connection: close\r\n\r\n")
            assert r.status == 403
    assert came == []


# ---- Clients that leave, and pile up -----------------------------------------------------------------


@contextlib.contextmanager
def silent():
    """A place that takes connections and says nothing: a walk there lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as s:
        yield s.getsockname()[1]


def test_walks_leave_room(server):
    """Walks to a place that says nothing do not keep demonstrations waiting, and there are only so many of them."""
    with silent() as port, contextlib.ExitStack() as all_:
        for _ in range(WALKS):
            ask(all_.enter_context(connect(server.port, server.root)), f"/-/walk?host=127.0.0.1:{port}")
        r = wait_until(lambda: (r := get(server.port, server.root, f"/-/walk?host=127.0.0.1:{port}")).status == 503 and r)
        assert r.reason == "Service Unavailable" and json.loads(r.body)["error"]
        began = time.monotonic()
        assert "steps" in json.loads(get(server.port, server.root, "/-/demo").body)
        assert time.monotonic() - began < 8


def test_leaving(server):
    """Clients that are gone before their answer is there."""
    with silent() as port:
        for i in range(12):
            s = connect(server.port, server.root)
            ask(s, ["/-/demo", f"/-/walk?host=127.0.0.1:{port}", "/-/demo?fault=expired"][i % 3])
            leave(s) if i % 2 else s.close()
        assert get(server.port, server.root).status == 200
        wait_until(lambda: b'"steps"' in get(server.port, server.root, "/-/demo").body, 40, "a demonstration")


@pytest.mark.parametrize("signals", [1, 2])
def test_ended_in_the_middle(server, signals):
    """A walk is under way, and a demonstration waits: it ends well, if not at once."""
    with silent() as port:
        asked = [connect(server.port, server.root) for _ in range(3)]
        for s, target in zip(asked, (f"/-/walk?host=127.0.0.1:{port}", "/-/measure", "/-/demo")):
            ask(s, target)
        time.sleep(0.3)
        for _ in range(signals):
            server.popen.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        assert server.wait(25) == 0, server.all
    assert "Sanitizer" not in server.err, server.err
    for s in asked:
        s.close()


# ---- Wrong certificates ------------------------------------------------------------------------------


def test_hosted_at_once(server):
    """All wrong certificates are there from the start: none keeps the others waiting while its keys are made."""
    faults = [f for f in json.loads(get(server.port, server.root, "/-/faults").body)["faults"] if f["hosted"]]
    assert len(faults) > 15
    loose = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    loose.check_hostname, loose.verify_mode = False, ssl.CERT_NONE
    loose.set_ciphers("DEFAULT@SECLEVEL=0")
    shown = set()
    for fault in faults:
        with socket.create_connection(("127.0.0.1", server.port), 20) as raw, \
                loose.wrap_socket(raw, server_hostname=f"{fault['name']}.lab.localhost") as s:
            shown.add(s.getpeercert(True))
            ask(s, "/")  # no secrets for whoever has been told to accept it
            data = s.recv(1 << 16)
            assert b"200 OK" in data and b"handshake" not in data
    assert len(shown) == len(faults)
    seen = json.loads(get(server.port, server.root, "/-/lab").body)["seen"]
    assert {s["fault"] for s in seen} <= {f["name"] for f in faults}
