"""Another revision of the engine beside the one that is here: its tree in build/compare, its engine as an archive, and
of that a shared library with the peer of today's measuring program, so that both take turns in one run."""
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "bench"
TREE = ROOT / "build" / "compare"


class Problem(Exception):
    """In words for whoever asked."""


def run(*command, what, **more):
    r = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if r.returncode != 0:
        raise Problem(f"{what}:\n{r.stdout[-3000:].strip()}")
    return r.stdout.strip()


def git(*arguments, what="git says"):
    return run("git", "-C", str(ROOT), *arguments, what=what)


def resolve(revision):
    """The commit that `revision` names."""
    r = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"],
                       stdout=subprocess.PIPE, text=True)
    if r.returncode != 0 or revision.startswith("-"):
        raise Problem(f"there is no such revision: {revision}")
    return r.stdout.strip()


def dirty():
    """Are there changes of the engine or of this program that no commit has?"""
    return bool(git("status", "--porcelain", "--untracked-files=no"))


def short(commit):
    return git("rev-parse", "--short", commit)


def remove():
    """The worktree, also one that a run which was ended has left."""
    subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(TREE)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(TREE, ignore_errors=True)
    subprocess.run(["git", "-C", str(ROOT), "worktree", "prune"], stdout=subprocess.DEVNULL)


def build(commit):
    """Builds libother.so and, where it can be, count_other; returns the directory that they are in."""
    remove()
    git("worktree", "add", "--quiet", "--detach", str(TREE), commit, what="cannot make a tree of that revision")
    jobs = os.environ.get("JOBS", str(os.cpu_count()))
    run("cmake", "-S", str(TREE), "-B", str(TREE / "build"), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DLOCKSTEP_TESTS=OFF", what="that revision cannot be configured")
    run("cmake", "--build", str(TREE / "build"), "-j", jobs, "--target", "lockstep_static",
        what="that revision cannot be built")
    run("cmake", "--preset", "bench", f"-DBENCH_OTHER={TREE}", what="cannot configure", cwd=ROOT)
    try:
        run("cmake", "--build", str(BUILD), "-j", jobs, "--target", "other", what="its engine does not fit this "
            "measuring program")
        subprocess.run(["cmake", "--build", str(BUILD), "-j", jobs, "--target", "count_other"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        run("cmake", "--preset", "bench", "-DBENCH_OTHER=", what="cannot configure", cwd=ROOT)
    return BUILD / "measure"
