import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))
from fixtures import bench, nobody, pki, pytest_sessionstart, shared  # noqa: E402,F401 (used by pytest)
