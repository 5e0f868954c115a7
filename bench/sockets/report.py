"""The figures of a run as a table in markdown, and whether they reach what they should."""

# what, how to read it from a server's figures, beside whom (None: as it is), at most
TARGETS = [
    ("CPU per new connection", lambda f: f["connect"]["cpu_us"], "nginx", 0.55),
    ("CPU per 1 KB request", lambda f: f["requests"]["cpu_us"], "h2o", 0.85),
    ("memory per idle connection, bytes", lambda f: max(n["pss"] for n in f["idle"].values()), None, 4096),
]

COLUMNS = [
    ("new TLS 1.3 connections/s (CPU µs each)", "connect", lambda m: f"{m['per_second']:,.0f} ({m['cpu_us']:.0f})"),
    ("1 KB requests/s (CPU µs each)", "requests", lambda m: f"{m['per_second']:,.0f} ({m['cpu_us']:.1f})"),
    ("100 MB downloads: MB/s (CPU ms each)", "download",
     lambda m: f"{m['per_second'] * 100:,.0f} ({m['cpu_us'] / 1000:.1f})"),
]
RATIOS = [("CPU per new connection", "connect"), ("CPU per 1 KB request", "requests"),
          ("CPU per 100 MB", "download")]


def targets(figures):
    """Those that this run can say something about."""
    rows = []
    for what, read, beside, most in TARGETS:
        try:
            value = read(figures["lockstep"])
            if beside:
                value /= read(figures[beside])
        except (KeyError, ValueError):
            continue
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
            own = figures["lockstep"][mode]["cpu_us"]
            rows.append([what, *(f"{own / figures[o][mode]['cpu_us']:.2f}" for o in others)])
    return table(rows)


def target_table(rows):
    lines = [["figure", "is", "to reach", ""]]
    for r in rows:
        what = r["what"] + (f", of {r['beside']}'s" if r["beside"] else "")
        shape = "{:.2f}" if r["beside"] else "{:,.0f}"
        lines.append([what, shape.format(r["value"]), "≤ " + shape.format(r["at_most"]),
                      "reached" if r["reached"] else "**missed**"])
    return table(lines)


def idle_cores(figures):
    """A server whose processor was not busy did not get all the load it could have taken."""
    slow = [f"{name} ({mode} {f[mode]['busy'] * 100:.0f} %)" for name, f in figures.items()
            for _, mode in RATIOS if mode in f and f[mode]["busy"] < 0.9]
    if not slow:
        return ""
    return ("The load, or something beside it on this machine, and not the server was the limit of: "
            + ", ".join(slow) + ". Rates of these say nothing; the processor time of each operation still counts.\n")


def markdown(result):
    figures = result["figures"]
    parts = [result["conditions"], "", main_table(figures), ""]
    if "lockstep" in figures and len(figures) > 1:
        parts += [ratio_table(figures), ""]
    rows = result["targets"]
    if rows:
        parts += [target_table(rows), ""]
    parts += [idle_cores(figures)]
    return "\n".join(parts)
