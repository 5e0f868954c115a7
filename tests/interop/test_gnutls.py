"""GnuTLS: gnutls-cli against serve, gnutls-serv against get."""
import re

import pytest

from kit import KEYS, connect

HELLO = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
BASE = "NORMAL:-VERS-ALL:+VERS-TLS1.3"
SUITES = {"AES-128-GCM": "TLS_AES_128_GCM_SHA256", "AES-256-GCM": "TLS_AES_256_GCM_SHA384",
          "CHACHA20-POLY1305": "TLS_CHACHA20_POLY1305_SHA256"}
GROUPS = {"SECP256R1": "P-256", "SECP384R1": "P-384", "X25519": "X25519"}
SIGNATURES = {"rsa": "RSA-PSS-RSAE-SHA256", "p256": "ECDSA-SECP256R1-SHA256",
              "p384": "ECDSA-SECP384R1-SHA384", "ed25519": "EdDSA-Ed25519"}


def only(what, name):
    return f"{BASE}:-{what}-ALL:+{'GROUP-' if what == 'GROUP' else ''}{name}"


@pytest.fixture(scope="module")
def server(shared):
    return shared.serve()


def fetch(bench, port, *args, **more):
    """Fetches /hello.txt with gnutls-cli and returns the description of the session."""
    client = bench.gnutls_cli(port, *args, request=HELLO, **more)
    client.wait_for("^hello$")
    assert client.wait() == 0, client.all
    assert "The certificate is trusted" in client.all, client.all
    assert "Peer has closed the GnuTLS connection" in client.all, client.all  # it was told so
    return client.wait_for(r"^- Description: (.*)$")[1]


# ---- gnutls-cli against serve -----------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES)
def test_client_suite(bench, server, suite):
    about = fetch(bench, server.port, "--priority", only("CIPHER", suite))
    assert about.startswith("(TLS1.3-X.509)-") and about.endswith(f"-({suite})")


@pytest.mark.parametrize("group", GROUPS)
def test_client_group(bench, server, group):
    about = fetch(bench, server.port, "--priority", only("GROUP", group))
    assert f"-(ECDHE-{group})-" in about


@pytest.mark.parametrize("group", GROUPS)
def test_client_group_after_retry(bench, group):
    other = "X25519" if group == "SECP384R1" else "SECP384R1"
    server = bench.serve("--groups", GROUPS[group])
    client = bench.gnutls_cli(server.port, "--single-key-share", "-d", "4", "--priority",
                              only("GROUP", other) + f":+GROUP-{group}", request=HELLO)
    client.wait_for("^hello$")
    assert client.wait() == 0, client.all
    assert "HELLO RETRY REQUEST (1025) was received" in client.all
    assert f"-(ECDHE-{group})-" in client.wait_for(r"^- Description: (.*)$")[1]


@pytest.mark.parametrize("kind", KEYS)
def test_client_key(bench, pki, kind):
    identity = pki.server(kind)
    server = bench.serve(identity=identity)
    about = fetch(bench, server.port, "--priority", BASE, root=identity.root)
    assert f"-({SIGNATURES[kind]})-" in about


def test_client_alpn(bench, server):
    client = bench.gnutls_cli(server.port, "--alpn", "http/1.1", "--priority", BASE, request=HELLO)
    client.wait_for("^hello$")
    assert client.wait() == 0, client.all
    assert "- Application protocol: http/1.1" in client.all, client.all


def test_client_record_size(bench, pki):
    """gnutls-cli announces a record_size_limit (RFC 8449); a larger file arrives whole."""
    data = bytes(range(32, 127)) * 2000
    server = bench.serve(root=bench.folder(big_txt=data))
    client = bench.gnutls_cli(server.port, "--recordsize", "600", "--priority", BASE,
                              request=HELLO.replace(b"hello", b"big"))
    assert client.wait() == 0, client.all
    assert data.decode() in client.out
    with connect(server.port, pki.server().root):
        pass


# ---- gnutls-serv against get ------------------------------------------------------------------------


def page(bench, server, *args, root=None):
    r = bench.get(*args, f"https://localhost:{server.port}/", root=root)
    assert r.rc == 0, r
    assert "<TD>Protocol version:</TD><TD>TLS1.3</TD>" in r.out, r
    return re.search(r"<TD>Description:</TD><TD>(.*?)</TD>", r.out)[1]


@pytest.mark.parametrize("suite", SUITES)
def test_server_suite(bench, suite):
    server = bench.gnutls_serv("--priority", only("CIPHER", suite))
    assert page(bench, server).endswith(f"-({suite})")


def test_get_ciphers(bench):
    server = bench.gnutls_serv("--priority", BASE)
    for name, suite in SUITES.items():
        assert page(bench, server, "--ciphers", suite).endswith(f"-({name})")


@pytest.mark.parametrize("group", GROUPS)
def test_server_group(bench, group):
    """P-256 and P-384 need a HelloRetryRequest, since get has no key share for them at first."""
    server = bench.gnutls_serv("--priority", only("GROUP", group), "-d", "4")
    assert f"-(ECDHE-{group})-" in page(bench, server)
    retried = "HELLO RETRY REQUEST" in server.all
    assert retried == group.startswith("SECP"), server.all


@pytest.mark.parametrize("group", GROUPS)
def test_get_curves(bench, group):
    server = bench.gnutls_serv("--priority", BASE, "-d", "4")
    assert f"-(ECDHE-{group})-" in page(bench, server, "--curves", GROUPS[group])
    assert "HELLO RETRY REQUEST" not in server.all, server.all


@pytest.mark.parametrize("kind", KEYS)
def test_server_key(bench, pki, kind):
    identity = pki.server(kind)
    server = bench.gnutls_serv("--priority", BASE, identity=identity)
    assert f"-({SIGNATURES[kind]})-" in page(bench, server, root=identity.root)


def test_server_sni_and_alpn(bench):
    server = bench.gnutls_serv("--priority", BASE, "--sni-hostname", "localhost", "--sni-hostname-fatal",
                               "--alpn", "http/1.1", "--alpn-fatal")
    page(bench, server)
    assert "Given server name[1]: localhost" in server.all, server.all
    assert "Application protocol: http/1.1" in server.all, server.all


def test_server_record_size(bench):
    """gnutls-serv announces a record_size_limit: a long request arrives in small records."""
    server = bench.gnutls_serv("--priority", BASE, "--recordsize", "512")
    long = "x" * 3000
    r = bench.get("-H", f"X-Long: {long}", f"https://localhost:{server.port}/")
    assert r.rc == 0 and long in r.out, r


def test_server_wants_a_certificate(bench):
    """It asks for one and takes the empty answer."""
    page(bench, bench.gnutls_serv("--priority", BASE, ask=True))
