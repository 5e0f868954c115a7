"""What is to be reached: one line for each figure. Ratios are the figure of `who` by that of `against` in the same run;
where there is no `against`, it is the figure itself."""
from collections import namedtuple

Target = namedtuple("Target", "row measure against limit at_least who", defaults=(False, "lockstep"))
ALONE = "lockstep, calls alone"  # the pipe between client and server is not the engine's

TARGETS = [
    Target("full", "server", "floor", 1.08),
    Target("full", "server", "libssl", 0.62),
    Target("full", "client", "floor", 1.12),
    Target("full", "client", "libssl", 0.47),
    Target("cached", "client", "floor", 1.12),
    Target("cached", "client", "libssl", 0.47),
    Target("pool", "server", "libssl", 0.45),
    Target("rsa", "server", "floor", 1.05),
    Target("resumption", "server", "floor", 1.12),
    Target("tls12", "server", "floor", 1.12),
    *(Target(row, way, "libcrypto", 0.95, True, ALONE)
      for row in ("aes-128-gcm", "aes-256-gcm", "chacha20") for way in ("send", "receive")),
    Target("memory", "idle", None, 1024),
    Target("memory", "idle_after_traffic", None, 1024),
    Target("memory", "peak", None, 10240),
    Target("memory", "allocations", None, 80),
    Target("memory", "own_allocations", None, 8),
    Target("instructions", "outside", None, 150_000),
]


def result(row, who):
    return next((r for r in row["results"] if r["who"] == who), None)


def ratio(row, measure, who, against):
    """The figure of one by that of another; None if one of them has none."""
    a, b = ((result(row, w) or {}).get(measure) for w in (who, against))
    if not a or not b:
        return None
    return a["median"] / b["median"] if isinstance(a, dict) else a / b


def value(row, target):
    """The figure of a target in its row, or None."""
    if target.against:
        return ratio(row, target.measure, target.who, target.against)
    return (result(row, target.who) or {}).get(target.measure)


def reached(target, got):
    """As it is printed: a ratio of 1.084 is 1.08."""
    got = round(got, 2)
    return got >= target.limit if target.at_least else got <= target.limit


def of(row, measure, who="lockstep"):
    return [t for t in TARGETS if (t.row, t.measure, t.who) == (row["name"], measure, who)]
