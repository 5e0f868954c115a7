"""The measuring program: that it measures, and what its scripts make of figures. How fast anything is, no test says."""
import copy
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest

from kit import LOCKSTEP, ROOT

sys.path.insert(0, str(ROOT / "bench"))
import callgrind  # noqa: E402
import compare  # noqa: E402
import page  # noqa: E402
import plot  # noqa: E402
import tables  # noqa: E402
import targets  # noqa: E402

BENCH = LOCKSTEP.parent / "measure" / "bench"
HANDSHAKES = ["full", "cached", "defaults", "pool", "p256", "rsa", "resumption", "tls12", "mlkem", "client-auth"]
BULK = ["aes-128-gcm", "aes-256-gcm", "chacha20", "aes-128-gcm-1350", "aes-256-gcm-1350", "chacha20-1350"]
SPREAD = {"median", "low", "high", "least"}
RATIO = {"ratio", "ratio_low", "ratio_high"}


def bench(*arguments):
    return subprocess.run([BENCH, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A whole run, as short as can be, and what run.py adds."""
    file = tmp_path_factory.mktemp("bench") / "bench.json"
    r = bench("--quick", "--json", file)
    assert r.returncode == 0, r.stderr
    run = json.loads(file.read_text())
    counts = callgrind.split(callgrind.own_costs(CALLGRIND.splitlines()), 1, callgrind.kernels())
    run["rows"].append({"kind": "instructions", "name": "instructions", "title": "server", "unit": "instructions",
                        "results": [{"who": "lockstep", **counts}]})
    return {**run, "machine": "a machine", "date": "2026-01-02T03:04:05+00:00", "commit": "0" * 40, "dirty": False}


def row(run, name):
    return next(r for r in run["rows"] if r["name"] == name)


# ---- the program ----------------------------------------------------------------------------------


def test_rows(run):
    assert [r["name"] for r in run["rows"]] == HANDSHAKES + BULK + ["chain", "memory", "instructions"]
    for r in run["rows"]:
        assert r["results"][0]["who"] == ("parse and judge" if r["kind"] == "chain" else "lockstep")


@pytest.mark.parametrize("name, more", [("full", {"libssl", "gnutls", "floor"}), ("resumption", {"libssl", "gnutls", "floor"}),
                                        ("tls12", {"libssl", "gnutls", "floor"}), ("client-auth", {"libssl", "gnutls", "floor"}),
                                        ("chacha20", {"libssl", "gnutls", "libcrypto", "libcrypto and pipe", targets.ALONE})])
def test_company(run, name, more):
    """Whom the tests need anyway is there, and so is the floor."""
    assert {r["who"] for r in row(run, name)["results"]} >= more | {"lockstep"}


def test_shape(run):
    """Every figure is what bench/README.md says: a spread in order, a ratio that is the one of the medians."""
    for r in run["rows"]:
        assert set(r) == {"kind", "name", "title", "unit", "results"} and r["results"], r
        for result in r["results"]:
            for key, value in result.items():
                if isinstance(value, dict):
                    assert set(value) in (SPREAD, SPREAD | RATIO), (r["name"], key)
                    assert 0 < value["least"] <= value["low"] <= value["median"] <= value["high"], (r["name"], key)
                    assert value.get("ratio", 1) > 0 and value.get("ratio_low", 1) <= value.get("ratio_high", 1)
                    first = r["results"][0].get(key)
                    if "ratio" in value:
                        assert value["ratio"] == pytest.approx(first["median"] / value["median"], rel=0.01)
                elif not isinstance(value, (str, list)):
                    assert value >= 0, (r["name"], key)


def test_shape_is_documented(run):
    text = (ROOT / "bench" / "README.md").read_text()
    documented = set(re.findall(r"`([a-z_]+)`", text[text.index("## bench.json"):]))
    used = set()

    def keys(value):
        if isinstance(value, dict):
            used.update(value)
            for key in value:
                if key != "libraries":
                    keys(value[key])
        elif isinstance(value, list):
            for v in value:
                keys(v)
    keys(run)
    assert used - documented == set()


def test_pool(run):
    """What is made ahead is shown apart, and not hidden in the server's time."""
    assert "refill" in targets.result(row(run, "pool"), "lockstep") and "refill" in targets.result(row(run, "pool"), "floor")
    assert not any("refill" in r for r in row(run, "full")["results"])


def test_options(tmp_path):
    assert "usage" in bench("--help").stdout
    rows = bench("--list").stdout
    assert all(f" {n} " in rows for n in [*HANDSHAKES, *BULK, "libssl"])
    r = bench("--quick", "--only", "p256", "--peers", "lockstep")
    assert [x["name"] for x in json.loads(r.stdout)["rows"]] == ["p256"]
    assert {x["who"] for x in json.loads(r.stdout)["rows"][0]["results"]} == {"lockstep", "floor"}
    for wrong in (["--only", "nothing"], ["--seconds", "x"], ["--seconds"], ["--fast"]):
        assert bench(*wrong).returncode == 2, wrong
    assert bench("--quick", "--only", "p256", "--with", tmp_path / "none.so", "it").returncode == 1


def test_memory_counts(run):
    ours = targets.result(row(run, "memory"), "lockstep")
    assert 0 < ours["own_allocations"] <= ours["allocations"] and 0 < ours["idle"] < ours["peak"]


# ---- tables, marks, changes -----------------------------------------------------------------------


def synthetic(ours, floor, libssl):
    figure = {"median": ours, "low": ours, "high": ours, "least": ours}
    return {"kind": "handshake", "name": "full", "title": "it", "unit": "us", "results": [
        {"who": who, "server": {**figure, "median": v, "ratio": ours / v, "ratio_low": ours / v * 0.9, "ratio_high": ours / v * 1.1}}
        for who, v in (("lockstep", ours), ("floor", floor), ("libssl", libssl))]}


def of(*rows):
    return {"rows": list(rows), "libraries": {"libcrypto": "3", "lockstep": "1", "libssl": "3"}, "date": "2026-01-02", "machine": "m",
            "commit": "a" * 40, "dirty": True}


def test_marks():
    """1.08 of the floor is reached, as it is printed; 1.09 is not."""
    good, bad = of(synthetic(108.4, 100, 200)), of(synthetic(109, 100, 100))
    assert tables.missed(good) == ([], 2)
    assert [m[:16] for m in tables.missed(bad)[0]] == ["it: server: 1.09", "it: server: 1.09"]
    assert "| yes, yes |" in tables.ratios(good) and "| **no**, **no** |" in tables.ratios(bad)
    assert "not committed" in tables.header(good)


def test_every_mark_is_of_a_row(run):
    """No mark is for a figure that nothing measures."""
    for t in targets.TARGETS:
        assert targets.value(row(run, t.row), t) is not None, t


def test_change():
    now = of(synthetic(90, 80, 200))
    now["rows"][0]["results"].append({**copy.deepcopy(now["rows"][0]["results"][0]), "who": "abc"})
    now["rows"][0]["results"][-1]["server"].update(median=100, ratio=0.9, ratio_low=0.88, ratio_high=0.93)
    assert "| it: server | 100.0 | 90.0 us | -10.0 % | -12.0 % to -7.0 % |" in tables.compared(now, "abc")


def test_tables_of_a_run(run):
    table = tables.ratios(run).splitlines()
    assert len({line.count("|") for line in table}) == 1 and len(table) > 40
    for kind in ("handshake", "bulk", "memory", "instructions"):
        assert "lockstep" in tables.figures(run, kind)


def test_page(run):
    """What is on the page comes from a run, and every part has its place."""
    text = page.PAGE.read_text()
    filled = page.filled(text, run)
    assert "2026-01-02, a machine" in filled and page.filled(filled, run) == filled
    assert page.MARK.sub("", filled) == page.MARK.sub("", text)
    servers = page.filled_servers(text, "| a table |")
    assert "| a table |" in servers and page.filled_servers(servers, "| a table |\n") == servers
    with pytest.raises(ValueError):
        page.filled(text.replace("<!--bench memory-->", "<!--bench nothing-->"), run)


def test_plot(run):
    tree = xml.fromstring(plot.svg(run))
    svg = "{http://www.w3.org/2000/svg}"
    words = [t.text for t in tree.iter(svg + "text")]
    assert "X25519, RSA-2048: server" in words and "AES-128-GCM, 16 KiB: send" in words
    marks = [e for e in tree.iter() if e.get("class") == "lockstep"]
    assert len(marks) > 20 and all(0 < float(m.get("cx", 1)) < plot.WIDTH for m in marks)
    assert "prefers-color-scheme:dark" in tree.find(svg + "style").text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", plot.svg(run))


# ---- instructions ---------------------------------------------------------------------------------

CALLGRIND = """positions: line
events: Ir
fl=a.c
fn=engine
10 5
+1 7
cfn=sha256_block_data_order_avx2
calls=3 40
12 9000
13 2
fn=sha256_block_data_order_avx2
40 9000
fn=malloc'2
1 30
fn=malloc
* 3
totals: 9047
"""


def test_own_costs():
    """What a call costs is not the caller's own."""
    costs = callgrind.own_costs(CALLGRIND.splitlines())
    assert costs == {"engine": 14, "sha256_block_data_order_avx2": 9000, "malloc": 33}
    counts = callgrind.split(costs, 1, callgrind.kernels())
    assert counts["all"] == 9047 and counts["outside"] == 47 and counts["biggest_outside"][0] == ["malloc", 33]


def test_kernels_have_reasons():
    lines = [line for line in callgrind.KERNELS.read_text().splitlines() if line and not line.startswith("#")]
    assert all(len(line.split(None, 1)) == 2 for line in lines) and len(lines) == len(callgrind.kernels())
    for outside in ("lk_handshake_receive", "malloc", "memcpy", "SHA256_Update", "SHA256_Final", "EVP_PKEY_derive", "BN_bn2binpad",
                    "x25519_import_from", "gcm_cipher_internal", "chacha20_poly1305_cipher", "aesni_gcm_initkey", "OPENSSL_cleanse"):
        assert not callgrind.is_kernel(outside, callgrind.kernels()), outside


# ---- another revision -----------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ["no-such-revision", "--help", ""])
def test_no_such_revision(revision):
    with pytest.raises(compare.Problem, match="no such revision"):
        compare.resolve(revision)


def test_words_for_a_wrong_revision():
    r = subprocess.run(["/usr/bin/python3", ROOT / "bench" / "run.py", "--compare", "no-such-revision"], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True)
    assert (r.returncode, r.stderr) == (2, "bench: there is no such revision: no-such-revision\n")
