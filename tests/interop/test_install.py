"""What is installed can be used: the example is built by pkg-config alone, and does what it says."""
import contextlib
import os
import re
import socket
import ssl

import pytest

from kit import LOCKSTEP, ROOT, connect, context, free_port, run, wait_until

WARNINGS = ["-std=c17", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    env = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig"), "LD_LIBRARY_PATH": str(prefix / "lib")}
    r = run(["cmake", "--install", LOCKSTEP.parent, "--prefix", prefix], env)
    assert r.rc == 0, r
    return prefix, env


def pkg_config(env, *args):
    r = run(["pkg-config", *args], env)
    assert r.rc == 0, r
    return r.out.split()


@pytest.fixture(scope="module", params=["shared", "static"])
def program(request, installed):
    prefix, env = installed
    libs = pkg_config(env, "--libs", "lockstep")
    if request.param == "static":  # the engine alone, on the shared libraries that it says it needs
        behind = re.findall(r"^\S+", "\n".join(pkg_config(env, "--print-requires-private", "lockstep")), re.M)
        libs = [lib.replace("-llockstep", "-l:liblockstep.a") for lib in libs]
        libs += pkg_config(env, "--libs", *[name for name in behind if name[0].isalpha()]) + ["-pthread"]
    out = prefix / f"echo-{request.param}"
    r = run(["cc", *WARNINGS, ROOT / "examples/echo.c", *pkg_config(env, "--cflags", "lockstep"), *libs, "-o", out], env, timeout=60)
    assert r.rc == 0, r
    return out, env


@pytest.fixture
def echo(program, bench, pki):
    out, env = program
    identity = pki.server()
    server = bench.start([out, "0", identity.chain, identity.key],
                         env={**bench.env, "LD_LIBRARY_PATH": env["LD_LIBRARY_PATH"]})
    server.port = int(server.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1])
    return server


def read(tls, length):
    got = bytearray()
    while len(got) < length:
        part = tls.recv(length - len(got))
        assert part, f"{len(got)} of {length} bytes"
        got += part
    return bytes(got)


def test_echo(echo, pki):
    """Small and large, and both sides say goodbye."""
    with connect(echo.port, pki.server().root) as tls:
        tls.sendall(b"hello\n")
        assert read(tls, 6) == b"hello\n"
        for _ in range(50):  # one thread: two must not use one TLS object of Python's at the same time
            data = os.urandom(60_000)
            tls.sendall(data)
            assert read(tls, len(data)) == data, echo.all
        tls.unwrap()
    assert echo.terminate() == 0 and echo.err.count("\n") == 1, echo.all


def test_who_does_not_read(echo, pki):
    """Holds up nobody, and loses nothing: the engine takes no more than it has room for."""
    data = os.urandom(20_000_000)
    with connect(echo.port, pki.server().root) as slow, connect(echo.port, pki.server().root) as other:
        slow.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError, ssl.SSLWantWriteError):
            while sent < len(data):
                sent += slow.send(data[sent:sent + 16384])
        assert sent < len(data)
        other.sendall(b"x" * 100_000)
        assert read(other, 100_000) == b"x" * 100_000
        slow.settimeout(10)
        assert read(slow, sent) == data[:sent]
    assert echo.memory() < 60 << 20
    assert echo.terminate() == 0


def test_crowd(echo, pki):
    """Handshakes beside each other, more than there are key shares."""
    trusted = context(pki.server().root)
    with contextlib.ExitStack() as stack:
        raw = [stack.enter_context(socket.create_connection(("127.0.0.1", echo.port))) for _ in range(120)]
        ends = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in raw]
        tls = [trusted.wrap_bio(*end, server_hostname="localhost") for end in ends]
        open_ = set(range(len(raw)))
        while open_:  # each sends its flight before any waits for an answer
            for i in list(open_):
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls[i].do_handshake()
                    open_.discard(i)
                raw[i].sendall(ends[i][1].read())
            for i in open_:
                ends[i][0].write(raw[i].recv(65536))
        for i, t in enumerate(tls):
            t.write(b"%d" % i)
            raw[i].sendall(ends[i][1].read())
        for i, t in enumerate(tls):
            got = b""
            while not got:
                with contextlib.suppress(ssl.SSLWantReadError):
                    got = t.read(100)
                    break
                ends[i][0].write(raw[i].recv(65536))
            assert got == b"%d" % i
    assert echo.terminate() == 0


def test_wrong_peers(echo, pki):
    """Each has its own failure, and the server goes on."""
    def silent():
        return socket.create_connection(("127.0.0.1", echo.port))

    with silent() as s:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert s.recv(100)[:1] == b"\x15" and s.recv(100) == b""
    with silent() as s:
        s.shutdown(socket.SHUT_WR)
        assert s.recv(100) == b""
    with connect(echo.port, pki.server().root) as tls:
        tls.sendall(b"bye")
        assert read(tls, 3) == b"bye"
        os.close(tls.detach())  # no close_notify
    wait_until(lambda: "cut" in echo.err, what="the truncation")
    with connect(echo.port, pki.server().root) as tls:
        tls.sendall(b"still there")
        assert read(tls, 11) == b"still there"
        tls.unwrap()
    assert len(re.findall(r"^echo: .*\(.*\)$", echo.err, re.M)) == 3, echo.all
    assert echo.terminate() == 0


def test_usage(program, bench, tmp_path):
    out, env = program
    assert run([out], env).rc == 2
    r = run([out, free_port(), tmp_path / "none", tmp_path / "none"], env)
    assert r.rc == 1 and "cannot be read" in r.err, r
    (tmp_path / "odd").write_text("odd")
    r = run([out, free_port(), tmp_path / "odd", tmp_path / "odd"], env)
    assert r.rc == 1 and "PEM" in r.err, r
