"""The file of `get --session`: whose it is, what is in it, and what is not believed."""
import base64
import os
import stat

import pytest

from kit import run, wait_until


@pytest.fixture
def server(bench):
    return bench.serve("--early-data")


@pytest.fixture
def visit(bench, server):
    def get(*args, **more):
        more = {"session": bench.dir / "sessions", **more}
        session = more.pop("session")
        return bench.get("--session", session, *args, f"https://localhost:{server.port}/hello.txt", **more)

    return get


def resumed(server, n):
    """Of each request in the log, which may have handshakes that were refused beside them."""
    lines = wait_until(lambda: (lines := [line for line in server.out.splitlines() if "] refused" not in line])[n - 1:]
                       and lines, what="the log")
    return [" resumed" in line for line in lines]


def refused(r, *words, code=26):
    """Three short lines, before anything was sent."""
    assert r.rc == code and r.out == "", r
    lines = r.err.splitlines()
    assert lines[0].startswith("lockstep: --session ") and 2 <= len(lines) <= 3, r
    assert lines[-1].startswith("  to do:  "), r
    for word in words:
        assert word in r.err, r


def test_mode(bench, visit):
    file = bench.dir / "sessions"
    old = os.umask(0)
    try:
        for _ in range(2):
            assert visit().rc == 0
            assert stat.S_IMODE(file.stat().st_mode) == 0o600 and file.read_text().startswith("lockstep sessions 1")
    finally:
        os.umask(old)
    assert [p.name for p in bench.dir.glob("sessions*")] == ["sessions"]  # nothing is left beside it


def test_empty_file(bench, server, visit):
    """Made beforehand, by touch."""
    file = bench.dir / "sessions"
    file.touch(0o644)
    assert visit().rc == 0 and visit().rc == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert resumed(server, 2) == [False, True]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o602, 0o666])
def test_open_to_others(bench, server, visit, mode):
    """Who knows the secret of a session can pose as its server, to us."""
    assert visit().rc == 0
    (bench.dir / "sessions").chmod(mode)
    refused(visit(), "other users can " + ("write" if mode & 0o022 else "read"))
    assert server.out.count("\n") == 1, server.out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_of_another_user(bench, server, visit):
    assert visit().rc == 0
    os.chown(bench.dir / "sessions", 65534, 65534)
    refused(visit(), "belongs to another user")


def damaged(text):
    first, place, session = text.partition("\n")[0], *text.splitlines()[1].split(" ")
    raw = base64.b64decode(session)
    yield "x" + text
    yield text[:-1]  # the last line is not whole
    yield text[:len(text) // 2]
    yield text.replace(" ", "")
    yield first + "\n\n"
    yield first + "\n" + place + " \n"
    yield first + "\n" + place + " not base64!\n"
    yield first + "\n" + place + " " + base64.b64encode(raw[:-1]).decode() + "\n"
    yield first + "\n" + place + " " + base64.b64encode(b"\xff" + raw[1:]).decode() + "\n"
    yield "-----BEGIN CERTIFICATE-----\n"
    yield "\0" * 1000
    yield first + "\n" + ("x" * 100 + " " + session + "\n") * 10000  # more than any file of ours has


def test_damaged(bench, server, visit):
    file = bench.dir / "sessions"
    assert visit().rc == 0
    good = file.read_text()
    for i, text in enumerate(damaged(good)):
        file.write_text(text)
        refused(visit())
        assert file.read_text() == text, i  # it may be something else, and dear to its owner
    file.write_text(good)
    assert visit().rc == 0
    assert resumed(server, 2) == [False, True]


def test_wrong_secret(bench, server, visit):
    """A damaged secret ends one handshake; the session is not used again."""
    file = bench.dir / "sessions"
    assert visit().rc == 0
    lines = file.read_text().splitlines()
    place, session = lines[-1].split(" ")
    raw = bytearray(base64.b64decode(session))
    raw[12] ^= 1  # behind form, version, suite, group, scheme and length
    file.write_text(f"{lines[0]}\n{place} {base64.b64encode(raw).decode()}\n")
    r = visit()
    assert r.rc == 35 and "decrypt_error" in r.err, r
    assert visit().rc == 0
    assert resumed(server, 2) == [False, False]


def test_not_a_file(bench, visit, tmp_path):
    os.mkfifo(bench.dir / "fifo")
    for path in ("/dev/null", bench.dir, bench.dir / "fifo"):
        refused(visit(session=path), "not a regular file")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    refused(visit(session=bench.dir / "missing" / "sessions"), "No such file or directory", code=23)


def test_cannot_be_written(nobody, pki):
    """Told before the request is sent."""
    server = nobody.serve()
    locked = nobody.dir / "locked"
    locked.mkdir(mode=0o755)
    argv = [*nobody.drop, nobody.dir / "lockstep", "get", "-k", "--session", locked / "sessions",
            f"https://localhost:{server.port}/hello.txt"]
    if os.geteuid() == 0:
        r = run(argv, nobody.env, cwd=nobody.home)
        refused(r, "Permission denied", code=23)
        assert server.out == "", server.out


def test_two_at_once(bench, server, visit):
    """The last one wins; there is never half a file, and each resumes or does not, but ends well."""
    file = bench.dir / "sessions"
    assert visit().rc == 0
    argv = bench.get_argv("--session", file, "--early-data", f"https://localhost:{server.port}/hello.txt")
    for _ in range(5):
        gets = [bench.start(argv) for _ in range(8)]
        for get in gets:
            assert get.wait() == 0 and get.out == "hello\n", get.all
        assert file.read_text().startswith("lockstep sessions 1") and file.read_text().endswith("\n")
        assert visit().rc == 0  # it can be read
    assert resumed(server, 46)[-1]
    assert [p.name for p in bench.dir.glob("sessions*")] == ["sessions"]


def test_used_once(bench, visit):
    """No session is used twice, which would tell a watcher that it is the same client (RFC 8446 §C.4)."""
    file, seen = bench.dir / "sessions", set()
    for _ in range(4):
        assert visit().rc == 0
        last = file.read_text().splitlines()[-1]
        assert last not in seen
        seen.add(last)
        assert len(seen & set(file.read_text().splitlines())) == 1, "the one before was used"


def test_insecure_then_not(bench, pki, server, visit):
    """What -k accepted is not good by being a session; what was judged stays good."""
    other = pki.authority("rsa")[0].cert
    assert visit("-k").rc == 0
    assert visit("-k").rc == 0
    r = visit(root=other)
    assert r.rc == 60 and r.out == "", r
    assert visit().rc == 0
    # the sessions of -k are used by who trusts the chain, since it is judged again each time
    assert resumed(server, 3)[:2] == [False, True], server.out
    assert visit("-k", root=other).rc == 0


def test_pin_and_policy(bench, pki, server, visit):
    """A session does not get around what is asked of the chain now."""
    assert visit().rc == 0
    r = visit("--pinnedpubkey", "sha256//" + base64.b64encode(bytes(32)).decode())
    assert r.rc == 90, r
    crl = pki.crl(pki.authority("p256")[1], revoked=[pki.server()])
    r = visit("--crlfile", crl)
    assert r.rc == 60 and "revoked" in r.err, r
    r = visit("--cert-status")
    assert r.rc == 91, r


def test_another_name_and_port(bench, pki, server, visit):
    """Sessions are for one host and port."""
    assert visit().rc == 0
    file = bench.dir / "sessions"
    r = bench.get("--session", file, f"https://127.0.0.1:{server.port}/hello.txt")
    assert r.rc == 0, r
    second = bench.serve()
    r = bench.get("--session", file, f"https://localhost:{second.port}/hello.txt")
    assert r.rc == 0, r
    assert resumed(server, 2) == [False, False] and resumed(second, 1) == [False]
    # and a file that says otherwise does not change it: the name is in the session too
    text = file.read_text()
    file.write_text(text.replace("127.0.0.1:", "localhost:"))
    assert visit().rc == 0


def test_options(bench, server):
    url = f"https://localhost:{server.port}/"
    for args, word in ((["--early-data", url], "--session FILE"), (["--key", "k.pem", url], "--cert FILE"),
                       (["--session", "", url], "--session")):
        r = bench.lockstep("get", *args)
        assert r.rc == 2 and word in r.err and 1 <= len(r.err.splitlines()) <= 3, r
