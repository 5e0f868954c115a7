"""The numbers in docs/eighty-milliseconds.md are those that the tool finds."""
import re
import shutil

import pytest

from kit import LOCKSTEP, ROOT, run


def figures(env, *args, root=ROOT):
    return run(["/usr/bin/python3", root / "docs" / "figures.py", *args, LOCKSTEP], env)


def test_guide(shared):
    r = figures(shared.env, "--check")
    assert r.rc == 0 and r.all == "", r


@pytest.mark.parametrize("name, other", [("13-trips", "2"), ("hello", "1,700"), ("steps", "?"), ("total", "?"),
                                         ("certificate", "about 2,000"), ("nonsense", "1")])
def test_wrong_figures_are_noticed(shared, name, other):
    """A copy of the guide with another number in it is refused; and put right again where that can be done."""
    (shared.dir / "docs").mkdir(exist_ok=True)
    shutil.copy(ROOT / "docs" / "figures.py", shared.dir / "docs")
    guide, text = shared.dir / "docs" / "eighty-milliseconds.md", (ROOT / "docs" / "eighty-milliseconds.md").read_text()
    wrong = re.sub(rf"<!--{name}-->.*?<!--/-->", f"<!--{name}-->{other}<!--/-->", text, count=1)
    guide.write_text(wrong if wrong != text else text + f"<!--{name}-->{other}<!--/-->\n")
    r = figures(shared.env, "--check", root=shared.dir)
    assert r.rc == 1 and name in r.err, r
    if name != "nonsense":
        assert figures(shared.env, root=shared.dir).rc == 0
        assert figures(shared.env, "--check", root=shared.dir).rc == 0
