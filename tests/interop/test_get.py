"""What `lockstep get` says and exits with when something is wrong."""
import contextlib
import re
import socket
import ssl
import struct
import threading
import time

import pytest

from kit import LOCKSTEP, Listener, Result, free_port, read_head, secrets, tls_listener, tool, wait_until, run

LABELS = ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
          "SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"]


def failed(result: Result, code, *words):
    """The exit code, nothing on stdout, at most three short lines on stderr, and what they must say."""
    assert result.rc == code, result
    assert result.out == "", result
    lines = result.err.splitlines()
    assert 1 <= len(lines) <= 3 and all(0 < len(line) <= 400 for line in lines), result
    for word in words:
        assert re.search(word, result.err, re.I), (word, result)
    return result


# ---- 60: the certificate ----------------------------------------------------------------------------

# what is wrong -> how the leaf is made, the alert that the server gets, what the sentence must say,
# and what a person can do
PROBLEMS = {
    "expired": (dict(days=(-90, -3)), 45, r"expired 3 days ago", r"renew"),
    "not yet valid": (dict(days=(3, 90)), 45, r"not valid before", r"date"),
    "wrong name": (dict(names="DNS:other.test"), 42, r"is for other\.test, not for localhost", r"use one of those|ask"),
    "no name": (dict(names="email:a@b.test"), 42, r"not for localhost", r"ask|needs"),
    "wrong purpose": (dict(usage="clientAuth"), 43, r"not meant for this use", r"ask"),
    "self-signed": (dict(self_signed=True), 48, r"self-signed", r"--cacert"),
    "RSA-1024": (dict(kind="rsa1024", by="rsa"), 42, r"1024", r"ask"),
    "SHA-1": (dict(kind="rsa", md="sha1"), 42, r"sha-?1", r"ask"),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_certificate(bench, pki, problem):
    made, alert, says, advice = PROBLEMS[problem]
    leaf = pki.leaf(**made)
    root = pki.authority(made.get("by") or made.get("kind", "p256"))[0].cert
    server = bench.s_server("-www", "-cipher", "DEFAULT@SECLEVEL=0", "-msg", identity=leaf)
    failed(bench.get(f"https://localhost:{server.port}/", root=root), 60, says, advice)
    server.wait_for(rf"alert number {alert}$")
    # -k says so loudly, and then does what it is told
    r = bench.get("-k", f"https://localhost:{server.port}/", root=root)
    assert r.rc == 0 and "Cipher is TLS_" in r.out, r
    assert re.search(r"warning", r.err, re.I) and re.search(r"not (checked|verified)|unverified|anyone|any certificate",
                                                            r.err, re.I), r


def test_unknown_ca(bench, pki):
    server = bench.s_server("-www", "-msg")
    r = bench.get(f"https://localhost:{server.port}/", root=pki.authority("rsa")[0].cert)
    failed(r, 60, r"not trusted here", r"--cacert")
    server.wait_for(r"alert number 48$")


def test_system_trust_is_the_default(bench):
    """Without --cacert the system's store counts, and the test root is not in it."""
    server = bench.s_server("-www")
    r = bench.lockstep("get", f"https://localhost:{server.port}/")
    failed(r, 60, r"not trusted here")


def test_trust_by_environment(bench, pki):
    """SSL_CERT_FILE and SSL_CERT_DIR replace the system's store; --cacert and --capath likewise."""
    server = bench.s_server("-www")
    url, root = f"https://localhost:{server.port}/", pki.server().root
    folder = bench.dir / "roots"
    folder.mkdir()
    hash = run(["openssl", "x509", "-in", root, "-noout", "-hash"], pki.env).out.strip()
    (folder / f"{hash}.0").write_bytes(root.read_bytes())
    empty = bench.dir / "none"
    empty.mkdir()
    for env in (dict(SSL_CERT_FILE=str(root)), dict(SSL_CERT_FILE="/dev/null", SSL_CERT_DIR=str(folder)),
                dict(SSL_CERT_FILE=str(pki.authority("rsa")[0].cert), SSL_CERT_DIR=f"{empty}:{folder}")):
        r = bench.lockstep("get", url, env=dict(bench.env, **env))
        assert r.rc == 0, (env, r)
    r = bench.lockstep("get", "--capath", folder, url)
    assert r.rc == 0, r
    r = bench.lockstep("get", "--cacert", root, url,
                       env=dict(bench.env, SSL_CERT_FILE=str(pki.authority("rsa")[0].cert)))
    assert r.rc == 0, r  # what is named wins


def test_cacert_cannot_be_read(bench, pki):
    for path in (bench.dir / "none.pem", "/dev/null", pki.server().key):
        r = bench.get("https://localhost:1/", root=path)
        assert r.rc in (2, 77) and str(path) in r.err, r  # 77: curl's number


def test_missing_intermediate(bench, pki):
    leaf = pki.leaf()
    leaf.chain = "/dev/null"
    server = bench.start(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", leaf.cert, "-key", leaf.key,
                          "-www", "-msg"])
    port = int(server.wait_for(r"^ACCEPT [^\s]*:(\d+)$")[1])
    failed(bench.get(f"https://localhost:{port}/"), 60, r"Test Intermediate p256", r"was not sent", r"whole chain")
    server.wait_for(r"alert number 48$")


def test_wrong_order_and_extra_certificates(bench, pki):
    """RFC 8446 §4.4.2: the rest of the chain may come in any order, and with more than is needed."""
    leaf = pki.leaf()
    root, middle = pki.authority("p256")
    leaf.chain.write_text("".join(c.read_text() for c in (
        leaf.cert, pki.authority("rsa")[1].cert, root.cert, pki.authority("ed25519")[0].cert, middle.cert)))
    server = bench.s_server("-www", identity=leaf)
    assert bench.get(f"https://localhost:{server.port}/").rc == 0


def test_bad_signature(bench, pki):
    """One bit of the certificate's signature is flipped."""
    leaf = pki.leaf()
    der = bytearray(ssl.PEM_cert_to_DER_cert(leaf.cert.read_text()))
    der[-1] ^= 1
    leaf.cert.write_text(ssl.DER_cert_to_PEM_cert(bytes(der)))
    leaf.chain.write_text(leaf.cert.read_text() + pki.authority("p256")[1].cert.read_text())
    server = bench.s_server("-www", identity=leaf)
    failed(bench.get(f"https://localhost:{server.port}/"), 60, r"signature", r"do not go on|ask")


def test_issuer_is_no_ca(bench, pki):
    """A leaf's key signs another leaf."""
    between = pki.leaf()
    ext = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
           "extendedKeyUsage=serverAuth", "subjectAltName=DNS:localhost", "authorityKeyIdentifier=keyid"]
    leaf = pki.issue("Test Server", "p256", ext, between)
    leaf.chain = leaf.cert.with_suffix(".chain")
    leaf.chain.write_text(leaf.cert.read_text() + between.chain.read_text())
    server = bench.s_server("-www", identity=leaf)
    failed(bench.get(f"https://localhost:{server.port}/"), 60, r"does not allow it to issue")


@pytest.mark.parametrize("name, good", [
    ("localhost", True), ("LOCALHOST", True), ("127.0.0.1", True), ("a.wild.test", True), ("A.Wild.Test", True),
    ("wild.test", False), ("a.b.wild.test", False), ("xwild.test", False), ("127.0.0.2", False),
    ("localhost.test", False)])
def test_names(bench, pki, name, good):
    leaf = pki.made.setdefault("names", None) or pki.leaf(names="DNS:localhost,IP:127.0.0.1,DNS:*.wild.test")
    pki.made["names"] = leaf
    server = bench.s_server("-www", identity=leaf)
    r = bench.get("--resolve", f"{name}:{server.port}:127.0.0.1", f"https://{name}:{server.port}/")
    if good:
        assert r.rc == 0, r
    else:
        failed(r, 60, r"not for " + re.escape(name))


# ---- 2, 3, 6, 7: before the handshake ---------------------------------------------------------------


@pytest.mark.parametrize("args", [
    [], ["--no-such-option", "https://localhost/"], ["-o"], ["-m", "soon", "https://localhost/"],
    ["--curves", "none", "https://localhost/"], ["--ciphers", "TLS_NULL", "https://localhost/"],
    ["--resolve", "nonsense", "https://localhost/"]])
def test_usage(bench, args):
    failed(bench.lockstep("get", *args), 2)


@pytest.mark.parametrize("url", [
    "https://", "https:///path", "https://host:99999/", "https://host:port/", "https://host name/",
    "https://[::1/", "://host/", "https://user@/", "https://ho\x01st/", "https://host/\r\nX: y"])
def test_bad_url(bench, url):
    failed(bench.get(url), 3)


@pytest.mark.parametrize("url", ["http://localhost/", "ftp://localhost/", "file:///etc/passwd"])
def test_other_schemes(bench, url):
    """1 is curl's number for a protocol that it does not speak."""
    r = bench.get(url)
    assert r.rc in (1, 3) and "https" in r.err and r.out == "", r


def test_name_not_resolved(bench):
    failed(bench.get("https://nonexistent.invalid/", timeout=60), 6, r"nonexistent\.invalid")


def test_closed_port(bench):
    failed(bench.get(f"https://localhost:{free_port()}/"), 7, r"refused|connect")


def test_resolve(bench, pki):
    server = bench.s_server("-www")
    r = bench.get("--resolve", f"localhost:{server.port}:127.0.0.1", f"https://localhost:{server.port}/")
    assert r.rc == 0, r
    r = bench.get("--resolve", f"nonexistent.invalid:{server.port}:127.0.0.1",
                  f"https://nonexistent.invalid:{server.port}/")
    failed(r, 60, r"not for nonexistent\.invalid")


def test_second_address_is_tried(bench):
    """Where the first address of a name refuses, the next is taken."""
    server = bench.s_server("-www")
    r = bench.get("--resolve", f"localhost:{server.port}:127.0.0.9,127.0.0.1", f"https://localhost:{server.port}/")
    assert r.rc == 0, r
    r = bench.get("--resolve", f"localhost:{server.port}:127.0.0.9,127.0.0.8", f"https://localhost:{server.port}/")
    failed(r, 7)


# ---- 35: the handshake ------------------------------------------------------------------------------


@pytest.fixture
def www(bench):
    (bench.folder(hello_txt=b"hello\n") / "dir" / "sub").mkdir(parents=True)
    (bench.dir / "www" / "dir" / "file.txt").write_bytes(b"file\n")
    return f"https://localhost:{bench.serve(root=bench.dir / 'www').port}"


@pytest.mark.parametrize("path", ["/dir/file.txt", "/dir/./file.txt", "/x/../dir/file.txt", "/../dir/file.txt",
                                  "/dir/sub/../file.txt", "/dir/%66ile.txt", "/./dir/./../dir/file.txt"])
def test_dot_segments(bench, www, path):
    """RFC 3986 §5.2.4: they are removed before the request, as browsers do."""
    r = bench.get(www + path)
    assert r.rc == 0 and r.out == "file\n", r


def test_redirect_to_folder(bench, www):
    r = bench.get("-L", "-w", "%{num_redirects} %{url_effective}", www + "/dir")
    assert r.rc == 0 and r.out.endswith(f"1 {www}/dir/") and "file.txt" in r.out, r


@pytest.mark.parametrize("place, asks", [
    ("/file", "/file"), ("file", "/a/b/file"), ("./file", "/a/b/file"), ("../file", "/a/file"),
    ("../../../file", "/file"), ("?q=1", "/a/b/c?q=1"), ("file?q=1#x", "/a/b/file?q=1"), ("#x", "/a/b/c?old=1"),
    ("https://localhost:{port}/x/../file", "/file"), ("//localhost:{port}/file", "/file"),
    ("/file?u=https://other.test/", "/file?u=https://other.test/"), ("file?u=https://other.test/", None)])
def test_relative_redirects(bench, pki, place, asks):
    """RFC 3986 §5.2, RFC 9110 §10.2.2."""
    asked = []

    def serve(peer):
        target = read_head(peer).split()[1].decode()
        asked.append(target)
        if len(asked) == 1:
            peer.sendall(f"HTTP/1.1 302 Found\r\nLocation: {place.format(port=server.port)}\r\n"
                         "Content-Length: 0\r\n\r\n".encode())
        else:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        peer.unwrap()

    with tls_listener(pki.server(), serve) as server:
        r = bench.get("-L", f"https://localhost:{server.port}/a/b/c?old=1")
    assert r.rc == 0 and r.out == "ok", (asked, r)
    assert asked[1] == (asks or "/a/b/file?u=https://other.test/")


def test_plain_http_server(bench):
    with Listener(lambda peer: (peer.recv(4096), peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))) as server:
        failed(bench.get(f"https://localhost:{server.port}/"), 35, r"plain HTTP|http://|does not speak TLS",
               r"HTTP")


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 100, b"220 mail ESMTP\r\n", b"\x16\x03\x01"],
                         ids=["ssh", "zeros", "mail", "part of a record"])
def test_no_tls(bench, answer):
    with Listener(lambda peer: (peer.recv(4096), peer.sendall(answer))) as server:
        failed(bench.get(f"https://localhost:{server.port}/"), 35)


def test_closed_in_the_handshake(bench):
    with Listener(lambda peer: peer.recv(4096)) as server:
        failed(bench.get(f"https://localhost:{server.port}/"), 35)


def test_reset_in_the_handshake(bench):
    def reset(peer):
        peer.recv(10)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with Listener(reset) as server:
        failed(bench.get(f"https://localhost:{server.port}/"), 35)


def test_alert_from_server(bench):
    with Listener(lambda peer: (peer.recv(4096), peer.sendall(b"\x15\x03\x03\x00\x02\x02\x70"))) as server:
        r = failed(bench.get(f"https://localhost:{server.port}/"), 35, r"unrecognized_name")
    assert r.err.count("unrecognized_name") == 1 and re.search(r"where: +in state \w+; RFC 8446", r.err), r


def test_no_common_group(bench):
    server = bench.s_server("-www", "-groups", "P-521")
    failed(bench.get(f"https://localhost:{server.port}/"), 35, r"handshake_failure")


# ---- 28, 56, 22: after it ---------------------------------------------------------------------------


def timed_out(bench, port, limit="1"):
    began = time.monotonic()
    r = failed(bench.get("-m", limit, f"https://localhost:{port}/"), 28, r"second|time")
    assert float(limit) - 0.1 <= time.monotonic() - began < float(limit) + 3
    return r


def test_time_limit_in_the_handshake(bench):
    with Listener(lambda peer: (peer.recv(4096), peer.recv(4096))) as server:
        timed_out(bench, server.port)


def test_time_limit_in_the_answer(bench, pki):
    with tls_listener(pki.server(), lambda peer: (read_head(peer), peer.recv(1))) as server:
        timed_out(bench, server.port, "0.5")


def test_time_limit_in_the_body(bench, pki):
    def slow(peer):
        read_head(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            peer.sendall(b"x")
            time.sleep(0.1)

    with tls_listener(pki.server(), slow) as server:
        began = time.monotonic()
        r = bench.get("-m", "1", f"https://localhost:{server.port}/")
        assert r.rc == 28 and time.monotonic() - began < 4, r
        assert set(r.body) <= {ord("x")} and len(r.body) < 1000, r


def answering(pki, data, notify=True):
    """A server that answers any request with `data`, and closes with or without close_notify."""
    def serve(peer):
        read_head(peer)
        peer.sendall(data)
        if notify:
            peer.settimeout(5)
            with contextlib.suppress(OSError):
                peer.unwrap()

    return tls_listener(pki.server(), serve)


@pytest.mark.parametrize("notify", [True, False], ids=["close_notify", "cut"])
@pytest.mark.parametrize("head", [b"Content-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n"],
                         ids=["length", "chunked"])
def test_truncated_body(bench, pki, head, notify):
    data = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + (b"" if b"Length" in head else b"3e8\r\n") + b"x" * 100
    with answering(pki, data, notify) as server:
        r = bench.get(f"https://localhost:{server.port}/")
        assert r.rc == 56 and r.body == b"x" * 100 and len(r.err.splitlines()) <= 3, r


def test_body_until_close(bench, pki):
    """Without a length the body ends with close_notify; without that, somebody may have cut it (RFC 8446 §6.1)."""
    data = b"HTTP/1.1 200 OK\r\n\r\nuntil the end"
    with answering(pki, data) as server:
        r = bench.get(f"https://localhost:{server.port}/")
        assert (r.rc, r.out, r.err) == (0, "until the end", ""), r
    with answering(pki, data, notify=False) as server:
        r = bench.get(f"https://localhost:{server.port}/")
        assert r.rc == 56 and r.out == "until the end" and re.search("close_notify|cut|truncat|broken", r.err), r


def test_complete_body_without_notify(bench, pki):
    """With a length the body is known to be whole, whether or not close_notify comes."""
    with answering(pki, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole", notify=False) as server:
        r = bench.get(f"https://localhost:{server.port}/")
        assert (r.rc, r.out) == (0, "whole"), r


@pytest.mark.parametrize("data", [
    b"", b"HTTP/1.1 200", b"nonsense\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 50_000 + b"\r\n"],
    ids=["nothing", "cut status", "nonsense", "status", "cut header", "two lengths", "negative", "length", "huge length",
         "chunk size", "chunk end", "huge chunk", "long field", "many fields"])
def test_broken_http(bench, pki, data):
    with answering(pki, data) as server:
        r = bench.get(f"https://localhost:{server.port}/")
        assert r.rc in (8, 52, 56) and 1 <= len(r.err.splitlines()) <= 3, r  # 8, 52: curl's numbers


def test_informational_responses(bench, pki):
    with answering(pki, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") as server:
        r = bench.get(f"https://localhost:{server.port}/")
        assert (r.rc, r.out) == (0, "hello"), r


def test_many_small_chunks(bench, pki):
    chunks = b"".join(b"1;x=y\r\n%c\r\n" % (97 + i % 26) for i in range(5000))
    body = bytes(97 + i % 26 for i in range(5000))
    with answering(pki, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
                   + b"0\r\nX-Trailer: x\r\n\r\n") as server:
        r = bench.get(f"https://localhost:{server.port}/")
        assert (r.rc, r.body) == (0, body), r


def test_terminal_is_safe(bench, pki):
    """What a server says in its status line cannot steer the terminal through an error or -v."""
    with answering(pki, b"HTTP/1.1 404 \x1b]0;evil\x07\r\nX: \x1b[31m\r\nContent-Length: 0\r\n\r\n") as server:
        for option in ("-f", "-v"):
            r = bench.get(option, f"https://localhost:{server.port}/")
            assert "\x1b" not in r.err and "\x07" not in r.err, r


def test_broken_pipe(bench, pki):
    """`lockstep get … | head -c 1` ends quietly."""
    with answering(pki, b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000) as server:
        r = run(["sh", "-c", '"$@" | head -c 1', "sh", LOCKSTEP, "get", "--cacert", pki.server().root,
                 f"https://localhost:{server.port}/"], bench.env)
        assert r.rc == 0 and r.body == b"x" and len(r.err.splitlines()) <= 3, r


def test_silent(bench):
    url = f"https://localhost:{free_port()}/"
    r = bench.get("-s", url)
    assert (r.rc, r.out, r.err) == (7, "", ""), r
    failed(bench.get("-sS", url), 7)


def test_no_progress_and_no_colour(bench):
    server = bench.s_server("-www")
    r = bench.get(f"https://localhost:{server.port}/")
    assert r.rc == 0 and r.err == "", r


# ---- the key log ------------------------------------------------------------------------------------


class Tap:
    """Passes one connection on to `port` and keeps the bytes of both directions."""

    def __init__(self, port):
        self.segments = []  # (from client?, bytes)
        self.lock = threading.Lock()
        self.target = port
        self.listener = Listener(self.serve)
        self.port = self.listener.port

    def serve(self, client):
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self.copy, args=(server, client, False))
            back.start()
            self.copy(client, server, True)
            back.join(20)

    def copy(self, source, sink, from_client):
        with contextlib.suppress(OSError):
            while data := source.recv(16384):
                with self.lock:
                    self.segments.append((from_client, data))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def write_pcap(self, path):
        """The connection as a capture of raw IPv4 packets (LINKTYPE_RAW), port 443 the server's."""
        ports, seq = {True: (40000, 443), False: (443, 40000)}, {True: 1000, False: 5000}
        packets = []

        def packet(from_client, flags, data=b""):
            source, sink = ports[from_client]
            tcp = struct.pack(">HHIIBBHHH", source, sink, seq[from_client], seq[not from_client], 5 << 4, flags,
                              65535, 0, 0) + data
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), len(packets), 0x4000, 64, 6, 0,
                             bytes([10, 0, 0, 1 if from_client else 2]), bytes([10, 0, 0, 2 if from_client else 1]))
            packets.append(ip + tcp)
            seq[from_client] += len(data) + (flags & 0x02 != 0)

        packet(True, 0x02), packet(False, 0x12), packet(True, 0x10)
        for from_client, data in self.segments:
            for at in range(0, len(data), 1400):
                packet(from_client, 0x18, data[at:at + 1400])
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            for i, p in enumerate(packets):
                f.write(struct.pack("<IIII", 1_700_000_000, i, len(p), len(p)) + p)


def test_key_log(bench, pki):
    """get's SSLKEYLOGFILE and serve's --keylog agree, grow by each connection, and have the five labels."""
    theirs, ours = bench.dir / "serve.keys", bench.dir / "get.keys"
    server = bench.serve("--keylog", theirs)
    env = dict(bench.env, SSLKEYLOGFILE=str(ours))
    for n in (1, 2):
        r = bench.get(f"https://localhost:{server.port}/hello.txt", env=env)
        assert r.rc == 0 and r.out == "hello\n", r
        lines = secrets(ours)
        assert [line.split()[0] for line in lines] == sorted(LABELS * n)
        for line in lines:
            assert re.fullmatch(r"[A-Z_0-9]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})", line), line
        assert wait_until(lambda: secrets(theirs) == lines, what="equal key logs")
    assert ours.stat().st_mode & 0o077 == 0 and theirs.stat().st_mode & 0o077 == 0  # secrets are nobody else's


def test_key_log_of_serve_by_environment(bench, pki):
    keys = bench.dir / "serve.keys"
    server = bench.serve(env=dict(bench.env, SSLKEYLOGFILE=str(keys)))
    assert bench.get(f"https://localhost:{server.port}/hello.txt").out == "hello\n"
    assert [line.split()[0] for line in wait_until(lambda: secrets(keys), what="a key log")] == LABELS


def test_key_log_only_on_request(bench, pki):
    server = bench.serve()
    before = set(bench.dir.rglob("*"))
    assert bench.get(f"https://localhost:{server.port}/hello.txt").rc == 0
    assert set(bench.dir.rglob("*")) == before


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"])
def test_wireshark_reads_along(bench, pki, suite):
    """tshark decrypts a recorded connection with the key log, after a HelloRetryRequest too."""
    if not tool("tshark"):
        pytest.skip("tshark is not installed; the secrets are compared with OpenSSL's in test_openssl.py")
    server = bench.serve("--suites", suite, "--groups", "P-256")
    tap = Tap(server.port)
    keys, pcap = bench.dir / "get.keys", bench.dir / "tap.pcap"
    with tap.listener:
        r = bench.get(f"https://localhost:{tap.port}/hello.txt", env=dict(bench.env, SSLKEYLOGFILE=str(keys)))
        assert r.rc == 0, r
    tap.write_pcap(pcap)
    r = run(["tshark", "-r", pcap, "-o", f"tls.keylog_file:{keys}", "-T", "fields", "-e", "http.request.uri",
             "-e", "http.response.code", "-e", "http.file_data", "-Y", "http"], bench.env)
    assert "/hello.txt" in r.out and re.search(r"\b200\b", r.out), r
    assert "hello" in r.out or "68656c6c6f0a" in r.out, r
    r = run(["tshark", "-r", pcap, "-o", f"tls.keylog_file:{keys}", "-T", "fields", "-e", "tls.handshake.type"],
            bench.env)
    types = [t for line in r.out.split() for t in line.split(",")]
    for type in ("1", "2", "8", "25", "15", "20"):  # up to both Finished; 25: the Certificate, compressed
        assert type in types, (type, types)
    assert types.count("20") == 2 and types.count("1") == 2, types
