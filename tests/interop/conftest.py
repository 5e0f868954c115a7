from fixtures import bench, pki, pytest_sessionstart, shared  # noqa: F401 (used by pytest)
