"""The figures of a run as a table in markdown, and whether they reach what they should."""
import statistics

# what, in which mode, beside whom (None: as it is), at most
TARGETS = [
    ("CPU per new connection", "connect", "nginx", 0.55),
    ("CPU per 1 KB request", "requests", "h2o", 0.85),
    ("memory per idle connection, bytes", "idle", None, 4096),
]

COLUMNS = [
    ("new TLS 1.3 connections/s (CPU µs each)", "connect", lambda m: f"{m['per_second']:,.0f} ({m['cpu_us']:.0f})"),
    ("1 KB requests/s (CPU µs each)", "requests", lambda m: f"{m['per_second']:,.0f} ({m['cpu_us']:.1f})"),
    ("100 MB downloads: MB/s (CPU ms each)", "download",
     lambda m: f"{m['per_second'] * 100:,.0f} ({m['cpu_us'] / 1000:.1f})"),
]
RATIOS = [("CPU per new connection", "connect"), ("CPU per 1 KB request", "requests"),
          ("CPU per 100 MB", "download")]


def ratio(figures, mode, other):
    """lockstep's processor time in shares of the other's: the median of the rounds, in each of which both had the same
    machine to themselves, or not to themselves."""
    pairs = zip(figures["lockstep"][mode]["turns"], figures[other][mode]["turns"])
    return statistics.median(own["cpu_us"] / its["cpu_us"] for own, its in pairs)


def targets(figures):
    """Those of what this run was asked for. Where the other server is not there, `value` is None: a mark that nobody looked
    at is neither reached nor gone."""
    rows = []
    for what, mode, beside, most in TARGETS:
        if mode not in figures.get("lockstep", {}):
            continue
        if beside and mode not in figures.get(beside, {}):
            rows.append({"what": what, "beside": beside, "value": None, "at_most": most, "reached": None})
            continue
        value = ratio(figures, mode, beside) if beside else max(n["pss"] for n in figures["lockstep"][mode].values())
        rows.append({"what": what, "beside": beside, "value": value, "at_most": most, "reached": value <= most})
    return rows


def table(rows):
    return "\n".join(["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])] +
                     ["| " + " | ".join(row) + " |" for row in rows[1:]])


def main_table(figures):
    idle = list(dict.fromkeys(n for f in figures.values() for n in f.get("idle", {})))
    columns = [c for c in COLUMNS if any(c[1] in f for f in figures.values())]
    rows = [["server", *(c[0] for c in columns),
             *(f"memory per idle connection, of {int(n):,}: PSS (RSS) KB" for n in idle),
             "tickets", "its processor busy"]]
    for name, f in figures.items():
        busy = [f"{f[c[1]]['busy'] * 100:.0f} %" for c in columns if c[1] in f]
        rows.append([f"{name} {f['version']}", *(c[2](f[c[1]]) if c[1] in f else "-" for c in columns),
                     *(f"{f['idle'][n]['pss'] / 1024:.1f} ({f['idle'][n]['rss'] / 1024:.1f})" for n in idle),
                     f"{f['connect']['tickets']:g}" if "connect" in f else "-", ", ".join(busy)])
    return table(rows)


def ratio_table(figures):
    others = [name for name in figures if name != "lockstep"]
    rows = [["lockstep's share of the other's", *others]]
    for what, mode in RATIOS:
        if mode in figures["lockstep"]:
            rows.append([what, *(f"{ratio(figures, mode, o):.2f}" for o in others)])
    return table(rows)


def target_table(rows):
    lines = [["figure", "is", "to reach", ""]]
    for r in rows:
        what = r["what"] + (f", of {r['beside']}'s" if r["beside"] else "")
        shape = "{:.2f}" if r["beside"] else "{:,.0f}"
        said = {True: "reached", False: "**missed**", None: f"not measured: {r['beside']} did not take part"}
        lines.append([what, "-" if r["value"] is None else shape.format(r["value"]), "≤ " + shape.format(r["at_most"]),
                      said[r["reached"]]])
    return table(lines)


def limits(figures):
    """A server whose processor was not busy did not get all the load that it could have taken."""
    slow = {"the load": [], "something else on this machine": []}
    for name, f in figures.items():
        for _, mode in RATIOS:
            if mode in f and f[mode]["busy"] < 0.9:
                why = "the load" if f[mode]["load_busy"] > 0.9 else "something else on this machine"
                slow[why].append(f"{name} {mode}")
    words = [f"{why} ({', '.join(names)})" for why, names in slow.items() if names]
    return "" if not words else ("Where its processor was less than 90 % busy, not the server was the limit but " +
                                 " or ".join(words) +
                                 ": the rate says little there, and the processor time of each operation counts.\n")


def markdown(result):
    figures = result["figures"]
    parts = [result["conditions"], "", main_table(figures), ""]
    if "lockstep" in figures and len(figures) > 1:
        parts += [ratio_table(figures), ""]
    rows = result["targets"]
    if rows:
        parts += [target_table(rows), ""]
    parts += [limits(figures)]
    return "\n".join(parts)
