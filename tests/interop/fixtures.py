"""Fixtures and the report of peers, for tests/interop and tests/e2e."""
import contextlib
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from kit import LOCKSTEP, Bench, Pki, clean_env, run, tool

PEERS = {
    "lockstep": [LOCKSTEP, "--version"],
    "OpenSSL": ["openssl", "version"],
    "GnuTLS": ["gnutls-cli", "--version"],
    "curl": ["curl", "--version"],
    "nginx": ["nginx", "-v"],
    "certutil": ["dpkg-query", "-W", "-f", "libnss3-tools ${Version}", "libnss3-tools"],
    "Chromium": ["chromium", "--version"],
    "Firefox": ["firefox-esr", "--version"],
    "Go": ["go", "version"],
    "tshark": ["tshark", "--version"],
}


def peers(tmp):
    for name, argv in PEERS.items():
        if tool(str(argv[0])) is None:
            yield f"{name} -"
            continue
        found = re.search(r"\d+\.\d+[\w.+~-]*", run(argv, clean_env(tmp)).all)
        yield f"{name} {found[0].rstrip('.') if found else '?'}"


def pytest_sessionstart(session):
    """Says once who takes part, also where -q leaves pytest's own header out."""
    if not LOCKSTEP.exists():
        pytest.exit(f"{LOCKSTEP} is missing; ./dev build makes it", returncode=2)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not hasattr(session, "peers_are_known"):
        session.peers_are_known = True
        reporter.write_line("interop: " + ", ".join(peers("/nonexistent")))


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def bench(tmp_path, pki):
    b = Bench(tmp_path, pki)
    yield b
    b.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory, pki):
    """A bench for all tests of a module, for servers that many of them ask."""
    b = Bench(tmp_path_factory.mktemp("shared"), pki)
    yield b
    b.close()


@contextlib.contextmanager
def without_rights(pki):
    """A bench for a user without rights: `drop` is how to become that user where this one is root, and
    `lockstep` in its directory a copy of the command."""
    dir = Path(tempfile.mkdtemp(prefix="lockstep-"))
    dir.chmod(0o755)
    b = Bench(dir, pki)
    b.drop = []
    shutil.copy(LOCKSTEP, dir / "lockstep")
    if os.geteuid() == 0:
        b.drop = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs"]
        os.chown(b.home, 65534, 65534)
    try:
        yield b
    finally:
        try:
            b.close()
        finally:
            shutil.rmtree(dir)


@pytest.fixture
def nobody(pki):
    with without_rights(pki) as b:
        yield b
