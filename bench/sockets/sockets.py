#!/usr/bin/env python3
"""Measures `lockstep serve` beside other servers over loopback: each with one worker on one processor, the load
from another. The servers take turns in short rounds; what is quoted is the median of the rounds, and the
median of their ratios. Processor time is that of all processes and threads of a server, while what is counted was done.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import page
import report
from servers import KINDS, LARGE, SMALL, Origin, Server, Site, say

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Load:
    """A run of the load generator, which waits for us between its phases."""

    def __init__(self, bench, server, mode, *options):
        self.what = f"{mode} of {server.name}"
        self.process = subprocess.Popen(
            [bench.load, mode, "--wait", "--port", str(server.port), "--cacert", str(bench.site.file("root.pem")),
             *map(str, options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {bench.cpus[1]}))
        bench.loads.add(self)
        self.bench = bench
        line = self.process.stdout.readline()
        if line != "ready\n":
            self.fail()

    def fail(self):
        self.kill()
        raise RuntimeError(f"{self.what}: {self.process.stderr.read().strip()}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.bench.loads.discard(self)

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        try:
            result = json.loads(self.process.stdout.readline())
        except ValueError:
            self.fail()
        if result["failed"]:
            self.fail()
        return result

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        self.kill()


# What is measured by time: options of the load generator, and how many of what is counted make the figure's unit.
MODES = {
    "connect": ("new TLS 1.3 connections", ["--connections", 32]),
    "requests": ("1 KB requests", ["--connections", 64, "--path", "/1k.bin", "--length", SMALL]),
    "download": ("100 MB downloads", ["--connections", 4, "--path", "/100m.bin", "--length", LARGE]),
}
IDLE = (1000, 8000)


class Bench:
    def __init__(self, args, site):
        self.args, self.site, self.load = args, site, args.load
        self.cpus = choose_cpus()
        self.origin = Origin(site)
        self.open, self.loads = [], set()
        self.kinds = []
        self.figures = {}
        for kind in KINDS:
            if args.only and kind.template and kind.name not in args.only:
                continue  # lockstep takes part in any case
            path = kind.find({"lockstep": args.lockstep, "before": args.before})
            if path is None:
                if kind.template:
                    say(f"{kind.name} is not installed and is left out")
                continue
            self.kinds.append((kind, path))
            self.figures[kind.name] = {"version": kind.version(path)}

    def start(self, kind, path):
        server = Server(kind, path, self.site, self.origin, self.cpus[0])
        self.open.append(server)
        return server

    def try_start(self, kind, path):
        """None: a version that does not understand our configuration; the others go on without it."""
        try:
            return self.start(kind, path)
        except RuntimeError as e:
            if not kind.template:
                raise
            say(f"{e}; it is left out")
            self.kinds.remove((kind, path))
            del self.figures[kind.name]

    def stop(self, server):
        self.open.remove(server)
        server.close()

    def close(self):
        for load in list(self.loads):
            load.kill()
        for server in self.open:
            server.close()

    def run(self):
        servers = [server for kind, path in list(self.kinds) if (server := self.try_start(kind, path))]
        if "idle" in self.args.modes:
            for kind, path in self.kinds:
                say(f"{kind.name}: memory")
                self.measure_memory(kind, path)
        for server in servers:
            self.fill_caches(server)
        for mode in [m for m in MODES if m in self.args.modes]:
            rounds = {server.name: [] for server in servers}
            for i in range(self.args.rounds):
                say(f"{MODES[mode][0]}, round {i + 1} of {self.args.rounds}")
                for server in servers:
                    rounds[server.name].append(self.measure(server, mode))
            for name, turns in rounds.items():
                self.figures[name][mode] = {
                    key: statistics.median(t[key] for t in turns) for key in turns[0]} | {"turns": turns}

    def fill_caches(self, server):
        """Each file once, over one connection."""
        for mode in ("requests", "download"):
            options = MODES[mode][1]
            load = Load(self, server, mode, *options, "--count", 1, "--connections", 1)
            load.close()

    def measure(self, server, mode):
        load = Load(self, server, mode, "--seconds", self.args.seconds, *MODES[mode][1])
        before = server.cpu_seconds()
        result = load.go()
        cpu = server.cpu_seconds() - before
        load.close()
        seconds, done = result["seconds"], result["done"]
        return {"per_second": done / seconds, "cpu_us": cpu / done * 1e6, "busy": cpu / seconds,
                "load_busy": result["cpu_seconds"] / seconds, "done": done, "unclosed": result["unclosed"],
                "tickets": result["tickets"] / done}

    def measure_memory(self, kind, path):
        """What a server grows by for each connection that is idle behind its first request."""
        server = self.start(kind, path)
        options = ["--path", "/1k.bin", "--length", SMALL]
        warm = Load(self, server, "idle", "--connections", 20, *options)
        warm.go()
        warm.close()
        time.sleep(0.5)
        before, loads, found = server.memory(), [], {}
        try:
            for number in self.args.idle:
                more = number - sum(n for n, _ in loads)
                load = Load(self, server, "idle", "--connections", more, *options)
                loads.append((more, load))
                load.go()
                time.sleep(0.5)
                now = server.memory()
                found[str(number)] = {"rss": (now[0] - before[0]) / number, "pss": (now[1] - before[1]) / number}
        finally:
            for _, load in loads:
                load.close()
            self.stop(server)
        self.figures[kind.name]["idle"] = found


def choose_cpus():
    """One processor for the servers and one of another core for the load."""
    cpus = sorted(os.sched_getaffinity(0))

    def siblings(cpu):
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings").read_text()
        return cpu
    others = [c for c in cpus[1:] if siblings(c) != siblings(cpus[0])] or cpus[1:]
    if not others:
        say("there is one processor only: the load shares it with the servers")
        return cpus[0], cpus[0]
    return cpus[0], others[0]


def raise_limit(idle):
    """8,000 connections are as many files, in the server and in the load generator."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    want = max(idle) + 200
    if hard != resource.RLIM_INFINITY and hard < want:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (want, want))
            hard = want
    if hard == resource.RLIM_INFINITY or hard > 20000:
        hard = 20000 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    if hard >= want:
        return idle
    fewer = sorted({min(n, hard - 200) for n in idle})
    say(f"no more than {hard} files may be open: {max(fewer)} idle connections instead of {max(idle)}")
    return fewer


CONDITIONS = """{machine}; one worker on processor {server}, the load on processor {load}; medians of {rounds} rounds of \
{seconds:g} s, and of the ratios in each round.
The same for all: ECDSA P-256 certificate with an intermediate, TLS 1.3, X25519, AES-128-GCM, HTTP/1.1, no access log,
files of 1,024 and 100,000,000 bytes; session tickets as each gives them by default, lockstep two.
haproxy answers the small file from memory and the large one from its cache, since it serves no files."""


def machine():
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    with contextlib.suppress(OSError):
        return f"{names[0] if names else platform.machine()}, {platform.freedesktop_os_release()['PRETTY_NAME']}"
    return platform.machine()


def read_arguments():
    names = [k.name for k in KINDS if k.name != "before"]
    p = argparse.ArgumentParser(prog="./dev bench --sockets", description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--only", metavar="LIST", type=lambda v: v.split(","),
                   help=f"servers, of {','.join(names)}; lockstep always")
    p.add_argument("--modes", metavar="LIST", type=lambda v: v.split(","), default=[*MODES, "idle"],
                   help=f"figures, of {','.join([*MODES, 'idle'])}")
    p.add_argument("--seconds", metavar="N", type=float, default=1, help="length of a turn (default 1)")
    p.add_argument("--rounds", metavar="N", type=int, default=9, help="turns of each server (default 9)")
    p.add_argument("--idle", metavar="LIST", type=lambda v: sorted(map(int, v.split(","))), default=list(IDLE),
                   help="idle connections (default %s)" % ",".join(map(str, IDLE)))
    p.add_argument("--lockstep", metavar="FILE", type=os.path.abspath, default=ROOT / "build/bench/lockstep", help="the command")
    p.add_argument("--before", metavar="FILE", type=os.path.abspath, help="another build of it, which takes turns too")
    p.add_argument("--load", metavar="FILE", type=os.path.abspath, default=ROOT / "build/bench/sockets_load", help="the load generator")
    p.add_argument("--json", metavar="FILE", default=ROOT / "build/bench/sockets.json", help="where the JSON goes")
    p.add_argument("--docs", action="store_true", help="put the tables into docs/performance.md")
    args = p.parse_args()
    if args.docs and (args.only or len(args.modes) <= len(MODES)):
        p.error("--docs is for a whole run")
    for given, known in ((args.only or [], names), (args.modes, [*MODES, "idle"])):
        for name in given:
            if name not in known:
                p.error(f"there is no {name}, only {', '.join(known)}")
    if args.rounds < 1 or args.seconds <= 0 or args.idle[0] < 1 or args.idle[-1] > 8000:
        p.error("at least one round of some time, and 1 to 8,000 idle connections")
    return args


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    args = read_arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    if "idle" in args.modes:
        args.idle = raise_limit(args.idle)
    with tempfile.TemporaryDirectory(prefix="lockstep-sockets-") as folder:
        bench = Bench(args, Site(pathlib.Path(folder)))
        try:
            bench.run()
        except RuntimeError as e:
            say(str(e))
            return 2
        except KeyboardInterrupt:
            say("interrupted")
            return 130
        finally:
            bench.close()
    conditions = CONDITIONS.format(machine=machine(), server=bench.cpus[0], load=bench.cpus[1], rounds=args.rounds,
                                   seconds=args.seconds)
    result = {"conditions": conditions, "figures": bench.figures, "targets": report.targets(bench.figures)}
    pathlib.Path(args.json).write_text(json.dumps(result, indent=1) + "\n")
    words = report.markdown(result)
    print(words)
    if args.docs:
        page.fill_servers(words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
