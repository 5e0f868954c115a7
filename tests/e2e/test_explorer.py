"""The explorer page by itself: its proof in node, of real walks too, and all of its views in Chromium, with a trace of RFC 8448 as
the handshake and peers that send HTML (sample.mjs). No server has part in it."""
import json
import os
import re
import shutil
import subprocess

import pytest

from kit import LOCKSTEP, ROOT, run
from test_chromium import ARTEFACTS, HERE, WORK, driver  # noqa: F401 (used by pytest)

PAGE = ROOT / "web" / "explorer"
LIMIT = 150 * 1024
VIEWS = {"handshake", "steps", "invalid", "browser", "compare", "chain", "host"}


def test_proof():
    env = {**os.environ, "LOCKSTEP": str(LOCKSTEP)}
    if run(["node", "--version"], env).out.startswith("v18."):  # it has WebCrypto behind an option
        env["NODE_OPTIONS"] = "--experimental-global-webcrypto"
    r = run(["node", "--no-warnings", "--test", HERE / "proof.test.mjs"], env, timeout=240)
    assert r.rc == 0, r.out
    assert int(re.search(r"pass (\d+)", r.out)[1]) >= 30 and re.search(r"fail 0\b", r.out), r.out


def test_size_and_origin():
    """At most 150 KB in all, nothing from elsewhere, nothing that the Content-Security-Policy would forbid, and no
    way for a peer's text to become HTML."""
    files = [f for f in PAGE.iterdir() if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= LIMIT
    for f in files:
        text = f.read_text()
        links = set(re.findall(r"https?://[\w.-]+", text)) - {"http://www.w3.org"}
        assert not links, (f.name, links)
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", text), f.name
    html = (PAGE / "index.html").read_text()
    assert html.count("<!--HANDSHAKE-->") == 1
    assert not re.search(r"\sstyle=|\son\w+=|<style", html)
    assert [s for s in re.findall(r"<script[^>]*>", html) if "src=" not in s] == []


@pytest.fixture(scope="module")
def seen(driver):  # noqa: F811
    """What there was to see, of a whole tour of the page."""
    for name in ("explorer.mjs", "sample.mjs", "rfc8448.mjs"):
        shutil.copy(HERE / name, WORK / name)
    # rfc8448.mjs reads the RFC from beside its folder
    (WORK.parent / "vectors").mkdir(exist_ok=True)
    shutil.copy(ROOT / "tests" / "vectors" / "rfc8448.txt", WORK.parent / "vectors" / "rfc8448.txt")
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    r = subprocess.run(["node", "--no-warnings", WORK / "explorer.mjs", "sample", ARTEFACTS], cwd=WORK, text=True, check=False,
                       env={**os.environ, "EXPLORER": f"{PAGE}/"}, capture_output=True, timeout=400)
    assert r.returncode == 0, r.stderr
    return json.loads(r.stdout)


def test_accessible(seen):
    """axe-core finds nothing, in light and dark, and nothing scrolls sideways at 360 and 1280 pixels."""
    assert set(seen["views"]) == VIEWS
    for name, view in seen["views"].items():
        assert view["axe"] == [], name
        assert view["wide"] == {"360": 360, "1280": 1280}, (name, view["wide"])
        assert view["title"].endswith("Lockstep") and view["text"].strip(), name
    assert seen["console"] == []


def test_escaped(seen):
    """What peers sent is shown as what it is."""
    assert seen["hacked"] is False
    for name in ("handshake", "steps", "invalid", "chain"):
        assert "<img src=x onerror=" in seen["views"][name]["text"], name


def test_proved(seen):
    assert seen["proof"]["title"] == "33 of 33 checks done by your browser", seen["proof"]
    assert seen["proof"]["failed"] == [] and seen["proof"]["open"] == []


def test_stepping(seen):
    """By mouse and by keyboard; an end is an end; every step has an address."""
    steps = seen["steps"]
    n = int(re.fullmatch(r"Step 1 of (\d+)", steps["first"]["count"])[1])
    assert [s["count"] for s in steps["mouse"]] == [f"Step {i} of {n}" for i in (2, 3, 4, 3)]
    assert [s["count"] for s in steps["keys"]] == [f"Step {i} of {n}" for i in (4, 3, n, n, 1, 1)]
    for s in [steps["first"], *steps["mouse"], *steps["keys"]]:
        assert s["address"] == f"#/steps/own/{s['count'].split()[1]}"
        assert s["now"]


def test_bytes(seen):
    steps = seen["steps"]
    assert steps["field"]["bytes"] == "00 00 c0" and steps["field"]["field"].startswith("length")
    assert steps["bytes"]["bytes"] == "01" and steps["bytes"]["field"].startswith("msg_type")
    assert steps["keyboard"]["bytes"] == "00 00 c0"
    assert steps["ends"].startswith("0000 01 00 00 c0") and steps["wire"].startswith("0000 16 03 01 00 c4 01")


def test_faults(seen):
    """One switch at a time; it stops where the engine stopped, and says the three things."""
    assert {f["name"] for f in seen["faults"]} == {"expired", "tampered-finished", "harmless"}
    for f in seen["faults"]:
        assert f["on"] == [f["name"]] and f["error"] is None and len(f["columns"]) == 3
    expired = next(f for f in seen["faults"] if f["name"] == "expired")
    assert expired["step"] == "Certificate chain" and "Stopped at step 5 of 6" in expired["outcome"]
    assert "CERT_EXPIRED" in expired["columns"][0] and "45 certificate_expired" in expired["columns"][1]
    assert "46 certificate_unknown" in expired["columns"][1] and "ERR_CERT_DATE_INVALID" in expired["columns"][2]


def test_browser_table(seen):
    (row,) = seen["browser"]
    assert row["sent"].startswith("46 ") and row["expected"] == "46 certificate_unknown" and row["ours"] == "45 certificate_expired"
    assert row["did"].endswith("refused it")
