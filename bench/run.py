#!/usr/bin/env python3
"""./dev bench: measures this engine beside its peers and beside the floor, prints one table of ratios, and writes all
figures as JSON (bench/README.md). It wants the programs of the preset `bench` built."""
import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import callgrind
import compare
import page
import tables

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "build" / "bench" / "measure"


def options(arguments):
    p = argparse.ArgumentParser(prog="dev bench", description="Measures the engine beside other TLS libraries and beside "
                                "the least that libcrypto can do it in; all by turns in one run.",
                                epilog="dev bench --notes: what it costs that the engine can be watched.")
    p.add_argument("--seconds", type=float, metavar="N", help="for each row (12; about four minutes in all)")
    p.add_argument("--quick", action="store_true", help="as short as can be: to see that it works")
    p.add_argument("--only", metavar="LIST", help="these rows, by name or kind, with commas between (--list)")
    p.add_argument("--peers", metavar="LIST", help="beside these libraries only")
    p.add_argument("--json", metavar="FILE", type=Path, help="write the figures there (build/bench/bench.json)")
    p.add_argument("--list", action="store_true", help="say what rows and libraries there are")
    p.add_argument("--figures", action="store_true", help="print the figures themselves too")
    p.add_argument("--compare", metavar="REV", help="the engine of another revision instead of other libraries")
    p.add_argument("--docs", action="store_true", help="put tables and plot into docs/performance.md")
    return p.parse_args(arguments)


def alone(command):
    """On one processor, where that can be had."""
    if shutil.which("taskset") is None:
        return command
    return ["taskset", "-c", str(max(os.sched_getaffinity(0))), *map(str, command)]


def machine():
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    return f"{model}, {os.cpu_count()} processors, {os.uname().machine}"


def measure(o, programs, json_file, more):
    command = [programs / "bench", "--json", json_file, *more]
    if o.quick:
        command += ["--quick"]
    elif o.seconds is not None:
        command += ["--seconds", str(o.seconds)]
    if o.only:
        command += ["--only", o.only]
    subprocess.run(alone(command), check=True)
    return json.loads(Path(json_file).read_text())


def instructions(o, counted):
    """Rows like the others, one for each side; `counted` has (program, peer, name)."""
    there = [c for c in counted if c[0].exists()]
    if (o.only and "instructions" not in o.only.split(",")) or not there or shutil.which("valgrind") is None:
        return []
    rows = []
    for side, name in ("server", "instructions"), ("client", "instructions-client"):
        results = []
        for program, peer, who in there:
            print(f"bench: instructions: {side} of {who}", file=sys.stderr)
            counts = callgrind.count(program, peer, side, 2 if o.quick else callgrind.HANDSHAKES)
            results.append({**counts, "who": who})
        rows.append({"kind": "instructions", "name": name, "title": f"{side}, X25519, ECDSA P-256", "unit": "instructions",
                     "results": results})
    return rows


def only_program(o):
    """What of --only is for the program, which does not count instructions."""
    names = [n for n in (o.only or "").split(",") if n and n != "instructions"]
    return not o.only or names


def gather(o, json_file, more, counted):
    """All figures of a run."""
    run = {"version": 1, "seconds": 0, "libraries": {}, "rows": []}
    if only_program(o):
        run = measure(o, PROGRAMS, json_file, more)
    run["rows"] += instructions(o, counted)
    run["date"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    run["machine"] = machine()
    run["commit"] = compare.git("rev-parse", "HEAD")
    run["dirty"] = compare.dirty()
    Path(json_file).write_text(json.dumps(run, indent=1) + "\n")
    return run


def beside_peers(o):
    json_file = o.json or ROOT / "build" / "bench" / "bench.json"
    more = ["--peers", o.peers] if o.peers is not None else []
    run = gather(o, json_file, more, [(PROGRAMS / "count", "lockstep", "lockstep"),
                                      (PROGRAMS / "count", "libssl", "libssl")])
    print(tables.header(run) + "\n\n" + tables.ratios(run))
    for kind in ("handshake", "bulk", "chain", "memory", "instructions") if o.figures else ():
        if any(r["kind"] == kind for r in run["rows"]):
            print("\n" + tables.figures(run, kind))
    missed, n = tables.missed(run)
    print(f"\n{n - len(missed)} of {n} marks reached" + "".join(f"\n- not: {line}" for line in missed))
    print(f"bench: the figures are in {json_file}", file=sys.stderr)
    if o.docs:
        page.fill(run)
    return 0


def beside_revision(o):
    commit = compare.resolve(o.compare)
    name = compare.short(commit)
    if commit == compare.git("rev-parse", "HEAD") and not compare.dirty():
        print("bench: that is the revision that is here; the differences are noise", file=sys.stderr)
    print(f"bench: building the engine of {name}", file=sys.stderr)
    try:
        built = compare.build(commit)
        run = gather(o, o.json or ROOT / "build" / "bench" / "compare.json",
                     ["--peers", "lockstep", "--with", str(built / "libother.so"), name],
                     [(PROGRAMS / "count", "lockstep", "lockstep"), (built / "count_other", "lockstep", name)])
    finally:
        compare.remove()
    print(tables.header(run) + "\n\n" + tables.compared(run, name))
    return 0


def main(arguments):
    o = options(arguments)
    if o.list:
        return subprocess.run([PROGRAMS / "bench", "--list"]).returncode
    if o.docs and (o.compare or o.only or o.quick or o.peers):
        raise compare.Problem("--docs is for a whole run")
    return beside_revision(o) if o.compare else beside_peers(o)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except compare.Problem as problem:
        print(f"bench: {problem}", file=sys.stderr)
        sys.exit(2)
    except subprocess.CalledProcessError as problem:
        print(f"bench: {Path(str(problem.cmd[0])).name} has failed", file=sys.stderr)
        sys.exit(problem.returncode or 1)
