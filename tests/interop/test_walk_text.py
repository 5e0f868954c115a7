"""`lockstep walk` as people read it: on a terminal, in a pipe, one step at a time."""
import json
import os
import re
import select
import time

import pytest

from kit import LOCKSTEP, fork_in_terminal, run
from test_walk import KINDS, all_short
from test_walk_host import SERVERS, openssl, printable, walk_argv


@pytest.mark.parametrize("kind", ["1.3", "1.2", "1.3 retry"])
def test_text(bench, kind):
    server = openssl(bench, kind)
    r = run(walk_argv(bench, server.port), bench.env)
    assert r.rc == 0 and r.err == "" and all_short(r.out) and printable(r.out), r
    assert "An eavesdropper sees:" in r.out and "round trip" in r.out and "waiting for network" in r.out
    assert r.out.rstrip().endswith("The connection was established.")


@pytest.mark.parametrize("kind", KINDS)
def test_demo(shared, kind):
    r = shared.lockstep("walk", "--demo", *KINDS[kind])
    assert r.rc == 0 and r.err == "" and all_short(r.out) and printable(r.out), r
    steps = [int(n) for n in re.findall(r"^ {1,2}(\d+)  ", r.out, re.M)]
    assert steps == list(range(1, len(steps) + 1)) and len(steps) >= 15
    assert "eavesdropper" in r.out and "(both ends, the same)" in r.out


@pytest.mark.parametrize("fault", ["expired", "stolen-key-rsa", "no-common-suite", "truncation", "plaintext-http"])
def test_fault(shared, fault):
    r = shared.lockstep("walk", "--fault", fault)
    assert r.rc == 0 and r.err == "" and all_short(r.out) and printable(r.out), r


def test_verbose_shows_every_byte(shared):
    """Each byte of each message stands in the output, in its place and with a name."""
    for args in ([], ["--tls", "1.2"]):
        json_path = shared.dir / "all.json"
        r = shared.lockstep("walk", "--demo", *args, "-v", "--json")
        json_path.write_text(r.out)
        walk = json.loads(r.out)
        assert "steps" in walk
        text = shared.lockstep("walk", "--demo", *args, "-v").out
        assert printable(text)
        blocks = re.split(r"(?m)^(?= {1,2}\d+  \S.*ms$)", text)[1:]
        for block in blocks:
            size = re.search(r"(\d+) bytes?  (?:encrypted|in clear)", block.splitlines()[0])
            fields = re.findall(r"^ {6} *(\d+) +(\d+)  (.*)$", block, re.M)
            if not size or not fields:
                continue
            shown = {}
            for (offset, length, _), rest in zip(fields, re.split(r"(?m)^ {6} *\d+ +\d+  .*$", block)[1:]):
                digits = "".join(re.findall(r"^ {22}((?:[0-9a-f]{2} ?)+)$", rest, re.M)).replace(" ", "")
                for i in range(len(digits) // 2):
                    shown[int(offset) + i] = digits[2 * i:2 * i + 2]
            assert len(shown) == int(size[1]), block[:2000]


def colours(text):
    return "\x1b[" in text


def test_no_colours_in_a_pipe(shared):
    assert not colours(shared.lockstep("walk", "--demo").out)


def on_terminal(argv, env, keys=(), timeout=20):
    """Runs a command on a pseudo-terminal; `keys` are typed one after the other, at each prompt."""
    pid, fd = fork_in_terminal()
    if pid == 0:
        os.execve(str(argv[0]), [str(a) for a in argv], env)
    out, end, keys = b"", time.monotonic() + timeout, list(keys)
    prompts = 0
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.2)[0]:
            continue
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        out += more
        while out.count(b"q: end -- ") > prompts and keys:
            prompts += 1
            os.write(fd, keys.pop(0).encode())
    else:
        os.kill(pid, 9)
    _, status = os.waitpid(pid, 0)
    os.close(fd)
    return os.waitstatus_to_exitcode(status), out.decode("utf-8", "replace").replace("\r\n", "\n")


def test_terminal(shared):
    argv = [LOCKSTEP, "walk", "--demo"]
    code, out = on_terminal(argv, {**shared.env, "TERM": "xterm"})
    assert code == 0 and colours(out)
    code, plain = on_terminal(argv, {**shared.env, "NO_COLOR": "1"})
    assert code == 0 and not colours(plain) and all_short(plain)
    code, plain = on_terminal(argv, {**shared.env, "TERM": "dumb"})
    assert code == 0 and not colours(plain)


def test_step_by_step(shared):
    """Enter goes on, q ends."""
    argv = [LOCKSTEP, "walk", "--demo", "--step"]
    env = {**shared.env, "NO_COLOR": "1"}
    code, out = on_terminal(argv, env, ["\n", "\n", "q\n"])
    assert code == 0 and len(re.findall(r"^ {1,2}\d+  ", out, re.M)) == 3, out
    assert "The connection was" not in out
    code, out = on_terminal(argv, env, ["\n"] * 60)
    assert code == 0 and out.rstrip().endswith("The connection was established."), out[-500:]


def test_step_by_step_without_keyboard(shared):
    r = shared.lockstep("walk", "--demo", "--step", stdin=b"\n\n")
    assert r.rc == 0 and len(re.findall(r"^ {1,2}\d+  ", r.out, re.M)) == 3, r


@pytest.mark.parametrize("args, todo", [
    ([], "which host"), (["--demo", "localhost"], "need no host"), (["--fault", "nonsense"], "no such fault"),
    (["--fault", "expired", "localhost"], "in the demonstration only"), (["a", "b"], "one host"),
    (["--demo", "--tls", "1.1"], "tls"), (["--demo", "--groups", "x25519"], "with a host"),
    (["--demo", "--kex", "rsa", "--tls", "1.3"], "RSA"), (["localhost", "-m", "0"], "1 to 3600"),
    (["--nonsense"], "nonsense"), (["localhost", "--suites", "x"], "x"), (["--fault", "retry-loop", "--tls", "1.2"], "")])
def test_usage(shared, args, todo):
    r = shared.lockstep("walk", *args)
    assert r.rc == 2 and r.out == "" and todo in r.err and len(r.err.splitlines()) <= 3, r


@pytest.mark.parametrize("option", ["--html", "--pcapng"])
def test_files_that_cannot_be_written(shared, option):
    r = shared.lockstep("walk", "--demo", option, shared.dir / "none" / "file")
    assert r.rc == 23 and "none/file cannot be written" in r.err, r
    r = run(["/bin/sh", "-c", f"'{LOCKSTEP}' walk --demo --json >/dev/full"], shared.env)
    assert r.rc == 23, r


def test_files_on_stdout(shared):
    r = shared.lockstep("walk", "--demo", "--html", "-")
    assert r.rc == 0 and r.body.startswith(b"<!doctype html>"), r
    r = shared.lockstep("walk", "--demo", "--pcapng", "-")
    assert r.rc == 0 and r.body[:4] == b"\x0a\x0d\x0d\x0a", r
