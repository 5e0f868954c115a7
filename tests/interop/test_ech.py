"""Encrypted Client Hello (RFC 9849) with ourselves and with NSS, whose tools have had it for years."""
import base64
import json
import re

import pytest

from kit import Tap, free_port, is_open, run, tool, wait_until

NAMES = "DNS:secret.test"
PUBLIC = "DNS:public.test"


@pytest.fixture(scope="module")
def names(pki):
    """The identities of the name that is meant and of the one that everybody sees."""
    return pki.server(names=NAMES), pki.server(names=PUBLIC)


def new_key(bench, name="ech.pem", public="public.test"):
    r = bench.lockstep("ech", "new", "-f", "-o", bench.dir / name, public)
    assert r.rc == 0 and re.fullmatch(r"ech=[A-Za-z0-9+/=]+\n", r.out), r
    assert (bench.dir / name).stat().st_mode & 0o777 == 0o600
    assert bench.lockstep("ech", "show", name).out == r.out
    return bench.dir / name, r.out[4:].strip()


def serve(bench, names, *files, **more):
    args = [a for f in files for a in ("--ech", f)]
    pairs = [a for i in names for a in i.pair()]
    return bench.serve(*args, identity=pairs, **more)


def get(bench, server, *args, host="secret.test"):
    return bench.get(*args, "--resolve", f"{host}:{server.port}:127.0.0.1", f"https://{host}:{server.port}/hello.txt")


# ---- ourselves --------------------------------------------------------------------------------------


def test_accepted(bench, names):
    """From the file, from its list alone, and from the text of the DNS."""
    file, text = new_key(bench)
    server = serve(bench, names, file)
    (bench.dir / "list.pem").write_text(file.read_text().split("-----END PRIVATE KEY-----\n")[1])
    (bench.dir / "dns.txt").write_text(text + "\n")
    (bench.dir / "shown.txt").write_text(bench.lockstep("ech", "show", file).out)
    for source in (file, "list.pem", "dns.txt", "shown.txt"):
        r = get(bench, server, "-v", "--ech", source)
        assert (r.rc, r.out) == (0, "hello\n") and "ClientHelloInner" in r.err, r
    assert get(bench, server).rc == 0  # and who has no configuration is served too
    wait_until(lambda: server.out.count("\n") == 5, what="the fifth line of the log")
    assert [line.endswith(" ech") for line in server.out.splitlines()] == [True] * 4 + [False], server.out


def test_told(bench, names):
    file, _ = new_key(bench)
    old, _ = new_key(bench, "old.pem")
    server = serve(bench, names, file)

    def told(*args):
        return json.loads(get(bench, server, "--json", *args).out)["ech"]

    assert [told("--ech", file), told("--ech", old), told()] == ["accepted", "accepted", None]
    server = serve(bench, names)
    assert told("--ech", file) == "rejected"
    server = serve(bench, names, file)
    r = get(bench, server, "--explain", "--ech", file)
    assert "ClientHello encrypted" in r.err.splitlines()[0], r


@pytest.mark.parametrize("args", [("--tls-max", "1.2"), ("--kex", "rsa")])
def test_not_in_tls12(bench, names, args):
    file, _ = new_key(bench)
    r = bench.lockstep("get", "--ech", file, *args, "https://secret.test/")
    assert r.rc == 2 and "--ech is of TLS 1.3" in r.err, r
    if args[0] == "--tls-max":
        r = bench.lockstep("serve", *names[0].pair(), "--ech", file, *args)
        assert r.rc == 2 and "--ech is of TLS 1.3" in r.err, r


def test_rejected(bench, names):
    old, _ = new_key(bench, "old.pem")
    new, _ = new_key(bench, "new.pem")
    server = serve(bench, names, new)
    r = get(bench, server, "-k", "--ech", old)  # nobody has vouched for what it hands out
    assert r.rc == 35 and r.out == "" and re.search("another configuration", r.err), r
    both = serve(bench, names, new, old)
    assert get(bench, both, "--ech", old).rc == 0
    without = serve(bench, names)
    r = get(bench, without, "--ech", old)
    assert r.rc == 35 and re.search("does without", r.err), r
    only_secret = serve(bench, names[:1], new)  # has nobody who could say that the key is another
    r = get(bench, only_secret, "--ech", old)
    assert r.rc == 60 and re.search(r"public\.test", r.err), r


def test_tried_again(bench, names):
    """RFC 9849 §6.1.6: once, with what the server hands out, when it has proved to have the public name."""
    old, _ = new_key(bench, "old.pem")
    new, _ = new_key(bench, "new.pem")
    server = serve(bench, names, new)
    r = get(bench, server, "-v", "--ech", old)
    assert (r.rc, r.out) == (0, "hello\n") and r.err.count("trying again") == 1, r
    assert r.err.count("ClientHelloInner") == 2, r
    wait_until(lambda: server.out.count("\n") == 2, what="two lines of the log")
    refused, answered = server.out.splitlines()
    assert "refused-by-client ALERT_FROM_PEER ech_required(121)" in refused, server.out
    assert answered.endswith(" ech") and "GET /hello.txt" in answered, server.out
    r = get(bench, server, "-d", "data", "--ech", old)  # nothing of the request was sent the first time
    assert r.rc == 0 and "405" in server.wait_for(r".*POST.*")[0], r


class Turns(Tap):
    """Each connection goes to the next of the servers."""

    def __init__(self, *servers):
        super().__init__(None)
        self.servers = servers

    def between(self, client):
        self.to = self.servers[len(self.said)].port
        super().between(client)


def test_tried_again_once(bench, names):
    """A server that never takes what it has handed out: two connections, and no third."""
    old, _ = new_key(bench, "old.pem")
    new, _ = new_key(bench, "new.pem")
    other, _ = new_key(bench, "other.pem")
    first, second = serve(bench, names, new), serve(bench, names, other)
    with Turns(first, second, first) as turns:
        r = get(bench, turns, "-v", "--ech", old)
    assert r.rc == 35 and r.out == "" and r.err.count("trying again") == 1, r
    assert re.search("another configuration", r.err) and len(turns.said) == 2, r
    assert not any(b"secret.test" in said for said in turns.said)


@pytest.mark.parametrize("args", [("new",), ("new", "a_b"), ("new", "1.2.3.4"), ("show",), ("show", "missing.pem"),
                                  ("frob", "x"), (), ("new", "a.test", "b.test")])
def test_usage(bench, args):
    r = bench.lockstep("ech", *args)
    assert r.rc == 2 and r.out == "" and r.err, r


def test_files(bench, names):
    file, _ = new_key(bench)
    r = bench.lockstep("ech", "new", "-o", file, "public.test")
    assert r.rc == 23 and "-f" in r.err, r
    (bench.dir / "junk.pem").write_text("junk?\n")
    (bench.dir / "key.pem").write_text(file.read_text().split("-----BEGIN ECHCONFIG")[0])
    server = serve(bench, names, file)
    for bad in ("junk.pem", "key.pem", "missing.pem"):
        assert get(bench, server, "--ech", bad).rc == 2
        assert bench.lockstep("serve", *names[0].pair(), "--ech", bad).rc == 2


# ---- NSS --------------------------------------------------------------------------------------------


@pytest.fixture
def nss(bench, pki, names):
    """A database with the root for clients, and one for each identity, whose nickname is "server"."""
    if tool("tstclnt") is None or tool("selfserv") is None:
        pytest.skip("libnss3-tools is not there")

    def do(*argv):
        r = run(argv, bench.env)
        assert r.rc == 0, r

    made = {}
    for name, identity in (("client", None), ("secret.test", names[0]), ("public.test", names[1])):
        (bench.dir / f"nss-{name}").mkdir()
        db = made[name] = f"sql:{bench.dir}/nss-{name}"
        do("certutil", "-N", "-d", db, "--empty-password")
        do("certutil", "-A", "-d", db, "-n", "root", "-t", "CT,,", "-i", pki.authority("p256")[0].cert)
        if identity:
            p12 = bench.dir / f"{name}.p12"
            do("openssl", "pkcs12", "-export", "-name", "server", "-inkey", identity.key, "-in", identity.chain,
               "-out", p12, "-passout", "pass:x")
            do("pk12util", "-i", p12, "-d", db, "-W", "x")
    return made


def tstclnt(bench, db, server, *args):
    """A handshake of NSS for secret.test; what the server's access log would say is not asked for."""
    return run(["tstclnt", "-4", "-h", "127.0.0.1", "-p", str(server.port), "-a", "secret.test", "-d", db["client"], "-Q",
                "-V", "tls1.3:tls1.3", *args], bench.env)


@pytest.mark.parametrize("groups", ["x25519", "secp384r1"])  # the second one costs a HelloRetryRequest
def test_nss_client(bench, names, nss, groups):
    file, text = new_key(bench)
    server = bench.serve("--groups", groups, "--ech", file, identity=[a for i in names[::-1] for a in i.pair()])
    for args in (["-N", text], ["-i", "100"]):  # real, and GREASE
        r = tstclnt(bench, nss, server, *args)
        assert r.rc == 0 and "Test Server" in r.all, r


def test_nss_client_rejected(bench, names, nss):
    """NSS comes in with our new configuration, and not with the old one."""
    old, text = new_key(bench, "old.pem")
    new, newer = new_key(bench, "new.pem")
    server = serve(bench, names, new)
    r = tstclnt(bench, nss, server, "-N", text)
    assert r.rc != 0, r
    assert tstclnt(bench, nss, server, "-N", newer).rc == 0


def der(tag, *parts):
    content = b"".join(parts)
    assert len(content) < 256
    return bytes([tag]) + (bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])) + content


def nss_key(file):
    """Our file as selfserv wants it: the key in NSS's own form, an EC key on a curve of id 1.3.6.1.4.1.11591.15.1."""
    blocks = re.findall(r"-----BEGIN .*?-----(.*?)-----END", file.read_text(), re.S)
    private, configs = (base64.b64decode(block) for block in blocks)
    public = configs[11:43]
    algorithm = der(0x30, bytes.fromhex("06072a8648ce3d0201"), bytes.fromhex("06092b06010401da470f01"))
    key = der(0x30, b"\2\1\1", der(4, private[-32:]), der(0xA1, der(3, b"\0" + public)))
    pkcs8 = der(0x30, b"\2\1\0", algorithm, der(4, key))
    return base64.b64encode(len(pkcs8).to_bytes(2, "big") + pkcs8 + configs).decode()


def selfserv(bench, db, file, name, *args):
    port = free_port()
    server = bench.start(["selfserv", "-d", db[name], "-n", "server", "-p", str(port), "-V", "tls1.3:tls1.3",
                          "-X", nss_key(file), *args])
    server.port = port
    wait_until(lambda: is_open(port))
    return server


@pytest.mark.parametrize("args", [(), ("-I", "P384")])  # the second one costs a HelloRetryRequest
def test_nss_server(bench, nss, args):
    file, _ = new_key(bench)
    server = selfserv(bench, nss, file, "secret.test", *args)
    r = get(bench, server, "-v", "--ech", file)
    assert r.rc == 0 and re.search(r"encrypted ClientHello.*accepted", r.err), r
    if not args:
        assert get(bench, server).rc == 0  # GREASE


def test_nss_server_rejects(bench, nss):
    """Without a retry: there NSS 3.87 and its own client do not understand each other either."""
    old, _ = new_key(bench, "old.pem")
    new, _ = new_key(bench, "new.pem")
    server = selfserv(bench, nss, new, "public.test")
    r = get(bench, server, "-v", "--ech", old)  # the second time it is taken, but there is no secret.test
    assert r.rc == 60 and r.err.count("trying again") == 1 and "not for secret.test" in r.err, r
