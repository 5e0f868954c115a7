#!/usr/bin/env python3
"""Fills the figures of docs/eighty-milliseconds.md from what `lockstep walk` measures.

    docs/figures.py [--check] [LOCKSTEP]

A figure stands between <!--NAME--> and <!--/-->. --check changes nothing and compares those that do not depend on the
machine: exact ones, and sizes with signatures in them, whose lengths differ by a few bytes from one time to the next.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "eighty-milliseconds.md"
MARK = re.compile(r"(<!--([a-z0-9-]+)-->)(.*?)(<!--/-->)")

RTT_MS = 26  # of the story: a server some 2,500 km away by cable
KINDS = ["1.3", "1.2", "rsa", "resume", "0rtt"]
RUNS = 7     # the quickest of so many: what the computation takes, not what else the machine does
CLOSE = 60   # bytes by which sizes with signatures in them may differ


class About(int):
    """A number of bytes that is not the same each time."""


class Time(float):
    """Depends on the machine."""


def walks(lockstep):
    out = subprocess.run([lockstep, "walk", "--compare", ",".join(KINDS), "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(out.stdout)


def size(hex):
    return len(hex) // 2


def sent(walk, side):
    return sum(size(r["bytes"]) for r in walk["records"] if r["from"] == side)


def computing(walk):
    return (walk["time"]["client_us"] + walk["time"]["server_us"]) / 1000


def message(walk, name):
    return next(s for s in walk["steps"] if s["name"] == name and s["layer"] == "handshake")


def field(step, name):
    return next(f for f in step["fields"] if f["name"] == name)


def share(step, group):
    """The bytes of one public key in ClientHello or ServerHello, named by its group."""
    fields = step["fields"]
    at = next(i for i, f in enumerate(fields) if f["name"] == "group" and f.get("value", "").startswith(group))
    return next(f for f in fields[at:] if f["name"] == "key_exchange")["length"] - 2


def figures(lockstep, times=True):
    runs = [walks(lockstep) for _ in range(RUNS if times else 1)]
    w = runs[0]["1.3"]
    hello, answer = message(w, "ClientHello"), message(w, "ServerHello")
    keys = [s for s in w["steps"] if s["layer"] == "key"]
    chain = next(s for s in w["steps"] if s["name"] == "certificate chain")
    best = {k: min(computing(run[k]) for run in runs) for k in KINDS}
    first = {k: Time((w[k]["time"]["round_trips"] + 2) * RTT_MS + best[k]) for w in runs[:1] for k in KINDS}
    out = {
        "rtt": RTT_MS,
        "hello": size(hello["bytes"]), "hello-share": share(hello, "X25519MLKEM768"),
        "hello-extensions": sum(1 for f in hello["fields"] if f["depth"] == 2 and
                                f["offset"] > field(hello, "extensions")["offset"]),
        "answer": size(answer["bytes"]), "answer-share": share(answer, "X25519MLKEM768"),
        "certificate": About(size(message(w, "CompressedCertificate")["bytes"])),
        "signature": About(size(message(w, "CertificateVerify")["bytes"])),
        "finished": size(message(w, "Finished")["bytes"]),
        "steps": len(w["steps"]), "checks": len(chain["checks"]),
        "secrets-first": len(keys[0]["secrets"]), "secrets-second": len(keys[1]["secrets"]),
        "shared": size(next(s["value"] for s in keys[0]["secrets"] if s["name"] == "(EC)DHE shared secret")),
        "computing": Time(best["1.3"]), "total": Time(round(first["1.3"])),
        "network": 3 * RTT_MS,
    }
    for k in KINDS:
        name = k.replace(".", "")
        walk = runs[0][k]
        out[f"{name}-trips"] = walk["time"]["round_trips"]
        out[f"{name}-client"] = About(sent(walk, "client"))
        out[f"{name}-server"] = About(sent(walk, "server"))
        out[f"{name}-computing"] = Time(best[k])
        out[f"{name}-first"] = first[k]
    return out


def shown(value):
    if isinstance(value, About):
        return f"about {round(value, -1):,}"
    if isinstance(value, Time):
        return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
    return f"{value:,}"


def agrees(text, value):
    if isinstance(value, Time):
        return re.fullmatch(r"\d+(\.\d)?", text) is not None
    if isinstance(value, About):
        found = re.fullmatch(r"about ([\d,]+)", text)
        return found is not None and abs(int(found[1].replace(",", "")) - value) <= CLOSE
    return text == shown(value)


def main(arguments):
    check = "--check" in arguments
    rest = [a for a in arguments if a != "--check"]
    text, all = GUIDE.read_text(), figures(rest[0] if rest else str(ROOT / "build" / "lockstep"), not check)
    marks = MARK.findall(text)
    wrong = [f"{name}: there is no such figure" for _, name, _, _ in marks if name not in all]
    wrong += [f"{name} stands nowhere" for name in all if name not in {m[1] for m in marks}]
    if check:
        wrong += [f"{name}: the guide says {old}, the tool {shown(all[name])}"
                  for _, name, old, _ in marks if name in all and not agrees(old, all[name])]
    elif not wrong:
        GUIDE.write_text(MARK.sub(lambda m: m[1] + shown(all[m[2]]) + m[4], text))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
