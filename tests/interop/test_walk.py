"""`lockstep walk --demo`: every value that is shown is computed again, by others than us."""
import html.parser
import json
import re
import subprocess

import pytest

from kit import LOCKSTEP, clean_env, run, tool
from walk_keys import schedule
from walk_schema import FAULT, described, fits, keeps_promises, named_secrets

KINDS = {"1.3": [], "resumed": ["--resume"], "0-RTT": ["--early-data"], "1.2": ["--tls", "1.2"],
         "1.2 resumed": ["--tls", "1.2", "--resume"], "RSA": ["--kex", "rsa", "--tls", "1.2"]}
FAULTS = json.loads(subprocess.run([str(LOCKSTEP), "walk", "--faults", "--json"], stdout=subprocess.PIPE,
                                   env=clean_env("/nonexistent")).stdout or b'{"faults": []}')["faults"]


@pytest.fixture(scope="module")
def demo(shared):
    """Walks of the demonstration as JSON, each made once."""
    made = {}

    def walk(*args):
        if args not in made:
            r = shared.lockstep("walk", "--demo", "--json", *args)
            assert r.rc == 0 and r.err == "", r
            made[args] = json.loads(r.out)
        return made[args]

    return walk


def of_kind(demo, kind):
    return demo(*KINDS[kind])


# ---- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_recomputed(demo, kind):
    """The key schedule, keys and IVs, both Finished, the binder, and every record, by hashlib and libcrypto."""
    walk = of_kind(demo, kind)
    assert walk["outcome"] == "established" and walk["failure"] is None and walk["lost"] == 0
    s = schedule(walk)
    secrets, records = s.check()
    assert s.confirmed == {"client", "server"}
    assert secrets >= (15 if walk["tls"] == "1.3" else 5) and records >= 6
    assert records == sum(r["encrypted"] for r in walk["records"])
    assert getattr(s, "bound", False) == (kind in ("resumed", "0-RTT"))
    assert walk["resumed"] == (kind in ("resumed", "0-RTT", "1.2 resumed"))
    assert walk["early_data"] == ("accepted" if kind == "0-RTT" else None)


@pytest.mark.parametrize("kind", ["1.3", "1.2"])
def test_signature(demo, shared, kind):
    """What the server signed verifies with the key in the certificate shown, by OpenSSL."""
    walk = of_kind(demo, kind)
    content, signature, scheme = schedule(walk).signed_by_server()
    assert scheme == 0x0403 and walk["signature"] == "ecdsa_secp256r1_sha256"
    files = {n: shared.dir / f"signed.{n}" for n in ("der", "pub", "content", "signature")}
    files["der"].write_bytes(bytes.fromhex(walk["certificates"][0]["der"]))
    r = run(["openssl", "x509", "-inform", "DER", "-in", files["der"], "-pubkey", "-noout"], shared.env)
    files["pub"].write_text(r.out)
    files["content"].write_bytes(content)
    files["signature"].write_bytes(signature)
    r = run(["openssl", "dgst", "-sha256", "-verify", files["pub"], "-signature", files["signature"], files["content"]],
            shared.env)
    assert "Verified OK" in r.out, r


@pytest.mark.parametrize("change", ["secret", "record", "plain", "message", "sequence"])
def test_changed_values_are_noticed(demo, change):
    """The test above is worth something: any value that is another fails it."""
    walk = json.loads(json.dumps(of_kind(demo, "1.3")))

    def flip(object, name):
        last = object[name][-1]
        object[name] = object[name][:-1] + ("0" if last != "0" else "1")

    encrypted = next(r for r in walk["records"] if r["encrypted"])
    if change == "secret":
        flip(next(s for s in walk["steps"] if s["layer"] == "key")["secrets"][-1], "value")
    elif change == "record":
        flip(encrypted, "bytes")
    elif change == "plain":
        flip(encrypted, "plain")
    elif change == "message":
        flip(next(s for s in walk["steps"] if s["name"] == "EncryptedExtensions"), "bytes")
    else:
        encrypted["sequence"] += 1
    with pytest.raises(AssertionError):
        schedule(walk).check()


def test_two_walks_share_no_secret(demo):
    a, b = (schedule(demo(*args)) for args in ([], ["--resume"]))
    assert not {v for vs in a.secrets.values() for v in vs} & {v for vs in b.secrets.values() for v in vs}


# ---- the JSON is as the document says -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_json(demo, kind):
    walk = of_kind(demo, kind)
    keeps_promises(walk)
    known = named_secrets()
    for step in walk["steps"]:
        for secret in step.get("secrets", ()):
            assert (secret["name"], walk["tls"]) in known, secret["name"]
            assert not re.search(r"%|\(null\)", secret["how"])
            assert set(secret["from"]) <= {n for n, v in known if v == walk["tls"]}
    assert walk["time"]["round_trips"] == {"1.3": 1, "resumed": 1, "0-RTT": 0, "1.2": 2, "1.2 resumed": 1, "RSA": 2}[kind]


def test_document_and_tables_agree():
    there, here = described()
    assert not here - there, f"not in docs/walk-json.md: {here - there}"


def test_secrets_come_from_secrets_shown_before(demo):
    """What a secret is said to come from has been shown above it."""
    for kind in KINDS:
        shown = set()
        for step in of_kind(demo, kind)["steps"]:
            for secret in step.get("secrets", ()):
                assert set(secret["from"]) <= shown, (kind, secret["name"], secret["from"])
                shown.add(secret["name"])
                assert secret["at"] in (["client"], ["server"], ["client", "server"], ["server", "client"])


# ---- faults -------------------------------------------------------------------------------------------


def test_list_of_faults(shared):
    assert len(FAULTS) >= 36 and len({f["name"] for f in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        fits(fault, FAULT, fault["name"])
    r = shared.lockstep("walk", "--faults")
    assert r.rc == 0 and [line.split()[0] for line in r.out.splitlines()] == [f["name"] for f in FAULTS]
    assert all(len(line) <= 100 for line in r.out.splitlines())


def alerts(walk, side):
    return [s["alert"] for s in walk["steps"] if s["name"] == "alert" and s["from"] == side and s["alert"] != 0]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f["name"])
def test_fault(demo, fault):
    """It ends in the step, at the side, by the alert and status of the table, and the alert is on the wire."""
    walk = demo("--fault", fault["name"])
    keeps_promises(walk)
    assert walk["title"] == fault["title"]
    if fault["status"] == "OK":
        assert walk["failure"] is None and any(s["name"] == fault["step"] for s in walk["steps"])
        return
    failure = walk["failure"]
    assert walk["outcome"] == "aborted"
    assert (failure["at"], failure["status"]) == (fault["at"], fault["status"])
    assert (failure["alert"], failure["alert_name"]) == (fault["alert"], fault["alert_name"])
    step = walk["steps"][failure["step"] - 1]
    assert (step["name"], step["layer"], step["from"], step["passed"]) == (fault["step"], "check", fault["at"], False)
    assert [c["status"] for c in step["checks"] if not c["passed"]][-1:] == [fault["status"]] or not step["checks"]
    assert alerts(walk, fault["at"]) == ([] if fault["alert"] is None else [fault["alert"]])
    if fault["alert"] is not None:
        said = [s for s in walk["steps"] if s["name"] == "alert" and s["from"] == fault["at"] and s["alert"] != 0][0]
        assert said["n"] > step["n"] and said["bytes"] == f"02{fault['alert']:02x}"
        row = walk["records"][said["records"][0]]
        assert row["inner_type"] == 21 and row["plain"] == said["bytes"] and row["from"] == fault["at"]


# In these an end says one thing and sends another, or there are no keys yet.
UNTRUE = {"missing-verify", "compression-bomb", "tampered-finished", "no-common-suite", "no-common-protocol"}


@pytest.mark.parametrize("fault", [f for f in FAULTS if f["kind"] != "wire" and f["name"] not in UNTRUE],
                         ids=lambda f: f["name"])
def test_faulty_walks_are_recomputed_too(demo, fault):
    """A refused handshake shows true values as well (those whose messages nobody changed on the way)."""
    walk = demo("--fault", fault["name"])
    s = schedule(walk)
    secrets, records = s.check()
    assert secrets and records and s.confirmed >= {"server"}


# ---- exports ------------------------------------------------------------------------------------------


def tshark(path, env, *fields):
    if not tool("tshark"):
        pytest.skip("tshark is not installed")
    r = run(["tshark", "-r", path, "-T", "fields", *(a for f in fields for a in ("-e", f))], env)
    assert r.rc == 0, r
    return r.out


def types_by_tshark(path, env):
    return [int(n) for n in re.findall(r"\d+", tshark(path, env, "tls.handshake.type"))]


def tshark_agrees(path, env, walk):
    """Does tshark find the same messages? Version 4.4 opens the records of TLS 1.2 and shows application data, and
    calls Finished an Encrypted Handshake Message all the same."""
    found, expected = types_by_tshark(path, env), types_of(walk)
    if walk["tls"] == "1.2" and 20 not in found:
        assert tshark(path, env, "_ws.col.Info").count("Encrypted Handshake Message") == expected.count(20)
        expected = [n for n in expected if n != 20]
    assert found == expected
    return True


def types_of(walk):
    return [int(s["bytes"][:2], 16) for s in walk["steps"] if s["layer"] == "handshake" and len(s["bytes"]) >= 8]


@pytest.mark.parametrize("kind", KINDS)
def test_pcapng(shared, kind):
    """tshark decrypts the capture by the secrets inside, and finds the same handshake."""
    path, page = shared.dir / "walk.pcapng", shared.dir / "walk.json"
    r = shared.lockstep("walk", "--demo", *KINDS[kind], "--pcapng", path, "--json")
    assert r.rc == 0 and path.stat().st_mode & 0o077 == 0, r
    walk = json.loads(r.out)
    page.write_text(r.out)
    assert tshark_agrees(path, shared.env, walk)
    assert "/padlock" in tshark(path, shared.env, "http.request.uri")
    assert "Close Notify" in tshark(path, shared.env, "_ws.col.Info")


class Page(html.parser.HTMLParser):
    """Reads a page, holds that every element is closed, and keeps what could fetch or run."""

    VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.active, self.text = [], set(), [], ""
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.active += [f"{tag} {n}" for n, v in attributes if n.startswith("on") or n in ("src", "srcset", "action")
                        or n == "href" and not v.startswith("#")]
        if tag in ("script", "iframe", "object", "embed", "base"):
            self.active.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("args", [[], ["--fault", "expired"], ["--tls", "1.2"], ["--fault", "stolen-key-rsa"]],
                         ids=" ".join)
def test_html(shared, demo, args):
    path = shared.dir / "walk.html"
    r = shared.lockstep("walk", "--demo", *args, "--html", path)
    assert r.rc == 0 and r.all == "" and path.stat().st_mode & 0o077 == 0, r
    text = path.read_text()
    page = Page(text)
    assert page.active == [] and not re.search(r"https?://|@import|url\(", text)
    for step in demo(*args)["steps"]:
        assert step["title"] in page.text and step["name"] in page.text
    if args[:1] == ["--fault"] and args[1] == "expired":
        assert "certificate_expired" in page.text


# ---- side by side -------------------------------------------------------------------------------------


def test_compare(shared):
    kinds = ["1.3", "1.2", "rsa", "resume", "0rtt"]
    r = shared.lockstep("walk", "--compare", ",".join(kinds), "--json")
    all = json.loads(r.out)
    assert r.rc == 0 and list(all) == kinds
    for walk in all.values():
        keeps_promises(walk)
        schedule(walk).check()
    assert [w["time"]["round_trips"] for w in all.values()] == [1, 2, 2, 1, 0]
    r = shared.lockstep("walk", "--compare", ",".join(kinds))
    rows = {line[:26].strip(): line[26:] for line in r.out.splitlines()}
    assert rows[""].split() == kinds and all_short(r.out)
    assert rows["round trips before asking"].split() == ["1", "2", "2", "1", "0"]
    assert rows["and with TCP"].split() == ["2", "3", "3", "2", "1"]
    assert rows["certificate hidden"].split() == ["yes", "no", "no", "yes", "yes"]
    assert rows["forward secrecy"].split()[:3] == ["yes", "yes", "no"]


def all_short(text):
    return all(len(line) <= 100 for line in text.splitlines())


@pytest.mark.parametrize("list, wrong", [("1.3,9", "knows 1.3"), ("", ""), ("1.3,,1.2", "knows"),
                                         ("1.3," * 6, "up to five"), ("x" * 200, "up to five")])
def test_compare_refuses(shared, list, wrong):
    r = shared.lockstep("walk", "--compare", list)
    assert r.rc == 2 and r.out == "" and wrong in r.err, r
