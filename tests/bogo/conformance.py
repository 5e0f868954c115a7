#!/usr/bin/python3
"""Runs BoringSSL's TLS test runner against the shim and says how it went.

    conformance.py RUNNER RUNNER_DIR SHIM [--test PATTERNS] [--recheck] [--log FILE]

skipped.txt says which tests are not run, and why; answers.txt, where the engine refuses what it
must with another alert than the runner wants, and why that is right. A test that the shim cannot do
and that is not in skipped.txt has failed.
"""
import argparse
import collections
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
RESULT = re.compile(r"^(PASSED|FAILED|UNIMPLEMENTED) \((.*)\)$")
# Older runners write "local error '...'", newer ones "local: "...""; ours comes first on stderr.
LOCAL = re.compile(r"""local error '(.*?)', child|^\tlocal: "(.*)"$""", re.M)
STATUS = re.compile(r"stderr:\n\s*([A-Z][A-Z0-9_]+) \d+")
OTHER_ERROR = ("unexpected error", "bad error")
OTHER_PROTOCOLS = re.compile(r"(^|-)(DTLS|QUIC)|DTLS|(^|-)(SSL3|TLS1|TLS11)(-|$)")


def entries(name):
    """Yields (reason, words) of a list: lines ": reason", each followed by its entries."""
    reason = None
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith(": "):
            reason = line[2:].strip()
        elif line.strip() and not line.startswith("#"):
            if reason is None:
                sys.exit(f"{name}: {line!r} has no reason")
            yield reason, line.split(None, 2)


def is_old(runner):
    """Does the runner date from before it made its certificates itself?"""
    text = subprocess.run([runner, "-help"], capture_output=True, text=True, check=False).stderr
    return "-resource-dir" in text


class Skips:
    """What is not run: reasons by pattern, and the names for which the patterns do not hold."""

    def __init__(self, old):
        self.reasons, self.but = load_skips(old)

    def reason(self, name):
        if any(fnmatch.fnmatchcase(name, p) for p in self.but):
            return None
        return next((r for p, r in self.reasons.items() if fnmatch.fnmatchcase(name, p)), None)

    def for_runner(self, names):
        """The same in the runner's words, which has no exceptions."""
        disabled = {}
        for pattern, reason in self.reasons.items():
            found = fnmatch.filter(names, pattern)
            left = [n for n in found if self.reason(n)]
            disabled.update({p: reason for p in ([pattern] if left == found else left)})
        return disabled


def load_skips(old):
    skips, but = {}, [words[0] for _, words in entries("run.txt")]
    for name in ("skipped.txt", "pending.txt"):
        if not (HERE / name).exists():
            continue
        for reason, words in entries(name):
            if words[0] in skips:
                sys.exit(f"{name}: {words[0]} is there twice")
            if words[1:] != ["old"] or old:
                skips[words[0]] = reason
    return skips, but


def load_answers():
    return [(words[0], words[1], words[2], reason) for reason, words in entries("answers.txt")]


class Runner:
    def __init__(self, args):
        self.args = args

    def start(self, config, *more, **env):
        command = [self.args.runner, "-test.timeout=0", "-pipe", "-allow-unimplemented",
                   "-shim-path", os.path.abspath(self.args.shim), "-shim-config", config,
                   "-idle-timeout", "15s", "-num-workers", str(2 * (os.cpu_count() or 1)), *more]
        return subprocess.Popen(command, cwd=self.args.directory, text=True, errors="replace",
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, env={**os.environ, **env})

    def names(self, config):
        """All tests that the runner has: with a shim that does none of them, it names them."""
        process = self.start(config, BOGO_NAME_TESTS="1")
        found = [m.group(2) for m in map(RESULT.match, process.stdout) if m]
        process.wait()
        return found

    def run(self, config, total):
        """Yields (result, name, text of the failure)."""
        more = ["-test", self.args.test] if self.args.test else []
        if self.args.recheck:
            more.append("-include-disabled")
        process = self.start(config, *more)
        pending, done = None, 0
        with open(self.args.log, "w", encoding="utf-8") as log:
            for line in process.stdout:
                log.write(line)
                match = RESULT.match(line)
                if not match:
                    if pending:
                        pending[2].append(line)
                    continue
                if pending:
                    yield pending[0], pending[1], "".join(pending[2])
                pending = (match.group(1), match.group(2), [])
                done += 1
                progress(done, total)
        if pending:
            yield pending[0], pending[1], "".join(pending[2])
        process.wait()


def progress(done, total):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done}/{total} " + ("\n" if done == total else ""))
    elif done % 1000 == 0:
        sys.stderr.write(f"{done}/{total}\n")


def answered(answers, name, text):
    """The entry of answers.txt by which this failure is our own answer, or None."""
    local, status = LOCAL.search(text), STATUS.search(text)
    if not text.startswith(OTHER_ERROR) or not local or not status:
        return None
    heard = local.group(1) or local.group(2)
    for i, (pattern, want, alert, _) in enumerate(answers):
        if fnmatch.fnmatchcase(name, pattern) and want == status.group(1) and alert == heard:
            return i
    return None


def judge(runner, skips, answers, config, names):
    wanted = [n for n in names if runner.args.recheck or not skips.reason(n)]
    passed, own, bad = set(), collections.Counter(), []
    for result, name, text in runner.run(config, len(wanted)):
        used = answered(answers, name, text) if result == "FAILED" else None
        if result == "PASSED":
            passed.add(name)
        elif used is not None:
            passed.add(name)
            own[used] += 1
        else:
            bad.append((name, text if result == "FAILED" else "not implemented, and not listed\n"))
    return passed, own, bad


def report(args, names, skips, answers, passed, own, bad):
    by_reason = collections.Counter(r for r in (skips.reason(n) for n in names) if r)
    for name, text in bad:
        print(f"FAILED {name}\n    " + text.strip().replace("\n", "\n    "))
    print(f"\n{sum(own.values())} refused with another alert than the runner's, by reason:")
    reasons = collections.Counter()
    for i, n in own.items():
        reasons[answers[i][3]] += n
    for reason, n in reasons.most_common():
        print(f"{n:6}  {reason}")
    print(f"\n{sum(by_reason.values())} skipped, by reason:")
    for reason, n in by_reason.most_common():
        print(f"{n:6}  {reason}")
    stale = [p for p in [*skips.reasons, *skips.but] if not fnmatch.filter(names, p)]
    stale += [a[0] + " (answers.txt)" for i, a in enumerate(answers) if i not in own]
    if stale and not args.test:
        print(f"\n{len(stale)} patterns match nothing in this runner (another may have them)"
              + (": " + " ".join(stale) if args.recheck else "; --recheck names them"))
    streams = [n for n in names if not OTHER_PROTOCOLS.search(n)]
    ran = sum(1 for n in streams if not skips.reason(n))
    print(f"\nof {len(names)} tests {len(streams)} are not named for DTLS, QUIC or versions before "
          f"TLS 1.2; {ran} of those run")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runner")
    parser.add_argument("directory")
    parser.add_argument("shim")
    parser.add_argument("--test", help="only tests of these patterns (a;b)")
    parser.add_argument("--recheck", action="store_true",
                        help="run what skipped.txt lists too, and name those that pass")
    parser.add_argument("--log", default="build/bogo/log", help="the runner's own output")
    args = parser.parse_args()
    args.log, args.runner = os.path.abspath(args.log), os.path.abspath(args.runner)
    skips, answers, runner = Skips(is_old(args.runner)), load_answers(), Runner(args)
    with tempfile.TemporaryDirectory() as scratch:
        everything, config = f"{scratch}/everything.json", f"{scratch}/config.json"
        # Runners of before 2023 ask for "all" groups of their own choice otherwise.
        settings = {"HalfRTTTickets": 0, "AllCurves": [0x1D, 0x17, 0x18, 0x19]}
        pathlib.Path(everything).write_text(json.dumps(settings), encoding="utf-8")
        names = runner.names(everything)
        settings["DisabledTests"] = skips.for_runner(names)
        pathlib.Path(config).write_text(json.dumps(settings), encoding="utf-8")
        if args.test:
            names = [n for n in names
                     if any(fnmatch.fnmatchcase(n, p) for p in args.test.split(";"))]
        passed, own, bad = judge(runner, skips, answers, config, names)
    if args.recheck:
        again = sorted(n for n in passed if skips.reason(n))
        print(f"{len(again)} of those skipped pass:")
        for name in again:
            print(f"    {name}    ({skips.reason(name)})")
        return 0
    report(args, names, skips, answers, passed, own, bad)
    num_skipped = sum(1 for n in names if skips.reason(n))
    lost = len(names) - len(passed) - len(bad) - num_skipped
    if lost:
        print(f"{lost} tests gave no result; the runner's output is in {args.log}")
    print(f"{len(passed)} passed, {len(bad) + max(lost, 0)} failed, {num_skipped} skipped")
    return 0 if passed and not bad and not lost else 1


if __name__ == "__main__":
    sys.exit(main())
