"""Firefox ESR trusts the local CA, resumes, and sends 0-RTT data, as it does by default. It is driven over its
own protocol, Marionette: one JSON array a message, with its length in front."""
import itertools
import json
import os
import re
import socket

import pytest

from kit import free_port, run, tool, wait_until

pytestmark = pytest.mark.skipif(tool("firefox-esr") is None, reason="there is no firefox-esr")
PREFS = """
user_pref("marionette.port", %d);
user_pref("network.proxy.type", 0);
user_pref("app.update.enabled", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""


class Firefox:
    """A running Firefox with a profile that has never been used."""

    def __init__(self, bench):
        self.profile = bench.home / ".mozilla" / "firefox" / "test.default"
        self.profile.mkdir(parents=True)
        port = free_port()
        (self.profile / "user.js").write_text(PREFS % port)
        run(["certutil", "-N", "-d", f"sql:{self.profile}", "--empty-password"], bench.env)
        if bench.drop:
            for path in [bench.home, *bench.home.rglob("*")]:
                os.chown(path, 65534, 65534)
        self.start = lambda: bench.start([*bench.drop, "firefox-esr", "--headless", "--no-remote", "--profile",
                                          self.profile, "--marionette", "--remote-allow-system-access", "about:blank"])
        self.port, self.numbers = port, itertools.count(1)

    def open(self):
        process = self.start()

        def connected():
            try:
                return socket.create_connection(("127.0.0.1", self.port), 60)
            except OSError:
                assert process.popen.poll() is None, process.all
                return None

        self.socket = wait_until(connected, timeout=90, what="Firefox")
        self.receive()
        self.ask("WebDriver:NewSession")

    def receive(self):
        length = b""
        while not length.endswith(b":"):
            length += (byte := self.socket.recv(1))
            assert byte, "Firefox has gone"
        data = b""
        while len(data) < int(length[:-1]):
            data += self.socket.recv(int(length[:-1]) - len(data))
        return json.loads(data)

    def ask(self, command, **parameters):
        """Returns what the command yields, or the name of an error."""
        message = json.dumps([0, next(self.numbers), command, parameters]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self.receive()
        return error["error"] if error else result.get("value")

    def inside(self, script):
        """Runs a script with the rights of the browser itself."""
        self.ask("Marionette:SetContext", value="chrome")
        result = self.ask("WebDriver:ExecuteScript", script=script, args=[])
        self.ask("Marionette:SetContext", value="content")
        return result


@pytest.fixture
def bench(nobody):
    """As in test_chromium.py: no file of a test belongs to root, so that only the stores of the test change."""
    nobody.ca = lambda *args: run([*nobody.drop, nobody.dir / "lockstep", "ca", *args], nobody.env, cwd=nobody.home)
    assert nobody.ca("init").rc == 0
    return nobody


def test_firefox(bench, pki):
    firefox = Firefox(bench)
    bench.ca("trust")
    keys = bench.dir / "keys"
    root = bench.folder(index_html=b"<!doctype html><title>It works</title><link rel=icon href='data:,'>")
    server = bench.serve("--early-data", "--keylog", keys, root=root, identity=[])
    stranger = bench.serve(identity=pki.server())
    firefox.open()
    for i in range(4):
        assert firefox.ask("WebDriver:Navigate", url=f"https://localhost:{server.port}/?{i}") is None
        assert firefox.ask("WebDriver:GetTitle") == "It works"
        version, group, state = firefox.inside(
            "let info = gBrowser.securityUI.secInfo;"
            "Services.obs.notifyObservers(null, 'net:prune-all-connections');"
            "return [info.protocolVersion, info.keaGroupName, gBrowser.securityUI.state]")
        assert (version, group) == (4, "mlkem768x25519") and state & 2  # TLS 1.3, STATE_IS_SECURE
    kinds = [re.search(r"X25519MLKEM768(.*)$", line)[1] for line in server.out.splitlines()]
    assert kinds[0] == "" and len(kinds) == 4, server.out
    assert set(kinds[1:]) <= {" resumed", " resumed early-data"}, server.out
    assert keys.read_text().count("CLIENT_EARLY_TRAFFIC_SECRET") == 3, server.out
    assert firefox.ask("WebDriver:Navigate", url=f"https://localhost:{stranger.port}/") == "insecure certificate"
    # no request came; it said that it does not know who signed
    assert stranger.out and all(re.search(r" refused-by-client \S+ unknown_ca\(48\) ", line) for line in stranger.out.splitlines()), stranger.out
