"""What the interoperability tests share: certificates, peers as processes, a little HTTP.

Certificates come from OpenSSL, never from Lockstep, so that the two judge each other.
"""
import contextlib
import datetime
import http.client
import io
import os
import pty
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKSTEP = Path(os.environ.get("LOCKSTEP", ROOT / "build" / "lockstep"))

SUITES = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
KEYS = ["rsa", "p256", "p384", "ed25519"]
VERSIONS = ["1.2", "1.3"]  # of TLS, for tests of what every version has: resumption, client certificates


# ---- environment and processes --------------------------------------------------------------------


def clean_env(home, **more):
    """The caller's environment without anything that changes what a TLS program does."""
    env = {}
    for name, value in os.environ.items():
        if name.startswith(("SSL", "OPENSSL", "GNUTLS", "XDG_", "CURL", "LOCKSTEP")):
            continue
        if name.lower().endswith("_proxy") or name == "NO_COLOR":
            continue
        env[name] = value
    env["PATH"] = env.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    env["HOME"] = str(home)
    env["XDG_DATA_HOME"] = str(Path(home) / "data")
    env["LC_ALL"] = "C.UTF-8"
    env.update(more)
    return env


class Result(str):
    """What a command that ended left behind. As a string it is what a failed assertion shows."""

    def __new__(cls, argv, rc, out, err):
        texts = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
        self = super().__new__(cls, f"\n$ {' '.join(argv)}\nexit {rc}\nstdout: {texts[0][:1500]}\n"
                                    f"stderr: {texts[1][:3000]}\n")
        self.rc, self.body, self.out, self.err, self.all = rc, out, *texts, "".join(texts)
        return self


def run(argv, env, stdin=b"", timeout=30, cwd=None):
    argv = [str(a) for a in argv]
    try:
        done = subprocess.run(argv, input=stdin, env=env, cwd=cwd, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"{' '.join(argv)}: no end after {timeout} s; stdout "
                             f"{(late.stdout or b'')[-1000:]!r}, stderr {(late.stderr or b'')[-2000:]!r}")
    return Result(argv, done.returncode, done.stdout, done.stderr)


class Process:
    """A program in the background. Its output goes to files, so that no pipe ever fills."""

    def __init__(self, argv, env, dir, stdin=False, **more):
        self.argv = [str(a) for a in argv]
        tag = f"{Path(self.argv[0]).name}-{time.monotonic_ns()}"
        self.out_path, self.err_path = dir / f"{tag}.out", dir / f"{tag}.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.popen = subprocess.Popen(self.argv, env=env, stdout=out, stderr=err,
                                          stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, **more)
        self.pid = self.popen.pid

    @property
    def out(self):
        return self.out_path.read_text("utf-8", "replace")

    @property
    def err(self):
        return self.err_path.read_text("utf-8", "replace")

    @property
    def all(self):
        return self.out + self.err

    def type(self, text):
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()

    def wait_for(self, pattern, timeout=20, times=1):
        """Waits until the output holds `pattern` (`times` times) and returns the last match."""
        end = time.monotonic() + timeout
        while True:
            ended = self.popen.poll() is not None  # asked first: what it wrote last is read below
            found = list(re.finditer(pattern, self.all, re.M))
            if len(found) >= times:
                return found[times - 1]
            if ended or time.monotonic() > end:
                state = f"ended with {self.popen.returncode}" if ended else f"{timeout} s went by"
                raise AssertionError(f"{state}, but no {pattern!r} ({times}x) in the output of\n"
                                     f"$ {' '.join(self.argv)}\n{self.all[-4000:]}")
            time.sleep(0.01)

    def wait(self, timeout=20):
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s: {' '.join(self.argv)}\n{self.all[-4000:]}")

    def terminate(self, timeout=20):
        self.popen.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def memory(self, field="VmHWM"):
        """A line of /proc/PID/status in bytes; VmHWM is the peak of the resident memory."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M)[1]) * 1024

    def kill(self):
        if self.popen.stdin:
            with contextlib.suppress(OSError):
                self.popen.stdin.close()
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


def free_port():
    """A port below those that the kernel gives to clients, so that none takes it meanwhile."""
    for _ in range(200):
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as s:
            with contextlib.suppress(OSError):
                s.bind(("127.0.0.1", port))
                return port
    raise AssertionError("no free port")


def wait_until(condition, timeout=20, what="the condition"):
    end = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < end, f"{timeout} s went by without {what}"
        time.sleep(0.01)
    return value


# ---- certificates ---------------------------------------------------------------------------------

NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"
_ROOT_EXT = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign",
             "subjectKeyIdentifier=hash"]
_MIDDLE_EXT = ["basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign",
               "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
_GENPKEY = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ed25519": ["-algorithm", "ED25519"],
}


class Identity:
    """A certificate with its key: `cert` alone, `chain` as a server sends it, and `root`."""

    def __init__(self, cert, key, chain, root):
        self.cert, self.key, self.chain, self.root = cert, key, chain, root

    def pair(self):  # for `lockstep serve`
        return ["--cert", self.chain, "--key", self.key]


class Pki:
    """Makes certificates with `openssl ca`, which alone can set dates on all versions."""

    def __init__(self, dir):
        self.dir, self.made, self.count = dir, {}, 0
        self.env = clean_env(dir)
        (dir / "index.txt").touch()
        (dir / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\n"
            f"database={dir}/index.txt\nnew_certs_dir={dir}\nunique_subject=no\nrand_serial=yes\n"
            "default_md=default\npolicy=p\nemail_in_dn=no\n[p]\ncommonName=optional\n"
            "[req]\ndistinguished_name=n\n[n]\n")

    def openssl(self, *args):
        done = run(["openssl", *args], self.env)
        assert done.rc == 0, done

    def issue(self, name, kind, ext, issuer=None, days=(-1, 90), md="default"):
        """Makes a key and a certificate; `issuer` None: self-signed. `days`: from, until."""
        self.count += 1
        stem = self.dir / f"{self.count}"
        key, csr, cert, extfile = (stem.with_suffix(s) for s in (".key", ".csr", ".pem", ".ext"))
        extfile.write_text("[e]\n" + "\n".join(ext) + "\n")
        now = datetime.datetime.now(datetime.timezone.utc)
        start, end = ((now + datetime.timedelta(days=d)).strftime("%Y%m%d%H%M%SZ") for d in days)
        self.openssl("genpkey", *_GENPKEY[kind], "-out", key)
        self.openssl("req", "-new", "-config", self.dir / "ca.cnf", "-key", key, "-subj", f"/CN={name}",
                     "-out", csr)
        by = ["-selfsign", "-keyfile", key] if issuer is None else \
            ["-cert", issuer.cert, "-keyfile", issuer.key]
        self.openssl("ca", "-batch", "-notext", "-config", self.dir / "ca.cnf", *by, "-in", csr, "-out", cert,
                     "-startdate", start, "-enddate", end, "-extfile", extfile, "-extensions", "e",
                     "-md", md)
        return Identity(cert, key, cert, cert)

    def authority(self, kind):
        """A root and an intermediate with keys of `kind`, each made once."""
        if kind not in self.made:
            root = self.issue(f"Test Root {kind}", kind, _ROOT_EXT, days=(-2, 3650))
            middle = self.issue(f"Test Intermediate {kind}", kind, _MIDDLE_EXT, root, days=(-2, 1825))
            self.made[kind] = root, middle
        return self.made[kind]

    def crl(self, issuer, revoked=(), hours=24, reason="keyCompromise", ext=()):
        """A revocation list of `issuer` (an Identity) with the certificates `revoked` on it."""
        self.count += 1
        dir = self.dir / f"crl{self.count}"
        dir.mkdir()
        (dir / "index.txt").touch()
        (dir / "crlnumber").write_text("01\n")
        (dir / "crl.cnf").write_text(
            f"[ca]\ndefault_ca=d\n[d]\ndatabase={dir}/index.txt\nnew_certs_dir={dir}\n"
            f"unique_subject=no\ncrlnumber={dir}/crlnumber\ndefault_md=default\ncrl_extensions=x\n"
            "[x]\nauthorityKeyIdentifier=keyid\n" + "".join(line + "\n" for line in ext))
        by = ["-config", dir / "crl.cnf", "-cert", issuer.cert, "-keyfile", issuer.key]
        for identity in revoked:
            self.openssl("ca", "-batch", *by, "-revoke", identity.cert, "-crl_reason", reason)
        self.openssl("ca", "-batch", *by, "-gencrl", "-crlhours", str(hours), "-out", dir / "crl.pem")
        return dir / "crl.pem"

    def ocsp(self, leaf, issuer, revoked=False, days=1, signer=None):
        """An OCSP response about `leaf`, signed by the issuer or by the responder `signer`."""
        self.count += 1
        dir = self.dir / f"ocsp{self.count}"
        dir.mkdir()
        (dir / "index.txt").touch()
        (dir / "ocsp.cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={dir}/index.txt\n"
                                      f"new_certs_dir={dir}\nunique_subject=no\ndefault_md=default\n")
        by = ["-config", dir / "ocsp.cnf", "-cert", issuer.cert, "-keyfile", issuer.key]
        self.openssl("ca", "-batch", *by, "-valid", leaf.cert)
        if revoked:
            self.openssl("ca", "-batch", *by, "-revoke", leaf.cert, "-crl_reason", "keyCompromise")
        signer = signer or issuer
        self.openssl("ocsp", "-index", dir / "index.txt", "-CA", issuer.cert, "-rsigner", signer.cert,
                     "-rkey", signer.key, "-issuer", issuer.cert, "-cert", leaf.cert, "-no_nonce",
                     "-ndays", str(days), "-respout", dir / "ocsp.der")
        return dir / "ocsp.der"

    def leaf(self, kind="p256", names=NAMES, by=None, usage="serverAuth", self_signed=False, ext=(),
             title="Test Server", **more):
        """A server's certificate below the authority `by` (of its own kind unless told)."""
        root, middle = self.authority(by or kind)
        keys = "digitalSignature,keyEncipherment" if kind == "rsa" else "digitalSignature"
        ext = [*ext, "basicConstraints=critical,CA:FALSE", f"keyUsage=critical,{keys}",
               f"extendedKeyUsage={usage}", f"subjectAltName={names}", "subjectKeyIdentifier=hash"]
        if not self_signed:
            ext.append("authorityKeyIdentifier=keyid")
        leaf = self.issue(title, kind, ext, None if self_signed else middle, **more)
        leaf.root = root.cert
        if not self_signed:
            leaf.chain = leaf.cert.with_suffix(".chain")
            leaf.chain.write_text(leaf.cert.read_text() + middle.cert.read_text())
        return leaf

    def server(self, kind="p256", names=NAMES):
        """A good identity for localhost, made once for each kind of key."""
        if (kind, names) not in self.made:
            self.made[kind, names] = self.leaf(kind, names)
        return self.made[kind, names]

    def client(self, kind="p256", title="Test Client"):
        """A good identity for a client, made once for each kind of key and title."""
        if (kind, title) not in self.made:
            self.made[kind, title] = self.leaf(kind, "DNS:client.test", usage="clientAuth", title=title)
        return self.made[kind, title]


# ---- the bench: peers around one temporary directory ------------------------------------------------


class Serve(Process):
    """A running `lockstep serve`; `port` is that of its first listener."""

    stopped = False  # by the test itself

    def wait(self, timeout=20):
        self.stopped = True
        return super().wait(timeout)

    def ready(self):
        self.port = int(self.wait_for(r"listening on https://[^\s]*:(\d+)/")[1])
        return self

    def ports(self, n):
        self.wait_for(r"listening on https://", times=n)
        return [int(p) for p in re.findall(r"listening on https://[^\s]*:(\d+)/", self.all)]


class Bench:
    """Starts programs of both sides, and ends them all."""

    def __init__(self, dir, pki):
        self.dir, self.pki, self.processes = dir, pki, []
        self.home = dir / "home"
        self.home.mkdir()
        self.env = clean_env(self.home)

    def start(self, argv, kind=Process, env=None, **more):
        process = kind(argv, env or self.env, self.dir, **more)
        self.processes.append(process)
        return process

    def close(self):
        """Ends what still runs; `serve` must have survived everything and end well."""
        ends = [p for p in self.processes if isinstance(p, Serve) and not p.stopped]
        try:
            for server in ends:
                assert server.popen.poll() is None, f"serve ended: {server.popen.returncode}\n{server.all[-4000:]}"
                server.popen.terminate()
            for server in ends:
                assert server.wait(20) == 0, f"{server.popen.returncode}\n{server.all[-4000:]}"
        finally:
            for process in self.processes:
                process.kill()

    def folder(self, name="www", **files):
        """A directory to serve. Keyword names have their extension behind the last underscore."""
        root = self.dir / name
        root.mkdir(exist_ok=True)
        for file, content in files.items():
            (root / ".".join(file.rsplit("_", 1))).write_bytes(content)
        return root

    # -- ours

    def serve(self, *args, root=None, identity=None, listen=("127.0.0.1:0",), command=(), **more):
        identity = self.pki.server() if identity is None else identity
        root = root or self.folder(hello_txt=b"hello\n")
        listeners = [a for address in listen for a in ("--listen", address)]
        pair = identity.pair() if isinstance(identity, Identity) else identity
        return self.start([*(command or [LOCKSTEP]), "serve", *listeners, *pair, *args, root], Serve, **more).ready()

    def lockstep(self, *args, env=None, **more):
        return run([LOCKSTEP, *args], env or self.env, cwd=more.pop("cwd", self.dir), **more)

    def get_argv(self, *args, root=None):
        return [LOCKSTEP, "get", "--cacert", root or self.pki.authority("p256")[0].cert, *args]

    def get(self, *args, root=None, env=None, **more):
        """`lockstep get` that trusts `root` (default: the test root of P-256 keys)."""
        return run(self.get_argv(*args, root=root), env or self.env, cwd=more.pop("cwd", self.dir), **more)

    # -- OpenSSL

    def s_client(self, port, *args, stdin=b"", root=None, name="localhost", **more):
        return run(self.s_client_argv(port, *args, "-ign_eof", root=root, name=name), self.env, stdin, **more)

    def s_client_argv(self, port, *args, root=None, name="localhost"):
        root = root or self.pki.authority("p256")[0].cert
        sni = ["-servername", name] if name else ["-noservername"]
        return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *sni, "-verify_hostname",
                name or "localhost", "-CAfile", root, "-verify_return_error", *args]

    def s_server(self, *args, identity=None, stdin=False):
        identity = identity or self.pki.server()
        server = self.start(["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", identity.cert, "-key",
                             identity.key, "-cert_chain", identity.chain, *args], stdin=stdin)
        server.port = int(server.wait_for(r"^ACCEPT [^\s]*:(\d+)$")[1])
        return server

    # -- GnuTLS

    def gnutls_cli(self, port, *args, request=b"", root=None):
        """Sends `request` and reads until the server closes; returns what gnutls-cli printed."""
        root = root or self.pki.authority("p256")[0].cert
        client = self.start(["gnutls-cli", "127.0.0.1", "-p", port, "--sni-hostname", "localhost",
                             "--verify-hostname", "localhost", "--x509cafile", root, *args], stdin=True)
        client.wait_for(r"Simple Client Mode|\*\*\*")
        client.type(request.decode())
        return client

    def gnutls_serv(self, *args, identity=None, ask=False):
        """An HTTP server of one page; `ask`: it asks for a client certificate."""
        identity = identity or self.pki.server()
        clients = ["--verify-client-cert"] if ask else ["--disable-client-cert"]
        for _ in range(5):  # it cannot choose a port itself
            port = free_port()
            server = self.start(["gnutls-serv", "--http", *clients, "--x509certfile", identity.chain,
                                 "--x509keyfile", identity.key, "-p", port, *args])
            found = server.wait_for(r"listening on IPv4 .*done|[Ee]rror|failed|in use")
            if "done" in found[0]:
                server.port = port
                return server
        raise AssertionError(f"gnutls-serv does not start: {server.all}")

    # -- nginx

    def nginx(self, http, server, identity=None, protocols="TLSv1.3"):
        """nginx with one TLS server of which `server` is the configuration."""
        identity = identity or self.pki.server()
        dir = self.dir / f"nginx-{len(self.processes)}"
        dir.mkdir()
        temp = "".join(f"{what}_temp_path {dir}/{what};\n"
                       for what in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        for _ in range(5):
            port = free_port()
            (dir / "nginx.conf").write_text(
                "daemon off; master_process off; pid nginx.pid; error_log stderr notice;\n"
                "events { worker_connections 64; }\n"
                f"http {{ access_log {dir}/access.log; {temp}\n"
                f"types {{ text/plain txt; application/octet-stream bin; }}\n{http}\n"
                f"server {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_protocols {protocols};\n"
                f"ssl_certificate {identity.chain}; ssl_certificate_key {identity.key};\n{server}\n}} }}\n")
            process = self.start(["nginx", "-p", dir, "-c", dir / "nginx.conf", "-e", "stderr"])
            wait_until(lambda: process.popen.poll() is not None or is_open(port), what="nginx")
            if process.popen.poll() is None:
                process.port = port
                return process
        raise AssertionError(f"nginx does not start: {process.all}")


def is_open(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Tap:
    """A TCP proxy before a server that writes down what each client says (`said`). What a client
    says after the server's first answer, its Finished above all, is passed on `hold` seconds later (None: never)
    and, with `spoil`, changed. With `slow` the client gets 64 KiB every so many seconds."""

    def __init__(self, port, hold=0.0, spoil=False, slow=0.0):
        self.to, self.hold, self.spoil, self.slow, self.said, self.open = port, hold, spoil, slow, [], True
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.loop, daemon=True).start()

    def loop(self):
        with contextlib.suppress(OSError):
            while self.open:
                client, _ = self.socket.accept()
                threading.Thread(target=self.between, args=(client,), daemon=True).start()

    def between(self, client):
        said, answered = bytearray(), threading.Event()
        self.said.append(said)
        with client, socket.create_connection(("127.0.0.1", self.to)) as server:
            def back():
                with contextlib.suppress(OSError):
                    while data := server.recv(1 << 16):
                        answered.set()
                        client.sendall(data)
                        time.sleep(self.slow)
                    client.shutdown(socket.SHUT_WR)

            thread = threading.Thread(target=back, daemon=True)
            thread.start()
            with contextlib.suppress(OSError):
                while data := client.recv(1 << 16):
                    said += data
                    if answered.is_set():
                        if self.hold is None:
                            continue
                        time.sleep(self.hold)
                        data = data[:-1] + bytes([data[-1] ^ self.spoil])
                    server.sendall(data)
                if self.hold is not None:
                    server.shutdown(socket.SHUT_WR)
            thread.join(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open = False
        self.socket.close()


def say_again(port, data, seconds=0.5):
    """Sends recorded bytes over a new connection; returns what came back within some time."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as s, \
            contextlib.suppress(TimeoutError, OSError):
        s.sendall(data)
        while more := s.recv(1 << 16):
            got += more
    return got


HELLO = b"GET /hello.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class SClient:
    """An s_client that keeps its session in a file."""

    def __init__(self, bench, port, *args, file="openssl"):
        self.bench, self.port, self.args = bench, port, args
        self.file, self.early = bench.dir / f"{file}.session", bench.dir / f"{file}.early"
        r = self.run("-sess_out", self.file, stdin=HELLO)
        assert "\nhello\n" in r.out and "New, TLSv1" in r.out and self.file.exists(), r

    def run(self, *args, **more):
        return self.bench.s_client(self.port, *self.args, *args, **more)

    def again(self, *args, stdin=HELLO):
        r = self.run("-sess_in", self.file, "-sess_out", self.file, *args, stdin=stdin)
        assert "Verification: OK" in r.out and "\nhello\n" in r.out, r
        return r

    def with_early(self, data, *args, port=None, **more):
        """Comes back with 0-RTT data, and says `stdin` behind the handshake."""
        self.early.write_bytes(data)
        return self.bench.s_client(port or self.port, *self.args, "-sess_in", self.file, "-sess_out", self.file,
                                   "-early_data", self.early, *args, **more)


def logged(server, n):
    """The first `n` lines of the access log, when they are there."""
    return wait_until(lambda: (lines := server.out.splitlines())[n - 1:] and lines[:n], what=f"{n} lines of the log")


# ---- HTTP from Python, over Python's ssl ------------------------------------------------------------


def context(root, **attributes):
    c = ssl.create_default_context(cafile=str(root))
    c.minimum_version = ssl.TLSVersion.TLSv1_3
    for name, value in attributes.items():
        setattr(c, name, value)
    return c


def connect(port, root, timeout=20, session=None, **more):
    """A TLS socket to the server on `port`, its certificate checked for localhost."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    c = more.pop("context", None) or context(root, **more)
    return c.wrap_socket(raw, server_hostname="localhost", session=session)


class Response:
    def __init__(self, file, method="GET"):
        class Fake:  # http.client wants a socket
            def makefile(self, *_):
                return file

        r = http.client.HTTPResponse(Fake(), method=method)
        r.begin()
        self.status, self.reason, self.headers, self.body = r.status, r.reason, r.headers, r.read()

    def __repr__(self):
        return f"<{self.status} {self.reason} {dict(self.headers)} {self.body[:300]!r}>"


def parse_response(data, method="GET"):
    return Response(io.BytesIO(data), method)


def request(port, root, head, body=b"", method="GET", **more):
    """Sends the exact bytes of a request and returns the response."""
    if isinstance(head, str):
        head = head.encode("latin-1")
    with connect(port, root, **more) as s:
        s.sendall(head + body)
        with s.makefile("rb") as file:
            return Response(file, method)


def get(port, root, target="/", **headers):
    lines = "".join(f"{k.replace('_', '-')}: {v}\r\n" for k, v in headers.items())
    return request(port, root, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n")


class Listener:
    """A TCP server in a thread: `serve(socket)` is called for each connection, one at a time."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.serve, self.open = serve, True
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def loop(self):
        while self.open:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                if self.open:
                    peer.settimeout(20)
                    self.serve(peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.open = False
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        self.socket.close()
        self.thread.join(20)


def tls_listener(identity, serve, clients=None):
    """The same over TLS; `serve` gets the TLS socket. `clients`: the CA by which clients are judged."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(identity.chain, identity.key)
    c.minimum_version = ssl.TLSVersion.TLSv1_3
    if clients:
        c.load_verify_locations(clients)
        c.verify_mode = ssl.CERT_REQUIRED

    def wrapped(peer):
        with contextlib.suppress(ssl.SSLError):
            with c.wrap_socket(peer, server_side=True) as tls:
                serve(tls)

    return Listener(wrapped)


def read_head(peer):
    """Reads up to the empty line behind a request's header."""
    data = b""
    while b"\r\n\r\n" not in data and (more := peer.recv(4096)):
        data += more
    return data


def secrets(path):
    """The lines of a key log, without comments, sorted."""
    return sorted(line for line in Path(path).read_text().splitlines() if line and not line.startswith("#"))


def has_mlkem():
    """Does this OpenSSL know X25519MLKEM768 (3.5)?"""
    done = run(["openssl", "list", "-kem-algorithms"], clean_env("/nonexistent"))
    return "MLKEM768" in done.out.upper().replace("-", "")


def fork_in_terminal():
    """pty.fork, on machines that have pseudo-terminals."""
    try:
        return pty.fork()
    except OSError as error:
        pytest.skip(f"no pseudo-terminal to be had here: {error}")


def tool(name):
    return shutil.which(name, path=clean_env("/nonexistent")["PATH"])
