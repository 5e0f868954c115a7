"""Instructions of one side's calls in one handshake, counted by callgrind: in all, and outside the kernels of
cryptography, which kernels.txt lists."""
import fnmatch
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

HANDSHAKES = 20
KERNELS = Path(__file__).with_name("kernels.txt")


def kernels(path=KERNELS):
    """The patterns of kernels.txt: a line has one, and behind it the reason."""
    lines = (line.split("#")[0].split(None, 1) for line in path.read_text().splitlines())
    return [line[0] for line in lines if line]


def own_costs(lines):
    """Instructions of each function itself, from callgrind's format: the line behind `calls=` is what the call cost."""
    costs, name, called = Counter(), None, False
    for line in lines:
        if line.startswith("fn="):
            name = re.sub(r"'\d+$", "", line[3:].strip())
        elif line.startswith("calls="):
            called = True
        elif line[:1] in "0123456789+-*" and name is not None:
            if not called:
                costs[name] += int(line.split()[1])
            called = False
    return costs


def is_kernel(name, patterns):
    return any(fnmatch.fnmatchcase(name, p) for p in patterns)


def split(costs, handshakes, patterns):
    outside = Counter({name: n for name, n in costs.items() if not is_kernel(name, patterns)})
    inside = Counter({name: n for name, n in costs.items() if is_kernel(name, patterns)})
    return {"all": round(sum(costs.values()) / handshakes), "outside": round(sum(outside.values()) / handshakes),
            "biggest_outside": [[name, round(n / handshakes)] for name, n in outside.most_common(25)],
            "biggest_kernels": [[name, round(n / handshakes)] for name, n in inside.most_common(15)]}


def count(program, peer, side, handshakes=HANDSHAKES):
    """Runs `program` under callgrind; counts begin and end with the functions bench_SIDE_*."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out"
        subprocess.run(["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", f"--toggle-collect=bench_{side}_*",
                        "--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={out}",
                        program, peer, str(handshakes)], check=True, stdout=subprocess.DEVNULL)
        # the dump that the program asks for is the first one; what comes at the end is empty
        with Path(f"{out}.1").open() as lines:
            costs = own_costs(lines)
    return {"who": peer, **split(costs, handshakes, kernels())}
