"""1 GiB through serve and through get: the same SHA-256, in bounded memory."""
import hashlib
import os
import subprocess

import pytest

from kit import LOCKSTEP

SIZE = 1 << 30
LIMIT = 64 << 20


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A sparse file of 1 GiB with a pattern of its own in every MiB, and its SHA-256."""
    root = tmp_path_factory.mktemp("bulk")
    path = root / "big.bin"
    sum = hashlib.sha256()
    with open(path, "wb") as f:
        f.truncate(SIZE)
        for at in range(0, SIZE, 1 << 20):
            block = bytearray(1 << 20)
            mark = hashlib.sha256(at.to_bytes(8, "big")).digest() * 32
            place = at // (1 << 20) * 977 % ((1 << 20) - len(mark))
            block[place:place + len(mark)] = mark
            os.pwrite(f.fileno(), mark, at + place)
            sum.update(block)
    assert os.stat(path).st_blocks * 512 < SIZE // 8  # sparse: it takes no GiB of disk
    yield path, sum.hexdigest()
    path.unlink()


def read(stream, size, sum):
    while size > 0 and (data := stream.read(min(size, 1 << 20))):
        sum.update(data)
        size -= len(data)
    return size


def test_serve_to_curl(bench, pki, big):
    path, expected = big
    server = bench.serve(root=path.parent)
    sum = hashlib.sha256()
    curl = subprocess.Popen(["curl", "-q", "-sS", "--cacert", pki.server().root,
                             f"https://localhost:{server.port}/big.bin"], env=bench.env, stdout=subprocess.PIPE)
    with curl:
        assert read(curl.stdout, SIZE + 1, sum) == 1
    assert curl.returncode == 0 and sum.hexdigest() == expected
    assert server.memory() < LIMIT, server.memory()
    assert server.terminate() == 0


@pytest.mark.parametrize("peer", ["nginx", "serve"])
def test_get(bench, pki, big, peer):
    path, expected = big
    if peer == "nginx":
        server = bench.nginx("", f"root {path.parent};")
    else:
        server = bench.serve(root=path.parent)
    sum = hashlib.sha256()
    client = subprocess.Popen([LOCKSTEP, "get", "--cacert", pki.server().root,
                               f"https://localhost:{server.port}/big.bin"], env=bench.env, stdout=subprocess.PIPE)
    with client:
        # a pipe holds 64 KiB, so that get cannot end before its last MiB is asked for
        assert read(client.stdout, SIZE - (1 << 20), sum) == 0
        with open(f"/proc/{client.pid}/status") as status:
            peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
        assert read(client.stdout, (1 << 20) + 1, sum) == 1
    assert client.returncode == 0 and sum.hexdigest() == expected
    assert peak < LIMIT, peak
    if peer == "serve":
        assert server.memory() < LIMIT, server.memory()
