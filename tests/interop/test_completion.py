"""The completions of bash, zsh and fish, asked in those shells."""
import os
import select
import shlex
import time

import pytest

from kit import LOCKSTEP, ROOT, fork_in_terminal, run, tool

FILES = ROOT / "completions"
ACTIONS = {"init", "issue", "trust", "untrust", "list", "env", "path"}

# what stands on the line -> what may come there, of what the shell offers
LINES = {
    "lockstep s": {"serve"},
    "lockstep ser": {"serve"},
    "lockstep serve --tls-m": {"--tls-min", "--tls-max"},
    "lockstep serve --tls-min ": {"1.2", "1.3"},
    "lockstep serve --client-auth ": {"none", "request", "require"},
    "lockstep serve --client-auth req": {"request", "require"},
    "lockstep get --kex ": {"ecdhe", "rsa"},
    "lockstep verify --revocation ": {"soft", "leaf", "chain"},
    "lockstep verify --ct ": {"off", "report", "require"},
    "lockstep walk --tls ": {"1.2", "1.3"},
    "lockstep walk --fault exp": {"expired", "expired-intermediate"},
    "lockstep walk --compare ": {"1.3,1.2,rsa,resume,0rtt"},
    "lockstep walk --html si": {"site.pem"},
    "lockstep walk --fau": {"--fault", "--faults"},
    "lockstep verify --purpose ": {"server", "client"},
    "lockstep ca ": ACTIONS,
    "lockstep ca issue --": None,  # those that the command lists
    "lockstep ech ": {"new", "show"},
    "lockstep ech new ": set(),
    "lockstep ech show si": {"site.pem"},
    "lockstep serve --cert si": {"site.pem"},
    "lockstep serve pu": {"public/"},
    "lockstep get -E si": {"site.pem"},
    "lockstep get --capath pu": {"public/"},
    "lockstep verify si": {"site.pem"},
}


def bash(line, env, cwd):
    """As readline does: the words so far, and the one that is being written."""
    words = shlex.split(line) + ([""] if line.endswith(" ") else [])
    script = (f". {FILES}/lockstep.bash; COMP_WORDS=({' '.join(map(shlex.quote, words))}); "
              f'COMP_CWORD={len(words) - 1}; _lockstep; printf "%s\\n" "${{COMPREPLY[@]}}"')
    found = run(["bash", "--norc", "-c", script], env, cwd=cwd).out.split()
    return {f + "/" if (cwd / f).is_dir() else f for f in found}  # readline does so itself


def fish(line, env, cwd):
    script = f"source {FILES}/lockstep.fish; complete -C {shlex.quote(line)}"
    r = run(["fish", "--no-config", "-c", script], env, cwd=cwd)
    return {found.split("\t")[0] for found in r.out.splitlines()}


ZSHRC = """
PS1='ready> ' RPS1= fpath=({files} $fpath)
unsetopt zle_bracketed_paste beep
autoload -Uz compinit
compinit -u -D
zle -C all-matches complete-word _generic
bindkey '^T' all-matches
zstyle ':completion:all-matches:*' insert yes
zstyle ':completion:all-matches::::' completer _all_matches _complete
write-line() {{ print -r -- "$BUFFER" >{out}.new; mv {out}.new {out}; BUFFER= }}
zle -N write-line
bindkey '^X' write-line
"""


def zsh(line, env, cwd):
    """zsh completes only where somebody types: in a terminal, with a key that inserts all that fits."""
    home, out = cwd / "zsh", cwd / "line.txt"
    home.mkdir(exist_ok=True)
    out.unlink(missing_ok=True)
    (home / ".zshrc").write_text(ZSHRC.format(files=shlex.quote(str(FILES)), out=shlex.quote(str(out))))
    pid, terminal = fork_in_terminal()
    if pid == 0:
        os.chdir(cwd)
        os.execvpe("zsh", ["zsh", "-d", "-i"], dict(env, ZDOTDIR=str(home), TERM="dumb"))
    shown, typed, end = b"", False, time.monotonic() + 20
    try:
        while not out.exists():
            assert time.monotonic() < end, shown
            if select.select([terminal], [], [], 0.05)[0]:
                shown += os.read(terminal, 4096)
            if not typed and b"ready> " in shown:
                os.write(terminal, line.encode() + b"\x14\x18")
                typed = True
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    so_far, written = line.split(), out.read_text().split()
    if not line.endswith(" "):
        so_far.pop()
    assert written[: len(so_far)] == so_far, (line, written)
    return {w for w in written[len(so_far):]}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the files that are to be found, and the command in the PATH."""
    dir = tmp_path_factory.mktemp("completion")
    (dir / "bin").mkdir()
    (dir / "bin" / "lockstep").symlink_to(LOCKSTEP)
    (dir / "site.pem").write_text("")
    (dir / "public").mkdir()
    return dir


@pytest.mark.parametrize("shell", [bash, zsh, fish], ids=lambda s: s.__name__)
@pytest.mark.parametrize("line", LINES)
def test_offers(place, shell, line):
    if tool(shell.__name__) is None:
        pytest.skip(f"{shell.__name__} is not there")
    env = {"PATH": f"{place}/bin:{os.environ['PATH']}", "HOME": str(place), "LC_ALL": "C.UTF-8"}
    wanted = LINES[line]
    if wanted is None:
        wanted = set(run([LOCKSTEP, "--complete", line.split()[1]], env).out.split()) | {"--help"}
        assert len(wanted) > 3
    found = shell(line, env, place)
    if not wanted and shell is zsh:  # what does not complete stays as it is
        assert found == set()
    else:
        assert found == wanted


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_syntax(shell):
    if tool(shell) is None:
        pytest.skip(f"{shell} is not there")
    file = FILES / {"zsh": "_lockstep"}.get(shell, f"lockstep.{shell}")
    assert run([shell, "-n", file], os.environ).rc == 0
