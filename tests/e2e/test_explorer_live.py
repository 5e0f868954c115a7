"""The explorer page as a person meets it, with everything that Chromium itself knows of the same connections beside it: DevTools,
its key log, its error pages. One browser visits several servers (live.mjs), and the tests look at what it wrote down."""
import base64
import collections
import contextlib
import json
import re
import shutil
import socket
import subprocess

import pytest

from fixtures import without_rights
from kit import LOCKSTEP, Listener, Response, Serve, connect, context, free_port, run, tool
from test_chromium import ARTEFACTS, HERE, WORK, driver  # noqa: F401 (used by pytest)

HOSTED_ERRORS = ("expired", "wrong-host", "self-signed", "unknown-ca", "revoked-ocsp")
SIGNATURES = {0x0403: "ecdsa_secp256r1_sha256", 0x0804: "rsa_pss_rsae_sha256"}
# DevTools' names of what the page calls by its name in the RFC
GROUPS = {"X25519MLKEM768": "X25519MLKEM768", "X25519": "x25519", "P-384": "secp384r1"}
# name: options of the server, and what has to come of them
SERVERS = {
    "fresh": ([], "1.3", None),
    "tls 1.2": (["--tls-max", "1.2"], "1.2", None),
    "rsa certificate": (["rsa"], "1.3", None),
    "tls 1.2 with rsa": (["rsa", "--tls-max", "1.2"], "1.2", None),
    "chacha20": (["--suites", "TLS_CHACHA20_POLY1305_SHA256"], "1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    "aes 256": (["--suites", "TLS_AES_256_GCM_SHA384"], "1.3", "TLS_AES_256_GCM_SHA384"),
    "retry": (["--groups", "secp384r1"], "1.3", None),
}
PARTS = ("stepping", "faults", "hosted", "hosts", "looks")
SHOWN = [*SERVERS, "fresh/again", "resumed", "resumed/again", "resumed 1.2", "resumed 1.2/again"]
# What this browser cannot do; nothing else may be left open.
NO_CHACHA = "has no ChaCha20-Poly1305"
BEYOND = "does not let pages undo brotli compression"


class Place:
    """A home whose CA this Chromium trusts, and the servers in it."""

    def __init__(self, bench):
        self.bench, self.servers = bench, {}
        assert self.ca("init").rc == 0
        self.ca("trust")
        assert self.ca("issue", "--key-type", "rsa", "--cert-file", "rsa.pem", "--key-file", "rsa.key", "localhost").rc == 0
        assert self.ca("issue", "--cert-file", "ec.pem", "--key-file", "ec.key", "localhost", "127.0.0.1").rc == 0
        self.root = self.ca("path").out.strip()
        for name, (options, _, _) in SERVERS.items():
            self.servers[name] = self.explorer(options)
        self.main = self.servers["fresh"]
        # A server keeps few recordings, so that each part of the visit has one of its own.
        self.parts = {part: f"https://localhost:{self.explorer([]).port}/" for part in PARTS}

    def ca(self, *args):
        return run([*self.bench.drop, self.bench.dir / "lockstep", "ca", *args], self.bench.env, cwd=self.bench.home)

    def explorer(self, options):
        pair = ["--cert", self.bench.home / "rsa.pem", "--key", self.bench.home / "rsa.key"] if "rsa" in options else []
        return self.bench.start([LOCKSTEP, "serve", "--explorer", "--listen", "127.0.0.1:0", *pair, *[o for o in options if o != "rsa"]],
                                Serve, env={**self.bench.env, "SSL_CERT_FILE": self.root}).ready()

    def table(self):
        r = run(["curl", "-s", "--cacert", self.root, f"https://localhost:{self.main.port}/-/faults"], self.bench.env)
        return {f["name"]: f for f in json.loads(r.out)["faults"]}


@pytest.fixture(scope="module")
def place(pki):
    with without_rights(pki) as bench:
        yield Place(bench)


@contextlib.contextmanager
def named_hosts(place):
    """Each with what the page has to say of it."""
    bench = place.bench
    trusted = bench.start(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", bench.home / "ec.pem", "-key", bench.home / "ec.key",
                           "-cert_chain", bench.home / "ec.pem", "-www"])
    trusted.port = int(trusted.wait_for(r"^ACCEPT [^\s]*:(\d+)$")[1])
    stranger = bench.s_server("-www")
    with Listener(lambda peer: (peer.recv(4096), peer.sendall(b"SSH-2.0-nothing\r\n"))) as plain, socket.create_server(("127.0.0.1", 0)) as mute:
        yield {
            f"127.0.0.1:{free_port()}": r"refused|cannot connect|connection",
            f"127.0.0.1:{plain.port}": r"does not speak TLS|not TLS|no TLS|record",
            f"127.0.0.1:{mute.getsockname()[1]}": r"time|answer",
            "nobody.invalid": r"nobody\.invalid|resolve|name",
            "a\tb\u0007.test": r"no host",
            "127.0.0.1:99999": r"no host|port",
            f"localhost:{trusted.port}": "established",
            f"localhost:{stranger.port}": "refused",
        }


@pytest.fixture(scope="module")
def live(place, driver):  # noqa: F811
    """What there was to see: the whole visit, once."""
    bench = place.bench
    shutil.copy(HERE / "live.mjs", WORK / "live.mjs")
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    keylog, plan = bench.home / "chromium.keys", bench.home / "plan.json"
    url = {name: f"https://localhost:{s.port}/" for name, s in place.servers.items()}
    with named_hosts(place) as hosts:
        looks = {host: want for host, want in hosts.items() if want in ("established", "refused")} | {next(iter(hosts)): "nobody"}
        plan.write_text(json.dumps({"keylog": str(keylog), "shots": str(ARTEFACTS), "servers": url, "parts": place.parts, "errors": HOSTED_ERRORS,
                                    "hosts": list(hosts), "looks": looks}))
        r = subprocess.run(["node", "--no-warnings", WORK / "live.mjs", plan], cwd=WORK, text=True, check=False, env=bench.env,
                           capture_output=True, timeout=300)
    assert r.returncode == 0, r.stderr[-6000:]
    seen = json.loads(r.stdout)
    (ARTEFACTS / "explorer-live.json").write_text(r.stdout)
    seen.update(keylog=set(keylog.read_text().splitlines()), table=place.table(), expected=hosts)
    return seen


def test_the_visit(live):
    assert live["errors"] == {}, "\n".join(live["errors"].values())


def one(live, name):
    of, _, which = name.partition("/")
    return live["own"][of][which or "first"]


def random_of(walk):
    """The client's random, by which key logs call a connection."""
    return next(s["bytes"] for s in walk["steps"] if s["name"] == "ClientHello")[12:76]


# ---- Its own handshake ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHOWN)
def test_own_by_devtools(live, name):
    """Version, suite, group, signature and certificate are what Chromium tells of the connection."""
    seen = one(live, name)
    told, own, facts = seen["devtools"], seen["own"], seen["facts"]
    assert told["state"] == "secure", told
    assert told["protocol"] == f"TLS {own['tls']}" == facts["Version"], facts
    cipher = re.sub(r"^TLS_(ECDHE_\w+_WITH_)?|_SHA\d+$", "", own["suite"])
    assert told["cipher"] == cipher and cipher.replace("_", " ") in facts["Encrypted with"], facts
    assert GROUPS[told["keyExchangeGroup"]] == own["group"] == facts["Keys agreed by"], facts
    assert (told["encryptedClientHello"], own["server_name"]) == (False, "localhost")
    version, suite = SERVERS.get(name.split("/")[0], ([], "1.2" if "1.2" in name else "1.3", None))[1:]
    assert own["tls"] == version and suite in (None, own["suite"]), own["suite"]
    assert own["resumed"] == (name in ("resumed/again", "resumed 1.2/again")) or name == "fresh/again"
    assert own["retried"] == (name == "retry")
    if not own["resumed"]:
        assert own["signature"] == SIGNATURES[told["serverSignatureAlgorithm"]] == facts["Server proved itself with"], facts
        assert ("rsa" in own["signature"]) == ("rsa" in name)
        chain = [base64.b64decode(c).hex() for c in told["chain"]]
        assert [c["der"] for c in own["certificates"]] == chain[:len(own["certificates"])] and own["certificates"], chain
        assert told["subjectName"] in own["certificates"][0]["subject"] + ",".join(own["certificates"][0]["names"])


@pytest.mark.parametrize("name", SHOWN)
def test_own_by_key_log(live, name):
    """Each secret that the page shows with a label stands in Chromium's key log, for this client random."""
    seen = one(live, name)
    random, labelled = random_of(seen["own"]), [s for s in seen["secrets"] if s["label"]]
    lines = {f"{s['label']} {random} {s['value']}" for s in labelled}
    assert lines <= live["keylog"], lines - live["keylog"]
    assert {s["label"] for s in labelled} == {line.split()[0] for line in live["keylog"] if line.split()[1] == random}
    assert {s["value"] for s in seen["secrets"]} == {s["value"] for step in seen["own"]["steps"] for s in step.get("secrets", [])}


@pytest.mark.parametrize("name", SHOWN)
def test_own_is_proved(live, name):
    """N of N checks done, N being no small number, and nothing left open but what this browser's WebCrypto does not have."""
    seen = one(live, name)
    good, total = re.fullmatch(r"(\d+) of (\d+) checks done by your browser", seen["proof"]).groups()
    assert good == total and seen["failed"] == [], seen["failed"]
    assert int(good) >= 10, seen["proof"]
    lacking = [x for x in seen["open"] if NO_CHACHA in x]  # Chromium has it since 2026
    assert not lacking or name == "chacha20", lacking
    rest = [x for x in seen["open"] if x not in lacking]
    assert all(BEYOND in x for x in rest) and len(rest) <= 1, rest
    assert "nothing was loaded from anywhere else" not in seen["says"] and "The server shows them to nobody else" in seen["says"]


def test_own_is_own(live):
    """Three pages at once, the third of them in the profile of the first: what each shows is the handshake of the connection over which
    Chromium says it came, and what is secret in one is nowhere in another."""
    pages = live["together"]
    randoms, connections = [random_of(p["own"]) for p in pages], [p["connection"] for p in pages]
    assert len({randoms[0], randoms[1]}) == 2
    for i, (page, random) in enumerate(zip(pages, randoms)):
        assert [r == random for r in randoms] == [c == connections[i] for c in connections], (randoms, connections)
        lines = {f"{s['label']} {random} {s['value']}" for s in page["secrets"] if s["label"]}
        assert len(lines) >= 4 and lines <= live["keylog"]
        for other, whose in zip(pages, randoms):
            if whose != random:
                assert not secret_values(page["own"]) & secret_values(other["own"]), "two connections share a secret"


def secret_values(walk):
    """Without what begins every first handshake, before there is a secret in it."""
    return {s["value"] for step in walk["steps"] for s in step.get("secrets", []) if s["name"] != "early secret"}


def page_over(stream):
    stream.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    data = b""
    while b"</html>" not in data:
        more = stream.recv(65536)
        assert more, data[-500:]
        data += more
    return json.loads(re.search(rb'id="handshake">(.*?)</script>', data, re.S)[1])


def test_no_other_connection_reads_it(place):
    """Many connections by turns, asked in another order than they were made, and asked again: each gets its own, always."""
    logs, streams = [], []
    for i in range(8):
        logs.append(place.bench.home / f"python-{i}.keys")
        c = context(place.root, keylog_filename=str(logs[-1]))
        streams.append(c.wrap_socket(socket.create_connection(("127.0.0.1", place.main.port), 20), server_hostname="localhost"))
    for turn in ([5, 1, 7, 0, 2, 6, 3, 4], range(8)):
        for i in turn:
            own = page_over(streams[i])
            lines = logs[i].read_text()
            labelled = [f"{s['label']} {random_of(own)} {s['value']}" for step in own["steps"] for s in step.get("secrets", []) if s["label"]]
            assert len(labelled) >= 5 and all(line in lines for line in labelled), i
    for s in streams:
        s.close()


def test_too_many_connections(place):
    """There are few recordings. Who has lost his gets no other one, but a page that says so, and a connection that ends."""
    url, streams, own, without = place.explorer([]), [], 0, 0
    try:
        for _ in range(40):
            streams.append(connect(url.port, place.root))
        for s in streams:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with s.makefile("rb") as file:
                page = Response(file)
            kept = b'id="handshake"' in page.body
            assert page.headers["Connection"] == ("keep-alive" if kept else "close"), page
            own, without = own + kept, without + (not kept)
    finally:
        for s in streams:
            s.close()
    assert (own, without) == (32, 8)


# ---- tshark -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("server, options", [("fresh", []), ("tls 1.2", []), ("retry", []), ("rsa certificate", []), ("fresh", ["--resume"]),
                                             ("fresh", ["--tls", "1.2"]), ("fresh", ["--suites", "TLS_CHACHA20_POLY1305_SHA256"])])
def test_tshark_reads_the_same(place, server, options):
    """The capture that walk writes of one of these servers, decrypted by tshark: the messages of the steps, in their order."""
    if not tool("tshark"):
        pytest.skip("there is no tshark")
    pcapng = place.bench.dir / "walk.pcapng"
    r = run([LOCKSTEP, "walk", "--json", "--pcapng", pcapng, "--cacert", place.root, *options, f"localhost:{place.servers[server].port}"], place.bench.env)
    assert r.rc == 0, r
    steps = json.loads(r.out)["steps"]
    said = {side: [int(s["bytes"][:2], 16) for s in steps if s["layer"] == "handshake" and s["from"] == side and s["name"] != "change_cipher_spec"]
            for side in ("client", "server")}
    t = run(["tshark", "-r", pcapng, "-Y", "tls.handshake", "-T", "fields", "-e", "tcp.srcport", "-e", "tls.handshake.type"], place.bench.env)
    read, ports = collections.defaultdict(list), []
    for line in t.out.splitlines():
        port, types = line.split("\t")
        ports += [port] if port not in ports else []
        read[port] += [int(x) for x in types.split(",") if x]
    found = [read[p] for p in ports]
    if json.loads(r.out)["tls"] == "1.2" and all(20 not in types for types in found):
        # tshark 4.4 opens them, and calls Finished an Encrypted Handshake Message all the same
        said = {side: [n for n in types if n != 20] for side, types in said.items()}
    assert len(ports) == 2 and found == [said["client"], said["server"]], (said, t)


# ---- Stepping ---------------------------------------------------------------------------------------


def check_step(live, s, n):
    everything = live["stepping"]["all"]
    assert s["count"] == f"Step {n} of {len(everything)}" and s["rung"] == n, s
    assert s["title"] == everything[n - 1], s
    assert s["address"] == f"#/steps/own/{n}", s
    assert (s["previous"], s["next"]) == (n > 1, n < len(everything)), s


def test_stepping_by_mouse(live):
    s = live["stepping"]
    n = len(s["all"])
    check_step(live, s["start"], 1)
    for i, at in enumerate(s["forward"]):
        check_step(live, at, i + 2)
    for i, at in enumerate(s["back"]):
        check_step(live, at, n - 1 - i)
    assert len(s["forward"]) == n - 1 and len(s["back"]) == 3
    for at in s["clicked"]:
        check_step(live, at, at["n"])


def test_stepping_by_keyboard(live):
    s = live["stepping"]
    n = len(s["all"])
    for at, want in zip(s["keys"], [1, 2, 3, 2, n, n, n - 1, 1, 1], strict=True):
        check_step(live, at, want)
    assert re.match(r"Step 4 of ", s["linked"]["count"]) and s["linked"]["rung"] == 4 and s["linked"]["address"] == "#/steps/own/4"
    assert s["inFields"]["count"].startswith("Step 1 of ") and s["inFields"]["rung"] == 1  # its own arrows move the field
    for i, at in enumerate(s["tabs"]["entered"]):
        assert at["rung"] == i + 2 and at["focus"].startswith("Next"), at


def test_order_of_tab(live):
    """Skip link, views, the choice of a handshake, its messages in their order, Previous and Next, then the bytes; always visibly."""
    order = live["stepping"]["tabs"]["order"]
    texts = [f["text"] for f in order]
    assert texts[0] == "Skip to the content", texts
    assert texts[1:9] == ["Lockstep", "Your handshake", "Step through", "Make it invalid", "Your browser", "Compare", "Chain", "Try any host"], texts
    assert order[9]["tag"] == "SELECT", order[9]
    rungs = [i for i, f in enumerate(order) if f["rung"]]
    assert rungs == list(range(10, 10 + len(rungs))) and len(rungs) >= 12, rungs
    rest = texts[10 + len(rungs):]
    assert rest[0].startswith("Next") and "At the ends" in rest and "On the wire" in rest, rest
    assert [f for f in order if not f["seen"]] == []


# ---- Faults -----------------------------------------------------------------------------------------


def test_every_fault_ends_as_the_table_says(live):
    """The step, who noticed, the status and the alert, read from the page; one switch on at a time."""
    seen, table = {f["name"]: f for f in live["faults"]["out"]}, live["table"]
    assert set(seen) == set(table) and len(table) >= 40
    for name, row in table.items():
        f = seen[name]
        assert f["on"] == [name], f
        reason, alert, person = f["columns"]
        assert row["person"] in person and (row["browser"] or "") in person, f
        stopped = re.fullmatch(r"Stopped at step (\d+) of (\d+), (.*), by (.*)\.", f["outcome"])
        if row["status"] == "OK":
            assert f["outcome"].startswith("Nobody refused anything") and "no alert" in alert and f["notice"] is None, f
            continue
        assert stopped, f
        assert f["count"] == f"Step {stopped[1]} of {stopped[2]}" and f["wrong"], f
        assert row["step"].lower() in stopped[3].lower(), (row["step"], f["outcome"])
        assert row["status"] in reason and row["status"] in f["notice"], f
        said = f"{row['alert']} {row['alert_name']}" if row["alert"] is not None else "no alert"
        assert said in alert and said in f["notice"], f
        assert stopped[4].lower() in f["notice"].lower(), f
    assert live["faults"]["off"].startswith("Everything is right")


def test_steps_of_faults(place, live):
    """And the same from the walks themselves: the engine's side, which the page calls by its name."""
    for name, row in live["table"].items():
        if row["status"] == "OK":
            continue
        r = run([LOCKSTEP, "walk", "--demo", "--json", "--fault", name], place.bench.env)
        failure, shown = json.loads(r.out)["failure"], next(f for f in live["faults"]["out"] if f["name"] == name)
        assert (failure["at"], failure["status"], failure["alert"]) == (row["at"], row["status"], row["alert"]), r
        assert shown["count"].startswith(f"Step {failure['step']} of "), (shown, failure)


# ---- What this browser says -------------------------------------------------------------------------


def test_alerts_of_chromium(live):
    hosted = {name: row for name, row in live["table"].items() if row["hosted"]}
    rows = {r["name"]: r for r in live["hosted"]["rows"]}
    assert set(rows) == set(hosted) and len(rows) >= 20
    for name, row in hosted.items():
        title, did, sent, expected, ours = rows[name]["cells"][:5]
        assert title == row["title"] and ours == f"{row['alert']} {row['alert_name']}", rows[name]
        if row["browser_alert"] is None:
            assert did == "accepted it" and sent.startswith("no alert"), rows[name]
        else:
            assert did == "refused it" and sent.startswith(f"{row['browser_alert']} "), rows[name]
            assert expected.startswith(f"{row['browser_alert']} "), rows[name]
    refused = sum(row["browser_alert"] is not None for row in hosted.values())
    assert live["hosted"]["verdict"].startswith(f"Your browser refused {refused} of {len(hosted)}."), live["hosted"]["verdict"]


@pytest.mark.parametrize("fault", HOSTED_ERRORS)
def test_error_pages_of_chromium(live, fault):
    """A click on the link opens a tab that cannot reach back, with Chromium's own page and the error of the table."""
    page, row = live["hosted"]["pages"][fault], live["table"][fault]
    assert page["error"] == f"net::{row['browser']}", page
    assert row["browser"] in page["text"] and page["opener"] is False, page


# ---- Any host ---------------------------------------------------------------------------------------


def test_hosts(live):
    """A clear sentence for each that cannot be reached, and a walk of each that can."""
    seen = {h["host"]: h for h in live["hosts"]["out"]}
    for host, want in live["expected"].items():
        h = seen[host]
        if want == "established":
            assert h["alert"] is None and "established" in h["facts"] and h["count"].startswith("Step 1 of "), h
            good, total = re.match(r"(\d+) of (\d+) checks", h["proof"]).groups()
            assert good == total and int(good) >= 15, h
        elif want == "refused":
            assert "Test Root" in h["alert"] and "refused" in h["facts"] and "48 unknown_ca" in h["facts"] and h["count"], h
        else:
            assert re.search(want, h["alert"] or h["facts"]), h
            assert h["alert"] is None or re.match(r"[A-Z\d].*[.?]$", h["alert"].strip(), re.S), h


# ---- How it looks -----------------------------------------------------------------------------------


def test_accessible(live):
    """axe-core finds nothing in any state, and nothing scrolls sideways; pictures of all are in build/artefacts."""
    assert len(live["looked"]) == 11
    for name, look in live["looked"].items():
        assert look["axe"] == [], (name, look["axe"])
        assert look["wide"] == {"360": 360, "1280": 1280}, name


def test_no_violation_and_no_error(live):
    """Nothing that the Content-Security-Policy forbids is even tried; the console has the wrong certificates and nothing else."""
    seen = [one(live, name) for name in SHOWN] + [live[name] for name in PARTS]
    assert [s["violated"] for s in seen if s["violated"]] == []
    expected = [c for c in live["console"] if re.search(r"net::ERR_(CERT|SSL)_", c["text"]) and ".lab.localhost" in c["url"]]
    assert [c for c in live["console"] if c not in expected] == []
