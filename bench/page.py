"""docs/performance.md: what stands between <!--bench NAME--> and <!--/bench--> comes from a run."""
import re
from pathlib import Path

import plot
import tables

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"
MARK = re.compile(r"(<!--bench ([a-z]+)-->\n)(.*?)(<!--/bench-->)", re.S)
SERVERS = re.compile(r"(<!--bench-sockets-->\n)(.*?)(<!--/bench-sockets-->)", re.S)


def parts(run):
    missed, n = tables.missed(run)
    marks = f"{n - len(missed)} of {n} marks reached." + "".join(f"\n- Not: {line}." for line in missed)
    return {"about": tables.header(run), "ratios": tables.ratios(run), "marks": marks,
            "handshakes": tables.figures(run, "handshake"), "bulk": tables.figures(run, "bulk"),
            "chain": tables.chain(run), "memory": tables.figures(run, "memory"),
            "instructions": tables.figures(run, "instructions"), "biggest": tables.biggest(run)}


def filled(text, run):
    """The page with the figures of a run; every part has its place, and every place a part."""
    made = parts(run)
    places = [m[1] for m in MARK.findall(text)]
    if sorted(places) != sorted(made):
        raise ValueError(f"the page has places for {sorted(places)}, the run has {sorted(made)}")
    return MARK.sub(lambda m: m[1] + made[m[2]] + "\n" + m[4], text)


def filled_servers(text, words):
    """The page with the tables of ./dev bench --sockets."""
    if len(SERVERS.findall(text)) != 1:
        raise ValueError("the page has no one place for the figures of servers")
    return SERVERS.sub(lambda m: m[1] + words.strip() + "\n" + m[3], text)


def fill_servers(words):
    PAGE.write_text(filled_servers(PAGE.read_text(), words))


def fill(run):
    PAGE.write_text(filled(PAGE.read_text(), run))
    PLOT.write_text(plot.svg(run))
