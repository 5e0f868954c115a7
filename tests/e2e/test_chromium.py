"""Chromium opens the page without a warning when the local CA is trusted, and refuses it when not."""
import json
import os
import re
import shutil
import subprocess
import time

import pytest

from kit import LOCKSTEP, ROOT, run, tool, wait_until

HERE = ROOT / "tests" / "e2e"
WORK = ROOT / "build" / "e2e"  # the source tree stays clean
ARTEFACTS = ROOT / "build" / "artefacts"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">
<title>Served by Lockstep</title><h1>It works</h1><p id="p">…</p>
<script type="module">import { word } from './word.js'; document.getElementById('p').textContent = word;</script>
"""


@pytest.fixture(scope="session")
def driver():
    """browser.mjs with playwright-core beside it, installed once for each state of the lock file."""
    WORK.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    done = WORK / "installed"
    for name in ("package.json", "package-lock.json", ".npmrc", "browser.mjs"):
        shutil.copy(HERE / name, WORK / name)
    if not done.exists() or done.read_bytes() != lock:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"], cwd=WORK,
                       check=True, stdout=subprocess.DEVNULL, timeout=300)
        done.write_bytes(lock)
    return WORK / "browser.mjs"


@pytest.fixture
def bench(nobody):
    """Every file of a test belongs to a user who has no rights over the system's store of certificates, so
    that `ca trust` changes nothing but the NSS store in the home of the test."""
    def ca(*args):
        return run([*nobody.drop, nobody.dir / "lockstep", "ca", *args], nobody.env, cwd=nobody.home)

    nobody.ca = ca
    return nobody


@pytest.fixture
def chromium(bench, driver):
    def visit(url, *shots, resolve="", early_data=""):
        env = {**bench.env, "RESOLVE": resolve, "EARLY_DATA": early_data}
        r = run(["node", driver, url, *shots], env, timeout=120, cwd=WORK)
        assert r.rc == 0, r
        return json.loads(r.out)

    return visit


@pytest.fixture
def trusted(bench):
    """A home in which `lockstep ca trust` has put the CA into Chromium's store."""
    def stores():
        listed = run(["certutil", "-L", "-d", f"sql:{bench.home}/.pki/nssdb"], bench.env)
        return len(re.findall(r"(?im)^lockstep.*C,,", listed.out))

    assert bench.ca("init").rc == 0
    bench.ca("trust")
    assert stores() == 1
    return bench


@pytest.fixture
def site(bench):
    assert bench.ca("init").rc == 0
    root = bench.folder(index_html=PAGE.encode(), word_js=b"export const word = 'padlock';\n")
    return bench.serve(root=root, identity=[])


def facts(seen):
    return json.dumps(seen, indent=1)


def test_page_without_warning(trusted, site, chromium):
    seen = chromium(f"https://localhost:{site.port}/")
    assert "error" not in seen, facts(seen)
    assert (seen["status"], seen["title"]) == (200, "Served by Lockstep"), facts(seen)
    assert seen["body"].split() == ["It", "works", "padlock"], facts(seen)
    assert seen["console"] == [] and seen["secureContext"] is True, facts(seen)
    # what DevTools says about the connection of the page
    network = seen["network"]
    assert network["securityState"] == "secure", facts(seen)
    assert network["protocol"] == "TLS 1.3", facts(seen)
    assert network["keyExchangeGroup"] == "X25519MLKEM768", facts(seen)
    assert network["cipher"] in ("AES_128_GCM", "AES_256_GCM", "CHACHA20_POLY1305"), facts(seen)
    assert set(network["sanList"]) >= {"localhost", "127.0.0.1", "::1"}, facts(seen)
    assert "Lockstep" in network["issuer"] and network["validTo"] > network["validFrom"], facts(seen)
    # and its security panel
    security = seen["security"]
    assert security["securityState"] == "secure", facts(seen)
    certificate = security["certificateSecurityState"]
    assert certificate["modernSSL"] and certificate["protocol"] == "TLS 1.3", facts(seen)
    assert not certificate["certificateHasSha1Signature"] and not certificate["certificateHasWeakSignature"]
    assert "certificateNetworkError" not in certificate, facts(seen)
    assert certificate["subjectName"] == network["subjectName"], facts(seen)
    # 20 side by side
    assert len(seen["parallel"]) == 20, facts(seen)
    assert all(a == {"status": 200, "length": len(PAGE)} for a in seen["parallel"]), facts(seen)


@pytest.mark.parametrize("suite, cipher", [("TLS_AES_128_GCM_SHA256", "AES_128_GCM"),
                                           ("TLS_AES_256_GCM_SHA384", "AES_256_GCM"),
                                           ("TLS_CHACHA20_POLY1305_SHA256", "CHACHA20_POLY1305")])
@pytest.mark.parametrize("group, name", [("P-384", "P-384")])
def test_suites_and_retry(trusted, chromium, suite, cipher, group, name):
    """Each suite, and a HelloRetryRequest, since Chromium has no key share for P-384 at first."""
    root = trusted.folder(index_html=PAGE.encode(), word_js=b"export const word = 'padlock';\n")
    server = trusted.serve("--suites", suite, "--groups", group, root=root, identity=[])
    seen = chromium(f"https://localhost:{server.port}/")
    assert (seen["network"]["cipher"], seen["network"]["keyExchangeGroup"]) == (cipher, name), facts(seen)
    assert seen["network"]["securityState"] == "secure" and seen["console"] == [], facts(seen)


def protections(server):
    """How each request was protected, as the access log has it: what stands behind the group."""
    return [re.search(r" TLSv1\.\d \S+ \S+(.*)$", line)[1] for line in server.out.splitlines() if '"GET ' in line]


def test_resumption(trusted, site, chromium):
    """The connections that it opens beside the first one are resumed."""
    seen = chromium(f"https://localhost:{site.port}/")
    assert "error" not in seen and seen["network"]["securityState"] == "secure", facts(seen)
    assert protections(site)[0] == "" and " resumed" in protections(site), site.out
    assert set(protections(site)) == {"", " resumed"}, site.out


def test_early_data(trusted, chromium):
    """And, where it is told to, they carry their first request as 0-RTT data. (If Finished is there by the time
    that serve looks at it, the log does not call it early any more.)"""
    keys = trusted.home / "keys"
    root = trusted.folder(index_html=PAGE.encode(), word_js=b"export const word = 'padlock';\n")
    server = trusted.serve("--early-data", "--keylog", keys, root=root, identity=[])
    seen = chromium(f"https://localhost:{server.port}/", early_data="1")
    assert "error" not in seen and all(a["status"] == 200 for a in seen["parallel"]), facts(seen)
    assert "CLIENT_EARLY_TRAFFIC_SECRET" in keys.read_text(), server.out
    assert set(protections(server)) <= {"", " resumed", " resumed early-data"}, server.out


def test_compressed_certificate(trusted, chromium):
    """Chromium takes Brotli (RFC 8879): the certificate comes as CompressedCertificate and in no other form."""
    if os.geteuid() != 0 or not tool("tshark"):
        pytest.skip("needs tshark, and the right to listen on lo")
    root = trusted.folder(index_html=PAGE.encode(), word_js=b"export const word = 'padlock';\n")
    keys, pcap = trusted.home / "serve.keys", trusted.dir / "chromium.pcap"
    server = trusted.serve("--keylog", keys, root=root, identity=[])
    capture = trusted.start(["tshark", "-i", "lo", "-f", f"tcp port {server.port}", "-w", pcap])
    capture.wait_for("Capturing on")
    wait_until(lambda: pcap.exists(), what="a capture")
    seen = chromium(f"https://localhost:{server.port}/")
    assert "error" not in seen, facts(seen)
    time.sleep(1)
    capture.terminate()
    r = run(["tshark", "-r", pcap, "-d", f"tcp.port=={server.port},tls", "-o", f"tls.keylog_file:{keys}", "-Y",
             "tls.handshake", "-T", "fields", "-e", "tls.handshake.type", "-e", "tls.compress_certificate.algorithm"],
            trusted.env)
    flights = [line.split("\t") for line in r.out.splitlines() if line.startswith("2,")]
    assert "11" not in r.out.replace("\n", ",").replace("\t", ",").split(","), r
    assert ["2,8,25,15,20", "2"] in flights, r  # others are resumed


def test_addresses(trusted, site, chromium):
    seen = chromium(f"https://127.0.0.1:{site.port}/")
    assert "error" not in seen and seen["network"]["securityState"] == "secure", facts(seen)


def test_untrusted(bench, site, chromium):
    """Without trust there is the browser's warning, and after `ca untrust` it is back."""
    url = f"https://localhost:{site.port}/"
    assert chromium(url).get("error") == "ERR_CERT_AUTHORITY_INVALID"
    bench.ca("trust")
    assert "error" not in chromium(url)
    r = bench.ca("untrust")
    assert r.rc == 0, r
    seen = chromium(url)
    assert seen.get("error") == "ERR_CERT_AUTHORITY_INVALID" and "title" not in seen, facts(seen)


def test_wrong_name(trusted, chromium):
    assert trusted.ca("issue", "other.test").rc == 0
    server = trusted.serve(identity=["--cert", trusted.home / "other.test.pem", "--key",
                                     trusted.home / "other.test-key.pem"])
    assert chromium(f"https://localhost:{server.port}/").get("error") == "ERR_CERT_COMMON_NAME_INVALID"


def pair(dir, name):
    return ["--cert", dir / f"{name}.pem", "--key", dir / f"{name}-key.pem"]


@pytest.mark.parametrize("type, good", [("ecdsa", True), ("ecdsa-p384", True), ("rsa", True), ("ed25519", False)])
def test_key_types(trusted, chromium, type, good):
    """Each but Ed25519, which Chromium does not know: then not even the handshake comes about."""
    assert trusted.ca("issue", "--key-type", type, "a.dev.test", "127.0.0.1").rc == 0
    server = trusted.serve(root=trusted.folder(index_html=PAGE.encode(), word_js=b"export const word = 'padlock';\n"),
                           identity=pair(trusted.home, "a.dev.test"))
    for host in ("127.0.0.1", "a.dev.test"):
        seen = chromium(f"https://{host}:{server.port}/", resolve="a.dev.test")
        if good:
            assert "error" not in seen and seen["network"]["securityState"] == "secure", facts(seen)
        else:
            assert seen.get("error") == "ERR_SSL_VERSION_OR_CIPHER_MISMATCH", facts(seen)


def steal(bench, name):
    """What a thief of the intermediate's key makes for `name`, with the openssl command."""
    dir = bench.home / "data" / "lockstep"
    middle_key = next(dir.glob("intermediate-*-key.pem"))
    middle = middle_key.with_name(middle_key.name.replace("-key", ""))
    csr, ext, cert, key = (bench.home / f for f in ("csr", "ext", f"{name}.pem", f"{name}-key.pem"))
    ext.write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                   "extendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
                   f"subjectAltName=DNS:{name}\n")
    for argv in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                  "-subj", f"/CN={name}", "-out", csr],
                 ["x509", "-req", "-in", csr, "-CA", middle, "-CAkey", middle_key, "-days", "30", "-extfile", ext,
                  "-set_serial", "4711", "-out", cert]):
        r = run(["openssl", *argv], bench.env)
        assert r.rc == 0, r
    cert.write_text(cert.read_text() + middle.read_text())
    return pair(bench.home, name)


def test_stolen_key(trusted, chromium):
    """It opens nothing but what is for development; below a CA without constraints the same thief is believed."""
    def visit(name):
        server = trusted.serve(root=root, identity=steal(trusted, name))
        return chromium(f"https://{name}:{server.port}/", resolve=name)

    root = trusted.folder(index_html=PAGE.encode(), word_js=b"export const word = 'padlock';\n")
    seen = visit("www.bank.example")
    assert seen.get("error", "").startswith("ERR_CERT_") and "title" not in seen, facts(seen)
    assert "error" not in visit("www.dev.test")
    assert trusted.ca("init", "--force", "--unconstrained").rc == 0
    trusted.ca("trust")
    assert "error" not in visit("www.bank.example")


def test_welcome_page_and_listing(trusted, chromium):
    """Both fit a phone and a desk, without errors; pictures of them are left in build/artefacts."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    folder = trusted.folder("folder", readme_txt=b"x" * 3000, data_bin=bytes(5_000_000))
    (folder / "a folder").mkdir()
    (folder / ("a very long name that goes on and on " * 4 + ".txt")).write_text("long\n")
    (folder / "ünïcödé & <b>.html").write_text("x")
    welcome = trusted.start([LOCKSTEP, "serve", "--listen", "127.0.0.1:0"])
    port = int(welcome.wait_for(r"listening on https://[^\s]*:(\d+)/")[1])
    listing = trusted.serve(root=folder, identity=[])
    for name, url in (("welcome", f"https://localhost:{port}/"), ("listing", f"https://localhost:{listing.port}/")):
        shots = [a for width in (360, 1280) for a in (ARTEFACTS / f"{name}-{width}.png", width)]
        seen = chromium(url, *shots)
        assert seen.get("status") == 200 and seen["network"]["securityState"] == "secure", facts(seen)
        assert [m for m in seen["console"] if "favicon" not in m and "404" not in m] == [], facts(seen)
        assert seen["wide"]["360"] <= 360 and seen["wide"]["1280"] <= 1280, facts(seen)
        for width in (360, 1280):
            assert (ARTEFACTS / f"{name}-{width}.png").stat().st_size > 1000
    assert "a folder/" in seen["body"] and "<b>.html" in seen["body"] and "4.8 MiB" in seen["body"], facts(seen)
