"""The load generator counts what has happened, and only that; `./dev bench --sockets` leaves nothing behind."""
import json
import os
import signal
import subprocess
import sys

import pytest

from kit import LOCKSTEP, ROOT, free_port, run

sys.path.insert(0, str(ROOT / "bench" / "sockets"))
import report  # noqa: E402

LOAD = LOCKSTEP.parent / "sockets_load"
SOCKETS = ["/usr/bin/python3", ROOT / "bench" / "sockets" / "sockets.py"]
FILE = b"x" * 1024


def load(bench, port, mode, *args, root=None):
    cacert = root or bench.pki.authority("p256")[0].cert
    r = run([LOAD, mode, "--port", port, "--cacert", cacert, "--path", "/1k.bin", "--length", 1024, *args], bench.env)
    return r, json.loads(r.out)


def answers(server):
    """How many the server's own log has, which is whole when it has ended."""
    server.terminate()
    return server.out.count('"GET /1k.bin HTTP/1.1" "-" 200 1024 ')


@pytest.mark.parametrize("mode, args, done, asked", [
    ("requests", ["--connections", 5, "--count", 60], 60, 65),  # one over each connection before the count begins
    ("requests", ["--connections", 70, "--count", 1], 1, 71),  # more than handshakes go on at once
    ("download", ["--count", 3], 3, 4),
    ("idle", ["--connections", 300], 300, 300),
    ("connect", ["--connections", 7, "--count", 30], 30, 0),
])
def test_counts(bench, mode, args, done, asked):
    server = bench.serve(root=bench.folder(**{"1k_bin": FILE}))
    r, said = load(bench, server.port, mode, *args)
    assert r.rc == 0 and said["failed"] is False, r
    assert said["done"] == done, r
    assert said["bytes"] == (done * 1024 if asked else 0), r
    assert said["tickets"] == (60 if mode == "connect" else 0) and said["unclosed"] == 0, r
    assert answers(server) == asked


def test_time(bench):
    """By time instead of a count: what was begun is finished and counted."""
    server = bench.serve(root=bench.folder(**{"1k_bin": FILE}))
    r, said = load(bench, server.port, "requests", "--connections", 3, "--seconds", 0.2)
    assert r.rc == 0 and 0.2 <= said["seconds"] < 5 and 0 < said["cpu_seconds"] < 5, r
    assert answers(server) == said["done"] + 3


@pytest.mark.parametrize("args, why", [
    (["--length", 1023], "another length"),
    (["--path", "/other"], "not a 200"),
    (["--name", "example.org"], "TLS: "),
])
def test_failures_are_no_figures(bench, args, why):
    server = bench.serve(root=bench.folder(**{"1k_bin": FILE}))
    for mode in ["requests", "idle"] + (["connect"] if "--name" in args else []):
        r, said = load(bench, server.port, mode, "--count", 3, *args)
        assert r.rc == 1 and said["failed"] is True and why in r.err, r


def test_other_root(bench):
    server = bench.serve(root=bench.folder(**{"1k_bin": FILE}))
    r, said = load(bench, server.port, "connect", "--count", 3, root=bench.pki.authority("rsa")[0].cert)
    assert r.rc == 1 and said["failed"] and said["done"] == 0 and "TLS: " in r.err, r


def test_nobody_there(bench):
    for mode in ("connect", "requests"):
        r, said = load(bench, free_port(), mode, "--count", 3)
        assert r.rc == 1 and said["failed"] and said["done"] == 0 and "connection" in r.err, r


def test_usage(bench):
    for args in (["nonsense", "--port", 1, "--cacert", "x"], ["connect"], ["connect", "--port", 1, "--cacert", "/none"]):
        r = run([LOAD, *args], bench.env)
        assert r.rc == 2 and "usage: " in r.err and r.out == "", r
    assert run([LOAD, "--help"], bench.env).out.startswith("usage: ")


# ---- the whole benchmark -------------------------------------------------------------------------------


def arguments(bench, *more):
    return [*SOCKETS, "--only", "nginx", "--rounds", 1, "--seconds", 0.1, "--idle", "30", "--lockstep",
            LOCKSTEP, "--load", LOAD, "--json", bench.dir / "sockets.json", *more]


def left(tmp):
    """What of a run is still there, by the name of its directory."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if f"{tmp}/lockstep-sockets-" in line] + os.listdir(tmp)


@pytest.fixture
def tmp(bench):
    folder = bench.dir / "tmp"
    folder.mkdir()
    bench.env["TMPDIR"] = str(folder)
    return folder


def test_benchmark(bench, tmp):
    r = run(arguments(bench), bench.env, timeout=60)
    assert r.rc == 0, r
    found = json.loads((bench.dir / "sockets.json").read_text())
    for name in ("lockstep", "nginx"):
        figures = found["figures"][name]
        for mode in ("connect", "requests", "download"):
            assert figures[mode]["cpu_us"] > 0 and figures[mode]["per_second"] > 0, figures
        assert figures["connect"]["tickets"] == 2 and set(figures["idle"]) == {"30"}, figures
    assert {t["what"] for t in found["targets"]} >= {"CPU per new connection"}, found
    assert "| lockstep " in r.out and "| nginx " in r.out and "CPU per 100 MB" in r.out, r
    assert left(tmp) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_benchmark_leaves_nothing(bench, tmp, number):
    process = bench.start(arguments(bench, "--modes", "connect", "--seconds", 30))
    process.wait_for("connections, round 1")
    assert left(tmp) != []
    process.popen.send_signal(number)
    assert process.wait(20) == 130, process.all
    assert left(tmp) == []


def test_wrong_options_of_the_benchmark(bench):
    for args in (["--only", "apache"], ["--modes", "all"], ["--rounds", "0"], ["--idle", "9000"]):
        assert run([*SOCKETS, *args], bench.env).rc == 2


def test_marks_without_the_other_server():
    """Debian 13 has no h2o; the mark is then named as one that nobody has looked at."""
    def turns(*us):
        return {"turns": [{"cpu_us": n} for n in us]}

    figures = {"lockstep": {"connect": turns(5, 6, 7), "requests": turns(5)}, "nginx": {"connect": turns(10, 12, 10)}}
    rows = report.targets(figures)
    assert [(r["beside"], r["value"], r["reached"]) for r in rows] == [("nginx", 0.5, True), ("h2o", None, None)]
    text = report.target_table(rows)
    assert "of nginx's | 0.50 | ≤ 0.55 | reached |" in text and "of h2o's | - | ≤ 0.85 | not measured: h2o" in text
    del figures["lockstep"]["requests"]  # and where nobody asked, nothing is said
    assert len(report.targets(figures)) == 1
