"""Go's crypto/tls: resumption and client certificates, both ways. (It has no 0-RTT for TCP.)"""
import pytest

from kit import KEYS, ROOT, VERSIONS, clean_env, logged, run, tool

pytestmark = pytest.mark.skipif(tool("go") is None, reason="there is no go")
OLD = "go1.19" in run(["go", "version"], clean_env("/nonexistent")).out if tool("go") else False
NO_EMS = pytest.mark.skipif(OLD, reason="before 1.21 Go has no extended_master_secret, which we demand")
versions = pytest.mark.parametrize("version", [pytest.param(v, marks=NO_EMS if v == "1.2" else ()) for v in VERSIONS])


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    """The peer program, built once."""
    dir = tmp_path_factory.mktemp("go")
    env = clean_env(dir, GOCACHE=str(dir / "cache"), GOPATH=str(dir / "path"), GOTOOLCHAIN="local", CGO_ENABLED="0")
    r = run(["go", "build", "-o", dir / "peer", ROOT / "tests" / "interop" / "peer.go"], env, timeout=300)
    assert r.rc == 0, r
    return dir / "peer"


def client(bench, peer, server, root, version, times=1, own=None):
    pair = [own.chain, own.key] if own else []
    return run([peer, "client", f"localhost:{server.port}", root, version, times, *pair], bench.env)


def resumed(r):
    assert r.rc == 0 and r.out.count(" 200 hello\n") == len(r.out.splitlines()), r
    return ["resumed=true" in line for line in r.out.splitlines()]


@versions
@pytest.mark.parametrize("kind", KEYS)
def test_client(bench, pki, peer, kind, version):
    identity = pki.server(kind)
    server = bench.serve(identity=identity)
    assert resumed(client(bench, peer, server, identity.root, version, 3)) == [False, True, True]
    assert [" resumed" in line for line in logged(server, 3)] == [False, True, True], server.out


@versions
def test_client_after_retry(bench, pki, peer, version):
    if OLD:
        pytest.skip("the binder of Go 1.19 after a HelloRetryRequest is wrong; OpenSSL and GnuTLS refuse it too")
    server = bench.serve("--groups", "P-384")
    assert resumed(client(bench, peer, server, pki.server().root, version, 2)) == [False, True]


@versions
def test_client_with_early_data_on(bench, pki, peer, version):
    """Tickets that allow 0-RTT data are good for clients that know nothing of it."""
    server = bench.serve("--early-data")
    assert resumed(client(bench, peer, server, pki.server().root, version, 3)) == [False, True, True]


@versions
@pytest.mark.parametrize("kind", KEYS)
def test_client_certificate(bench, pki, peer, kind, version):
    server = bench.serve("--client-ca", pki.authority(kind)[0].cert)
    root = pki.server().root
    assert resumed(client(bench, peer, server, root, version, 3, pki.client(kind))) == [False, True, True]
    assert all(line.endswith(' client="CN=Test Client"') for line in logged(server, 3)), server.out
    r = client(bench, peer, server, root, version)
    assert r.rc == 1 and "error: remote error: tls: " in r.out, r


def go_server(bench, peer, identity, version, *more):
    server = bench.start([peer, "server", identity.chain, identity.key, version, *more])
    server.port = server.wait_for(r"^listening on .*:(\d+)$")[1]
    return server


@versions
@pytest.mark.parametrize("kind", KEYS)
def test_server(bench, pki, peer, kind, version):
    identity = pki.server(kind)
    server = go_server(bench, peer, identity, version)
    for i in range(3):
        r = bench.get("--session", bench.dir / "s", f"https://localhost:{server.port}/", root=identity.root)
        assert r.rc == 0 and f"resumed={'true' if i else 'false'}" in r.out, r


@versions
@pytest.mark.parametrize("kind", KEYS)
def test_server_wants_a_certificate(bench, pki, peer, kind, version):
    server = go_server(bench, peer, pki.server(), version, pki.authority(kind)[0].cert)
    own, url = pki.client(kind), f"https://localhost:{server.port}/"
    for i in range(3):
        r = bench.get("--cert", own.chain, "--key", own.key, "--session", bench.dir / "s", url)
        assert r.rc == 0 and f'resumed={"true" if i else "false"} peer="Test Client"' in r.out, r
    for session in ([], ["--session", bench.dir / "s"]):  # the sessions are another one's
        r = bench.get(*session, url)
        assert r.rc == (56 if version == "1.3" else 35) and "to do" in r.err, r
