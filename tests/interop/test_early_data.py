"""0-RTT data as an attacker sees it: recorded and said again, cut in two, piled up, never finished. And what
serve does with requests that may be replays (RFC 8470)."""
import contextlib
import re
import subprocess
import time

import pytest

from kit import HELLO, SClient, Tap, get, logged, request, say_again, wait_until

BIG = 30_000  # the length of an answer that cannot be mistaken for a handshake


def head(method, target="/hello.txt", *lines):
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def big_file(root, size):
    with open(root / "big.bin", "wb") as f:
        f.truncate(size)


@pytest.fixture
def server(bench):
    root = bench.folder(hello_txt=b"hello\n", page_bin=b"x" * BIG)
    big_file(root, 64 << 20)
    return bench.serve("--early-data", root=root)


@pytest.fixture
def client(bench, server):
    return SClient(bench, server.port)


def taken_early(server):
    return [line for line in server.out.splitlines() if line.endswith(" early-data")]


# ---- Replays -----------------------------------------------------------------------------------------


PAGE = head("GET", "/page.bin", "Connection: close")


def first_flight(said):
    """The ClientHello, change_cipher_spec and the record with the 0-RTT data."""
    at = 0
    for _ in range(3):
        at += 5 + int.from_bytes(said[at + 3:at + 5], "big")
    return bytes(said[:at])


def replays_are_refused(port, said):
    for data in (bytes(said), first_flight(said), bytes(said)):
        got = say_again(port, data)
        assert 0 < len(got) < BIG // 4, len(got)  # a handshake begins, and nothing is answered


def test_replay(bench, server, client):
    """A thief records a flight and says it again, to the same server and to the one that follows it."""
    with Tap(server.port) as tap:
        r = client.with_early(PAGE, port=tap.port)
    assert "Early data was accepted" in r.out and len(r.out) > BIG, r
    said = tap.said[0]
    replays_are_refused(server.port, said)
    assert len(taken_early(server)) == 1 and len(logged(server, 2)) == 2, server.out
    assert get(server.port, bench.pki.server().root, "/hello.txt").body == b"hello\n"

    assert server.terminate() == 0
    again = bench.serve("--early-data", "--listen", f"127.0.0.1:{server.port}", root=bench.folder(), listen=())
    assert again.port == server.port
    replays_are_refused(again.port, said)
    assert again.out == "", again.out
    r = client.again()
    assert "New, TLSv1.3" in r.out, r  # the keys of its ticket are gone


def test_replay_of_a_get(bench, server):
    """The same with our own client."""
    sessions, url = bench.dir / "sessions", f"https://localhost:{server.port}/page.bin"
    assert bench.get("--session", sessions, url).rc == 0
    with Tap(server.port) as tap:
        r = bench.get("--session", sessions, "--early-data", "--connect-to", f"::127.0.0.1:{tap.port}", url)
        assert len(r.body) == BIG, r
    assert len(taken_early(server)) == 1, server.out
    replays_are_refused(server.port, tap.said[0])
    assert len(logged(server, 2)) == 2 and len(taken_early(server)) == 1, server.out


def test_the_thief_is_first(bench, server, client):
    """Both come with the same ticket: one of the two is answered, and the other's request waits for Finished."""
    with Tap(server.port, hold=None) as tap:
        stolen = bench.start(["openssl", "s_client", "-connect", f"127.0.0.1:{tap.port}", "-servername", "localhost",
                              "-sess_in", client.file, "-early_data", early(client, PAGE)], stdin=True)
        wait_until(lambda: taken_early(server), what="an answer to 0-RTT data")
        r = client.with_early(PAGE, stdin=HELLO)
        assert "Early data was rejected" in r.out and "\nhello\n" in r.out, r
        stolen.kill()
    assert len(taken_early(server)) == 1, server.out


def early(client, data):
    client.early.write_bytes(data)
    return client.early


# ---- Requests that may be replays --------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "get"])
def test_unsafe_methods(server, client, method):
    """They get 425, and after the handshake what they always get."""
    r = client.with_early(head(method), stdin=head(method, "/hello.txt", "Connection: close"))
    assert "Early data was accepted" in r.out, r
    assert re.findall(r"^HTTP/1\.1 (\d+)", r.out, re.M) == ["425", "405"], r
    lines = logged(server, 3)
    assert lines[1].endswith(" early-data") and lines[2].endswith(" resumed"), server.out


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_safe_methods(server, client, method):
    r = client.with_early(head(method, "/hello.txt", "Connection: close"))
    assert re.findall(r"^HTTP/1\.1 (\d+)", r.out, re.M) == ["204" if method == "OPTIONS" else "200"], r
    assert logged(server, 2)[1].endswith(" early-data"), server.out


def test_body_in_early_data(server, client):
    """What follows the head of a request that is refused is not taken for another one."""
    inner = head("GET")
    r = client.with_early(head("POST", "/", f"Content-Length: {len(inner)}") + inner)
    assert re.findall(r"^HTTP/1\.1 (\d+)", r.out, re.M) == ["425"] and "Connection: close" in r.out, r
    assert len(logged(server, 2)) == 2, server.out


@pytest.mark.parametrize("value", ["1", "0", "1, 1", "what"])
def test_early_data_field(bench, server, value):
    """A proxy says that a request may be a replay; "Multiple or invalid instances [...] MUST be treated as
    equivalent" to a 1 (RFC 8470 §5.1)."""
    root = bench.pki.server().root
    lines = f"Early-Data: {value}", "Connection: close"
    assert request(server.port, root, head("POST", "/hello.txt", *lines)).status == 425
    assert request(server.port, root, head("GET", "/hello.txt", *lines)).status == 200


# ---- Cut, piled up, never finished -------------------------------------------------------------------


@pytest.mark.parametrize("cut", [1, 3, 30, -1])
@pytest.mark.parametrize("method, code", [("GET", "200"), ("POST", "405")])
def test_request_in_two_parts(server, client, cut, method, code):
    """The end of it comes behind the handshake: who said it was there, so it is no replay."""
    whole = head(method, "/hello.txt", "Connection: close")
    r = client.with_early(whole[:cut], stdin=whole[cut:])
    assert "Early data was accepted" in r.out, r
    assert re.findall(r"^HTTP/1\.1 (\d+)", r.out, re.M) == [code], r
    assert logged(server, 2)[1].endswith(" resumed"), server.out


def test_pipelined(server, client):
    """Several requests in the 0-RTT data, the last one cut, and more behind the handshake."""
    last = head("GET", "/hello.txt", "Connection: close")
    r = client.with_early(head("GET") * 50 + head("POST") + head("HEAD") + last[:20],
                          stdin=last[20:] + head("GET"))
    codes = re.findall(r"^HTTP/1\.1 (\d+)", r.out, re.M)
    assert len(codes) == 53 and set(codes[:50]) == {"200"} and codes[51:] == ["200", "200"], codes
    # the POST is too early only if it was answered before Finished was there
    assert (codes[50] == "425") == logged(server, 54)[51].endswith(" early-data"), server.out
    assert codes[50] in ("425", "405") and r.out.count("\nhello\n") == 51, r


def test_bad_requests(server, client):
    for data in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 16200, b"GET / HTTP/2.0\r\n\r\n"):
        r = client.with_early(data, stdin=b"\r\n\r\n")
        assert re.search(r"^HTTP/1\.1 (400|431|505)", r.out, re.M), r
        client.again()


def test_long_answer(bench, server):
    """Finished is taken while the answer goes out: the tickets come in the middle of it."""
    sessions, url = bench.dir / "sessions", f"https://localhost:{server.port}/big.bin"
    for _ in range(3):
        r = bench.get("--session", sessions, "--early-data", "-o", bench.dir / "big", url)
        assert r.rc == 0 and (bench.dir / "big").stat().st_size == 64 << 20, r
    assert len(logged(server, 3)) == 3 and len(taken_early(server)) == 2, server.out


@contextlib.contextmanager
def slow_get(bench, server):
    """A get that has sent its request as 0-RTT data and has taken the first megabyte of a long answer."""
    sessions = bench.dir / "sessions"
    assert bench.get("--session", sessions, f"https://localhost:{server.port}/hello.txt").rc == 0
    argv = bench.get_argv("--session", sessions, "--early-data", f"https://localhost:{server.port}/big.bin")
    with subprocess.Popen([str(a) for a in argv], env=bench.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        assert len(p.stdout.read(1 << 20)) == 1 << 20
        yield p


def test_sigterm_in_the_middle(bench, server):
    """What is being sent is sent to the end, and serve ends well."""
    with slow_get(bench, server) as p:
        server.popen.terminate()
        time.sleep(0.3)
        assert server.popen.poll() is None
        assert len(p.stdout.read()) == 63 << 20
        assert p.wait(20) == 0, p.stderr.read()
    assert server.wait() == 0
    assert len(taken_early(server)) == 1, server.out


def test_client_goes_away_in_the_middle(bench, server):
    with slow_get(bench, server) as p:
        p.kill()
    assert get(server.port, bench.pki.server().root, "/hello.txt").body == b"hello\n"
    assert len(logged(server, 3)) == 3, server.out


def test_alert_behind_a_long_answer(server, client):
    """Finished is damaged on its way while a long answer is written: the alert is not lost."""
    with Tap(server.port, spoil=True, slow=0.05) as tap:
        r = client.with_early(head("GET", "/big.bin"), port=tap.port)
    assert "HTTP/1.1 200 OK" in r.out and "alert bad record mac" in r.err, r.err
    assert len(r.out) < 64 << 20
    line = logged(server, 2)[1]
    assert line.endswith(" early-data") and " 200 " in line, line
