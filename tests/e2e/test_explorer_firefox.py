"""Firefox at the explorer page: its own handshake proves itself, coming back with 0-RTT data too, and its alerts are those
of its own column in the table of faults."""
import json

import pytest

from kit import LOCKSTEP, Serve, run, wait_until
from test_firefox import Firefox, bench, pytestmark  # noqa: F401 (used by pytest)

OWN = "return document.getElementById('handshake')?.textContent ?? null"
PROOF = """const text = (sel) => [...document.querySelectorAll(sel)].map((x) => x.textContent);
const [title] = text('.proof h2');
return / of \\d+ checks done/.test(title ?? '') && { title, failed: text('.proof li.bad'), open: text('.proof li.open') };"""
ALERTS = """const status = document.querySelector('.outcome [role=status]')?.textContent ?? '';
return /refused \\d+ of \\d+/.test(status) && [...document.querySelectorAll('.browser-table tbody tr')].map((tr) =>
  [tr.dataset.fault, tr.children[1].innerText, tr.children[2].innerText, tr.children[3].innerText]);"""


@pytest.fixture
def visit(bench):  # noqa: F811
    firefox = Firefox(bench)
    bench.ca("trust")
    server = bench.start([LOCKSTEP, "serve", "--explorer", "--early-data", "--listen", "127.0.0.1:0"], Serve).ready()
    firefox.server, firefox.url = server, f"https://localhost:{server.port}/"
    firefox.open()
    return firefox


def script(firefox, text):
    return firefox.ask("WebDriver:ExecuteScript", script=text, args=[])


def check_proof(firefox):
    assert firefox.ask("WebDriver:Navigate", url=firefox.url) is None
    own = json.loads(script(firefox, OWN))
    proof = wait_until(lambda: script(firefox, PROOF), timeout=40, what="the proof")
    good, of, total = proof["title"].split()[:3]
    assert (good, of, proof["failed"]) == (total, "of", []) and int(good) >= 20, proof
    assert all("compression" in x for x in proof["open"]), proof["open"]
    return own


def test_own_handshake(visit):
    own = check_proof(visit)
    assert (own["tls"], own["group"], own["resumed"], own["early_data"]) == ("1.3", "X25519MLKEM768", False, None)
    for _ in range(2):
        visit.inside("Services.obs.notifyObservers(null, 'net:prune-all-connections')")
        own = check_proof(visit)
        assert own["resumed"] and own["early_data"] == "accepted", (own["resumed"], own["early_data"])


def test_alerts(bench, visit):  # noqa: F811
    root = bench.ca("path").out.strip()
    table = json.loads(run(["curl", "-s", "--cacert", root, f"{visit.url}-/faults"], bench.env).out)["faults"]
    assert visit.ask("WebDriver:Navigate", url=f"{visit.url}#/browser") is None
    rows = {name: cells for name, *cells in wait_until(lambda: script(visit, ALERTS), timeout=60, what="all answers")}
    hosted = {f["name"]: f["firefox_alert"] for f in table if f["hosted"]}
    assert set(rows) == set(hosted)
    for name, (did, sent, expected) in rows.items():
        alert = hosted[name]
        if alert is None:
            assert (did.strip(), expected) == ("accepted it", "nothing: it accepts this") and sent.startswith("no alert"), (name, rows[name])
        else:
            assert did.strip() == "refused it" and sent.startswith(f"{alert} ") and expected.startswith(f"{alert} "), (name, rows[name])
    assert {hosted[name] for name in ("expired", "self-signed", "unknown-ca", "revoked-ocsp", "wrong-eku")} == {45, 42, 48, 44, 46}
