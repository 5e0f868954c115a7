"""The servers that are measured: how each is configured and started, on one processor, with one worker."""
import contextlib
import functools
import grp
import http.server
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent

SMALL, LARGE = 1024, 100_000_000


def say(text):
    print(f"sockets: {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Site:
    """A directory with two files, a certificate with its intermediate, and all else that lies about."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "site"
        self.root.mkdir()
        (self.root / "1k.bin").write_bytes(os.urandom(SMALL))
        (self.root / "100m.bin").write_bytes(os.urandom(1_000_000) * (LARGE // 1_000_000))
        self.make_certificates()

    def make_certificates(self):
        kinds = {"root": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign",
                 "middle": "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n"
                           "extendedKeyUsage=serverAuth",
                 "leaf": "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                         "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost"}
        above = None
        for name, extensions in kinds.items():
            self.file(f"{name}.ext").write_text(
                extensions + "\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
            self.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-subj", f"/O=Lockstep/CN={name} of the benchmark",
                         "-keyout", f"{name}.key", "-out", f"{name}.csr")
            by = ["-CA", f"{above}.pem", "-CAkey", f"{above}.key", "-CAcreateserial"] if above else \
                ["-signkey", "root.key"]
            self.openssl("x509", "-req", "-in", f"{name}.csr", *by, "-days", "30",
                         "-extfile", f"{name}.ext", "-out", f"{name}.pem")
            above = name
        chain = self.file("leaf.pem").read_text() + self.file("middle.pem").read_text()
        self.file("chain.pem").write_text(chain)
        self.file("bundle.pem").write_text(chain + self.file("leaf.key").read_text())

    def openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def file(self, name):
        return self.folder / name


class Origin:
    """A plain HTTP server for those that only pass on."""

    def __init__(self, site):
        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                """A proxy may leave whenever it likes."""
        self.server = Quiet(("127.0.0.1", 0), functools.partial(Handler, directory=site.root))
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def fill(template, site, port, folder, origin):
    """The configuration file of a server, from its template beside this file."""
    user = pwd.getpwuid(os.getuid()).pw_name
    values = {"DIR": folder, "SITE": site.root, "PORT": port, "CHAIN": site.file("chain.pem"),
              "KEY": site.file("leaf.key"), "BUNDLE": site.file("bundle.pem"), "USER": user,
              "GROUP": grp.getgrgid(os.getgid()).gr_name, "IF_ROOT": "" if os.getuid() == 0 else "#",
              "ORIGIN": origin.port}
    text = re.sub("@([A-Z_]+)@", lambda m: str(values[m[1]]), (HERE / template).read_text())
    path = folder / template.removesuffix(".in")
    path.write_text(text)
    return path


class Kind:
    """A kind of server: where its command is, what it says of its version, how it is started."""

    def __init__(self, name, version, command, template=None):
        self.name, self.version_args, self.args, self.template = name, version, command, template

    def find(self, own):
        """`own`: where the builds of lockstep are, by name."""
        if not self.template:
            return own.get(self.name)
        return shutil.which(self.name) or shutil.which(self.name, path="/usr/sbin:/usr/local/sbin")

    def version(self, path):
        out = subprocess.run([path, *self.version_args], capture_output=True, text=True)
        found = re.search(r"\d+\.\d+(\.\d+)?", out.stdout + out.stderr)
        return found[0] if found else "?"


def lockstep(_, site, port):
    return ["serve", "--quiet", "--tickets", "2", "--listen", f"127.0.0.1:{port}",
            "--cert", site.file("chain.pem"), "--key", site.file("leaf.key"), site.root]


KINDS = [
    Kind("lockstep", ["--version"], lockstep),
    Kind("before", ["--version"], lockstep),  # another build of it
    Kind("nginx", ["-v"], lambda config, site, port: ["-e", "stderr", "-c", config], "nginx.conf.in"),
    Kind("h2o", ["--version"], lambda config, site, port: ["-c", config], "h2o.conf.in"),
    Kind("haproxy", ["-v"], lambda config, site, port: ["-db", "-f", config], "haproxy.cfg.in"),
    Kind("caddy", ["version"], lambda config, site, port: ["run", "--adapter", "caddyfile", "--config", config],
         "Caddyfile.in"),
]


class Server:
    """One that runs. `close` ends all of its processes."""

    def __init__(self, kind, path, site, origin, cpu):
        self.name, self.kind, self.port = kind.name, kind, free_port()
        self.folder = site.folder / f"{kind.name}-{self.port}"
        self.folder.mkdir()
        config = fill(kind.template, site, self.port, self.folder, origin) if kind.template else None
        env = dict(os.environ, GOMAXPROCS="1", HOME=str(self.folder), XDG_DATA_HOME=str(self.folder),
                   XDG_CONFIG_HOME=str(self.folder))
        self.log = open(self.folder / "log", "w+b")
        self.process = subprocess.Popen(
            [path, *map(str, kind.args(config, site, self.port))], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, env=env, cwd=self.folder, start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        self.wait()

    def wait(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                time.sleep(0.3)  # what it does at first is done
                return
            time.sleep(0.05)
        self.close()
        self.log.seek(0)
        raise RuntimeError(f"{self.name} did not start: {self.log.read().decode(errors='replace')[-500:]}")

    def close(self):
        """Nobody waits for what is open; the group has the children too, also of a leader that is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def processes(self):
        """The process ids of the tree."""
        children = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
        found, todo = [], [self.process.pid]
        while todo:
            found.append(todo.pop())
            todo += children.get(found[-1], [])
        return found

    def cpu_seconds(self):
        """What all threads have used, to the nanosecond; by ticks where the kernel does not say."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    with contextlib.suppress(OSError):
                        total += self.task_seconds(task)
        return total

    @staticmethod
    def task_seconds(task):
        with contextlib.suppress(OSError, ValueError):
            return int((task / "schedstat").read_text().split()[0]) / 1e9
        fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident bytes of all processes: with what they share counted in each, and shared out."""
        rss = pss = 0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                rss += int(re.search(r"^Rss: *(\d+)", text, re.M)[1]) * 1024
                pss += int(re.search(r"^Pss: *(\d+)", text, re.M)[1]) * 1024
        return rss, pss
