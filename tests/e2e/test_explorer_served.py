"""The explorer page as `lockstep serve --explorer` serves it: the handshake that it shows is the one that Chromium
made, down to the lines of Chromium's own key log, and every fault ends where its table says."""
import json
import shutil
import subprocess

import pytest

from kit import LOCKSTEP, Serve, run
from test_chromium import ARTEFACTS, HERE, WORK, bench, chromium, driver, trusted  # noqa: F401 (used by pytest)

HOSTED = ("expired", "wrong-host", "self-signed", "unknown-ca")


@pytest.fixture
def served(trusted):  # noqa: F811
    return trusted.start([LOCKSTEP, "serve", "--explorer", "--listen", "127.0.0.1:0"], Serve).ready()


def tour(bench, url):  # noqa: F811
    for name in ("explorer.mjs", "sample.mjs", "rfc8448.mjs"):
        shutil.copy(HERE / name, WORK / name)
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    keylog = bench.home / "keylog"
    r = subprocess.run(["node", "--no-warnings", WORK / "explorer.mjs", url, ARTEFACTS], cwd=WORK, text=True, check=False,
                       env={**bench.env, "KEYLOG": str(keylog)}, capture_output=True, timeout=400)
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout), keylog.read_text()


def check_own(seen, keylog):
    """Every secret with a name in key logs stands in Chromium's, and the page's proof holds."""
    own = json.loads(seen["own"])
    assert (own["tls"], own["group"], own["outcome"]) == ("1.3", "X25519MLKEM768", "established")
    labelled = [s for step in own["steps"] for s in step.get("secrets", []) if s["label"]]
    assert {s["label"] for s in labelled} >= {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                                              "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}
    random = next(s["bytes"] for s in own["steps"] if s["name"] == "ClientHello")[12:76]
    for s in labelled:
        assert f"{s['label']} {random} {s['value']}" in keylog, s["label"]
    assert seen["proof"]["failed"] == []
    done, of = seen["proof"]["title"].split()[0], seen["proof"]["title"].split()[2]
    assert done == of, seen["proof"]
    assert int(done) >= 25
    assert all("compression" in x for x in seen["proof"]["open"]), seen["proof"]


def check_views(seen):
    for name, view in seen["views"].items():
        assert view["axe"] == [], name
        assert view["wide"] == {"360": 360, "1280": 1280}, name
    assert seen["console"] == []


def check_faults(seen, table):
    assert sorted(f["name"] for f in seen["faults"]) == sorted(f["name"] for f in table)
    rows = {f["name"]: f for f in table}
    for f in seen["faults"]:
        row = rows[f["name"]]
        assert f["error"] is None and f["on"] == [f["name"]], f
        if row["status"] != "OK":
            assert row["status"] in f["columns"][0], f
            assert f["outcome"].startswith("Stopped at step"), f
            if row["alert"] is not None:
                assert f"{row['alert']} {row['alert_name']}" in f["columns"][1], f


def check_browser(seen, table):
    """This browser sends what Chromium was seen to send."""
    hosted = {f["name"]: f for f in table if f["hosted"]}
    assert {b["name"] for b in seen["browser"]} == set(hosted)
    for b in seen["browser"]:
        expected = hosted[b["name"]]["browser_alert"]
        if expected is None or expected < 0:
            assert b["did"].endswith("accepted it") and b["sent"].startswith("no alert"), b
        else:
            assert b["did"].endswith("refused it") and b["sent"].startswith(f"{expected} "), b


def test_explorer(trusted, served, driver):  # noqa: F811
    url = f"https://localhost:{served.port}/"
    ca = trusted.ca("path").out.strip()
    table = json.loads(run(["curl", "-s", "--cacert", ca, f"{url}-/faults"], trusted.env).out)["faults"]
    assert len(table) >= 40
    seen, keylog = tour(trusted, url)
    check_own(seen, keylog)
    check_views(seen)
    check_faults(seen, table)
    check_browser(seen, table)


@pytest.mark.parametrize("fault", HOSTED)
def test_error_pages(trusted, served, chromium, fault):  # noqa: F811
    """Each link ends on Chromium's own error page."""
    ca = trusted.ca("path").out.strip()
    table = json.loads(run(["curl", "-s", "--cacert", ca, f"https://localhost:{served.port}/-/faults"], trusted.env).out)["faults"]
    row = next(f for f in table if f["name"] == fault)
    assert chromium(row["url"], resolve=f"{fault}.lab.localhost")["error"] == row["browser"]
