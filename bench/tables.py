"""The tables of a run, in markdown."""
import targets

MEASURES = {"handshake": ["server", "client", "refill"], "bulk": ["send", "receive"], "chain": ["time"]}
NUMBERS = {"memory": ["idle", "idle_after_traffic", "shared", "peak", "allocations", "own_allocations"],
           "instructions": ["all", "outside"]}
WORDS = {"idle": "heap of an idle connection, bytes", "shared": "heap that all connections share, bytes",
         "idle_after_traffic": "the same after 1,000 bytes each way",
         "peak": "peak heap in a handshake, bytes", "allocations": "allocations in a handshake",
         "own_allocations": "of them the engine's own", "all": "instructions of a handshake",
         "outside": "those outside kernels", "refill": "made ahead, for each", "time": ""}


def table(head, rows):
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def number(value):
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:,}"


def ratio(row, measure, against, who="lockstep"):
    got = targets.ratio(row, measure, who, against)
    return "-" if got is None else f"{got:.2f}"


def goal(target):
    sign = "≥" if target.at_least else "≤"
    return f"{sign} {target.limit:,}" + (f" of {target.against}" if target.against else "")


def goals(row, measure, who):
    """What is to be reached, and whether it is."""
    all = targets.of(row, measure, who)
    verdicts = [(goal(t), targets.value(row, t)) for t in all]
    said = ["-" if got is None else "yes" if targets.reached(t, got) else "**no**"
            for t, (_, got) in zip(all, verdicts)]
    return ", ".join(text for text, _ in verdicts), ", ".join(said)


def beside(row, who):
    """Whose work is the least that there can be for that of `who`."""
    if row["kind"] != "bulk":
        return "floor"
    return "libcrypto" if who == targets.ALONE else "libcrypto and pipe"


def peers(run):
    rows = [r for r in run["rows"] if r["kind"] in ("handshake", "bulk")]
    return [p for p in run["libraries"] if p not in ("lockstep", "libcrypto") and
            any(targets.result(r, p) for r in rows)]


def name(row, measure):
    more = WORDS.get(measure, measure)
    if row["kind"] == "instructions":
        return f"{row['name'].partition('-')[2] or 'server'}: {more}"
    if row["kind"] in NUMBERS:
        return more
    return f"{row['title']}: {more}" if more else row["title"]


def ratios(run):
    """The one table: lockstep's figure, its ratio to each other one of the same run, and the mark."""
    others, rows = peers(run), []
    for row in run["rows"]:
        keys = MEASURES.get(row["kind"]) or NUMBERS[row["kind"]]
        for who in ("lockstep", targets.ALONE):
            ours = targets.result(row, who) or {}
            for key in (k for k in keys if k in ours):
                got = ours[key]
                figure = number(float(got["median"])) + " " + row["unit"] if isinstance(got, dict) else number(got)
                title = name(row, key)
                rows.append([title + who.removeprefix("lockstep"), figure, ratio(row, key, beside(row, who), who),
                             ratio(row, key, "floor, share derived", who),
                             *(ratio(row, key, p) if who == "lockstep" else "-" for p in others), *goals(row, key, who)])
    return table(["lockstep", "figure", "to floor", "share derived", *("to " + p for p in others), "to reach", "reached"], rows)


def figures(run, kind):
    """All figures of a kind of row themselves: one line for each measure, one column for each contestant."""
    rows = [r for r in run["rows"] if r["kind"] == kind]
    keys = MEASURES.get(kind) or NUMBERS[kind]
    who = list(dict.fromkeys(r["who"] for row in rows for r in row["results"]))
    lines = []
    for row in rows:
        for key in keys:
            got = [(targets.result(row, w) or {}).get(key) for w in who]
            if any(g is not None for g in got):
                title = name(row, key)
                lines.append([title, *(number(float(g["median"]) if isinstance(g, dict) else g) for g in got)])
    return table([rows[0]["unit"] if rows else "", *who], lines)


def chain(run):
    row = next(r for r in run["rows"] if r["kind"] == "chain")
    bare = next(r for r in row["results"] if "bare" in r["who"])["time"]["median"]
    return table([row["title"] + ", us", "time", "to bare"],
                 [[r["who"], number(float(r["time"]["median"])), f"{r['time']['median'] / bare:.2f}"] for r in row["results"]])


def biggest(run):
    """Where the instructions outside the kernels are."""
    rows = [r for r in run["rows"] if r["kind"] == "instructions"]
    ours = [targets.result(r, "lockstep")["biggest_outside"][:15] for r in rows]
    head = [cell for r in rows for cell in (r["title"].split(",")[0] + ", outside the kernels", "instructions")]
    return table(head, [[cell for n, c in line for cell in (f"`{n}`", f"{c:,}")] for line in zip(*ours)])


def header(run):
    libraries = ", ".join(f"{k} {v}" for k, v in run["libraries"].items())
    dirty = ", with changes that are not committed" if run["dirty"] else ""
    return f"{run['date'][:10]}, {run['machine']}; {libraries}; commit {run['commit'][:12]}{dirty}."


def missed(run):
    """The targets that this run has not reached, as lines of text; and how many there are in all."""
    out, n = [], 0
    for row in run["rows"]:
        for t in (t for t in targets.TARGETS if t.row == row["name"]):
            got = targets.value(row, t)
            if got is not None:
                n += 1
                if not targets.reached(t, got):
                    out.append(f"{name(row, t.measure)}{t.who.removeprefix('lockstep')}: {number(round(got, 2))}, to reach {goal(t)}")
    return out, n


def compared(run, other):
    """The change since another revision: what lockstep takes now by what it took, and the middle half of the rounds."""
    lines = []
    for row in run["rows"]:
        ours, theirs = targets.result(row, "lockstep"), targets.result(row, other)
        for key in MEASURES.get(row["kind"], []) if ours and theirs else []:
            if key in theirs and "ratio" in theirs[key]:
                old, new = theirs[key], float(ours[key]["median"])
                percent = [f"{(old[k] - 1) * 100:+.1f} %" for k in ("ratio", "ratio_low", "ratio_high")]
                lines.append([name(row, key), number(float(old["median"])), number(new) + " " + row["unit"], percent[0],
                              f"{percent[1]} to {percent[2]}"])
        for key in NUMBERS.get(row["kind"], []) if ours and theirs else []:
            if theirs.get(key):
                lines.append([name(row, key), number(theirs[key]), number(ours[key]),
                              f"{(ours[key] / theirs[key] - 1) * 100:+.1f} %", "exact"])
    return table(["lockstep", other, "now", "change", "half of the rounds"], lines)
