#!/usr/bin/env python3
"""A plot of a run as SVG: how far each library is above the floor in handshakes, and how much of libcrypto's own speed
it keeps in bulk. Readable on light and on dark; a library has its colour and its shape.

    bench/plot.py BENCH.json > performance.svg
"""
import json
import math
import sys
from html import escape

import targets

WIDTH, LEFT, RIGHT, LINE = 860, 300, 40, 30
SHORT = {"cached": "chain known to the client", "resumption": "resumption", "client-auth": "ECDSA P-256 on both sides"}
LIGHT = {"ink": "#1f2328", "faint": "#59636e", "grid": "#d1d9e0", "back": "#ffffff"}
DARK = {"ink": "#f0f6fc", "faint": "#9198a1", "grid": "#3d444d", "back": "#0d1117"}
# name: colour on light, on dark, shape
LOOKS = {"lockstep": ("#0969da", "#4493f8", "circle"), "libssl": ("#bc4c00", "#f0883e", "square"),
         "gnutls": ("#1a7f37", "#3fb950", "triangle"), "wolfssl": ("#8250df", "#ab7df8", "diamond"),
         "mbedtls": ("#bf3989", "#f778ba", "cross")}
SHAPES = {"circle": '<circle cx="{x:.1f}" cy="{y:.1f}" r="6" class="{c}"/>',
          "square": '<rect x="{l:.1f}" y="{t:.1f}" width="10" height="10" class="{c}"/>',
          "triangle": '<path d="M{x:.1f} {t:.1f}l6 10h-12z" class="{c}"/>',
          "diamond": '<path d="M{x:.1f} {t:.1f}l6 5.5l-6 5.5l-6 -5.5z" class="{c}"/>',
          "cross": '<path d="M{l:.1f} {t:.1f}l10 10m0 -10l-10 10" class="{c} line"/>'}


def style():
    def rules(look, colours):
        return (f"text{{fill:{look['ink']}}}.faint{{fill:{look['faint']}}}.grid{{stroke:{look['grid']}}}"
                f".floor{{stroke:{look['ink']}}}.back{{fill:{look['back']}}}" +
                "".join(f".{n}{{fill:{c};stroke:{c}}}" for n, c in colours.items()))
    light = rules(LIGHT, {n: c[0] for n, c in LOOKS.items()})
    dark = rules(DARK, {n: c[1] for n, c in LOOKS.items()})
    return ("<style>text{font:14px system-ui,'Segoe UI',Helvetica,Arial,sans-serif}.title{font-size:17px;font-weight:600}"
            ".faint{font-size:12px}.line{fill:none;stroke-width:3}.grid,.floor{stroke-width:1}" + light +
            "@media (prefers-color-scheme:dark){" + dark + "}</style>")


def mark(who, x, y):
    return SHAPES[LOOKS[who][2]].format(x=x, y=y, l=x - 5, t=y - 5, c=who)


def text(x, y, words, cls="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{cls}" text-anchor="{anchor}">{escape(words)}</text>'


class Panel:
    """Lines of marks over one scale."""

    def __init__(self, title, note, ticks, place, lines):
        self.title, self.note, self.ticks, self.place, self.lines = title, note, ticks, place, lines

    def x(self, value):
        return LEFT + self.place(value) * (WIDTH - LEFT - RIGHT)

    def height(self):
        return 78 + LINE * len(self.lines)

    def draw(self, y):
        out = [text(16, y + 18, self.title, "title"), text(16, y + 38, self.note, "faint")]
        top, bottom = y + 50, y + 50 + LINE * len(self.lines)
        for value, words in self.ticks:
            x = self.x(value)
            out.append(f'<path d="M{x:.1f} {top}V{bottom}" class="{"floor" if value == 1 else "grid"}"/>')
            out.append(text(x, bottom + 16, words, "faint", "middle"))
        for i, (title, values) in enumerate(self.lines):
            middle = top + LINE * i + LINE / 2
            out.append(text(LEFT - 14, middle + 5, title, "", "end"))
            # lockstep last, so that it lies on top
            for who, value in sorted(values.items(), key=lambda v: v[0] == "lockstep"):
                out.append(f"<g><title>{escape(f'{who}: {value:.2f}')}</title>{mark(who, self.x(value), middle)}</g>")
        return out


def of_base(row, measure, base):
    """Each library's figure by that of `base`."""
    least = targets.result(row, base)
    if least is None:
        return {}
    return {r["who"]: r[measure]["median"] / least[measure]["median"]
            for r in row["results"] if r["who"] in LOOKS and measure in r}


def panels(run):
    handshakes = [(r, m) for m in ("server", "client") for r in run["rows"] if r["kind"] == "handshake"]
    lines = [(f"{SHORT.get(r['name'], r['title'])}: {m}", of_base(r, m, "floor"))
             for r, m in handshakes if r["name"] not in ("cached", "pool") or (r["name"], m) == ("cached", "client")]
    lines = [line for line in lines if line[1]]
    most = max([v for _, values in lines for v in values.values()], default=2)
    ticks = [(t, f"{t}×") for t in (1, 2, 4, 8, 16, 32, 64) if t < most * 1.4]
    top = math.log(max(most, 2) * 1.15)
    low = math.log(0.9)
    yield Panel("Handshakes: time above the floor", "Computation of one side; 1× is what libcrypto's primitives alone "
                "take. Further left is faster; the scale is logarithmic.", ticks,
                lambda v: (math.log(v) - low) / (top - low), lines)
    bulk = [(f"{r['title']}: {m}".replace(" bytes", " B"), of_base(r, m, "libcrypto and pipe"))
            for r in run["rows"] if r["kind"] == "bulk" for m in ("send", "receive")]
    bulk = [line for line in bulk if line[1]]
    most = max([v for _, values in bulk for v in values.values()] + [1.05])
    yield Panel("Application data: part of the bare cipher's speed", "1 is libcrypto's cipher alone, its bytes through the same pipe in memory. "
                "Further right is faster.", [(t / 4, f"{t / 4:g}") for t in range(int(most * 4) + 1)],
                lambda v: v / (most * 1.03), bulk)


def legend(who, y):
    out, x = [], 16
    for name in who:
        out += [mark(name, x + 6, y), text(x + 18, y + 5, name)]
        x += 40 + 9 * len(name)
    return out


def svg(run):
    all = [p for p in panels(run) if p.lines]
    who = [w for w in LOOKS if any(w in values for p in all for _, values in p.lines)]
    body, y = legend(who, 24), 44
    for p in all:
        body += p.draw(y)
        y += p.height() + 10
    body.append(text(16, y + 8, f"{run['date'][:10]}, {run['machine']}, libcrypto {run['libraries']['libcrypto']}", "faint"))
    y += 22
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" width="{WIDTH}" height="{y:.0f}" '
            f'role="img" aria-label="Time of handshakes above the floor, and speed of application data, by library">'
            f"{style()}<rect width=\"100%\" height=\"100%\" class=\"back\"/>{''.join(body)}</svg>\n")


if __name__ == "__main__":
    with open(sys.argv[1]) as figures:
        sys.stdout.write(svg(json.load(figures)))
