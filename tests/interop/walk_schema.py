"""What docs/walk-json.md promises, as a table, and whether a walk keeps it."""
import re

from kit import ROOT

DOC = ROOT / "docs" / "walk-json.md"

hexadecimal = re.compile(r"(?:[0-9a-f]{2})*\Z").match
NONE = type(None)
SIDE = {"client", "server"}

# Name: (kinds or values, must it be there).
FIELD = {"name": (str, True), "offset": (int, True), "length": (int, True), "depth": (int, True),
         "value": (str, False), "text": (str, False)}
RECORD = {"from": (SIDE, True), "type": (int, True), "inner_type": (int, False), "encrypted": (bool, True),
          "bytes": (hexadecimal, True), "plain": (hexadecimal, False), "secret": (str, False),
          "sequence": (int, False), "us": (int, True),
          "fate": ({"delivered", "changed", "dropped", "added", "repeated"}, True)}
CHOICE = {"by": (SIDE, True), "title": (str, True), "text": (str, True), "rule": (str, True)}
SECRET = {"name": (str, True), "label": ((str, NONE), True), "value": (hexadecimal, True), "at": ([SIDE], True),
          "from": ([str], True), "how": (str, True), "text": (str, True), "rule": (str, True), "again": (bool, False)}
CHECK = {"name": (str, True), "depth": (int, True), "subject": (str, True), "compared": (str, True),
         "rule": (str, True), "passed": (bool, True), "status": (str, True)}
STEP = {"n": (int, True), "from": (SIDE | {"wire"}, True), "layer": ({"record", "handshake", "check", "key"}, True),
        "name": (str, True), "title": (str, True), "text": (str, True), "rule": (str, True),
        "encrypted": (bool, True), "eavesdropper": (str, True), "bytes": (hexadecimal, False),
        "fields": ([FIELD], False), "records": ([int], False), "choices": ([CHOICE], False),
        "secrets": ([SECRET], False), "checks": ([CHECK], False), "passed": (bool, False), "alert": (int, False),
        "alert_name": (str, False), "changed": (bool, False), "to": (SIDE, False), "us": (int, True)}
CERTIFICATE = {"depth": (int, True), "subject": (str, True), "issuer": (str, True), "not_before": (str, True),
               "not_after": (str, True), "key": (str, True), "names": ([str], True), "ca": (bool, True), "der": (hexadecimal, True),
               "fields": ([FIELD], True)}
END = {"name": (str, True), "watched": (bool, True)}
FAILURE = {"at": (SIDE, True), "step": (int, True), "status": (str, True), "number": (int, True),
           "alert": ((int, NONE), True), "alert_name": ((str, NONE), True), "rule": (str, True),
           "detail": (str, True), "sentence": (str, True)}
TIME = {"total_us": (int, True), "rtt_us": ((int, NONE), True), "round_trips": (int, True),
        "network_us": ((int, NONE), True), "client_us": ((int, NONE), True), "server_us": ((int, NONE), True)}
WALK = {"version": ({1}, True), "title": (str, True), "outcome": ({"established", "aborted"}, True),
        "tls": ({"1.2", "1.3", None}, True), "suite": ((str, NONE), True), "group": ((str, NONE), True),
        "signature": ((str, NONE), True), "alpn": ((str, NONE), True), "server_name": ((str, NONE), True),
        "resumed": (bool, True), "retried": (bool, True), "early_data": ({None, "accepted", "rejected"}, True),
        "ech": ({None, "accepted", "rejected"}, True), "sides": ({"client": (END, True), "server": (END, True)}, True),
        "failure": ((FAILURE, NONE), True), "time": (TIME, True), "began_us": (int, True), "records": ([RECORD], True),
        "steps": ([STEP], True), "certificates": ([CERTIFICATE], True), "lost": (int, True)}
FAULT = {"name": (str, True), "kind": ({"certificate", "peer", "wire"}, True), "title": (str, True),
         "line": (str, True), "version": ({"1.2", "1.3"}, True), "at": (SIDE, True), "step": (str, True),
         "status": (str, True), "alert": ((int, NONE), True), "alert_name": ((str, NONE), True), "browser": (str, True),
         "browser_alert": ((int, NONE), True), "firefox_alert": ((int, NONE), True), "person": (str, True)}


def fits(value, kind, path):
    """Asserts that a value is of a kind: a type, a tuple of kinds, a set of values, [kind], a table, a test."""
    if isinstance(kind, tuple):
        if value is None and NONE in kind:
            return
        kind = kind[0]
    if isinstance(kind, dict):
        assert isinstance(value, dict), f"{path}: {value!r}"
        assert not set(value) - set(kind), f"{path} has what is not described: {set(value) - set(kind)}"
        for name, (inner, must) in kind.items():
            assert name in value or not must, f"{path}.{name} is missing"
            if name in value:
                fits(value[name], inner, f"{path}.{name}")
    elif isinstance(kind, list):
        assert isinstance(value, list), f"{path}: {value!r}"
        for i, one in enumerate(value):
            fits(one, kind[0], f"{path}[{i}]")
    elif isinstance(kind, set):
        assert value in kind, f"{path}: {value!r}"
    elif isinstance(kind, type):
        assert isinstance(value, kind) and (kind is bool or not isinstance(value, bool)), f"{path}: {value!r}"
        assert kind is not str or value.isprintable(), f"{path}: {value!r} is not printable"
        assert kind is not int or value >= 0 or path.endswith(".depth"), f"{path}: {value}"
    else:
        assert isinstance(value, str) and kind(value), f"{path}: {value!r}"


def tile(fields, size, path):
    """Every byte lies in exactly one leaf; what is deeper lies inside what it follows."""
    at = 0
    inside = []
    for i, f in enumerate(fields):
        while inside and inside[-1][0] >= f["depth"]:
            inside.pop()
        end = f["offset"] + f["length"]
        assert f["depth"] == len(inside) or (not inside and f["depth"] == 0), f"{path}[{i}]: depth"
        assert end <= (inside[-1][1] if inside else size), f"{path}[{i}] goes beyond what it is in"
        leaf = i + 1 == len(fields) or fields[i + 1]["depth"] <= f["depth"]
        if leaf and f["length"]:
            assert f["offset"] == at, f"{path}[{i}] begins at {f['offset']}, not {at}"
            at = end
        inside.append((f["depth"], end))
    assert at == size, f"{path}: {at} of {size} bytes have a field"


def keeps_promises(walk):
    """Asserts that a walk is as docs/walk-json.md says."""
    fits(walk, WALK, "walk")
    steps, records = walk["steps"], walk["records"]
    assert [s["n"] for s in steps] == list(range(1, len(steps) + 1))
    for s in steps:
        if "fields" in s:
            tile(s["fields"], len(s["bytes"]) // 2, f"step {s['n']}.fields")
        assert all(i < len(records) for i in s.get("records", ()))
        assert ("secrets" in s) == (s["layer"] == "key") and ("passed" in s) == (s["layer"] == "check"), s["n"]
        assert s["layer"] != "handshake" or "bytes" in s
        assert (s["from"] == "wire") <= (s["name"] == "wire") and ("alert" in s) == (s["name"] == "alert"), s["n"]
    for i, c in enumerate(walk["certificates"]):
        tile(c["fields"], len(c["der"]) // 2, f"certificate {i}.fields")
        assert c["depth"] == i
        for when in (c["not_before"], c["not_after"]):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", when), when
    names = {s["name"] for step in steps for s in step.get("secrets", ())}
    assert all(r["secret"] in names for r in records if "secret" in r)
    if walk["failure"]:
        step = walk["failure"]["step"]
        assert step <= len(steps) and walk["outcome"] == "aborted"


def described(text=None):
    """The names that the document has in its objects, and those of the tables here."""
    text = text or DOC.read_text()
    there = set(re.findall(r'"(\w+)":', text)) | set(re.findall(r"`(\w+)`", text))
    tables = [FIELD, RECORD, CHOICE, SECRET, CHECK, STEP, CERTIFICATE, END, FAILURE, TIME, WALK, FAULT]
    return there, {name for table in tables for name in table}


def named_secrets():
    """The secrets that the document's table names: pairs of name and version."""
    rows = re.findall(r"^\| (`.+?) \| (1\.[23]) \|", DOC.read_text(), re.M)
    return {(name, version) for names, version in rows for name in re.findall(r"`([^`…]+)`", names)}
