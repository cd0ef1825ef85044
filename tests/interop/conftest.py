import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "system"))

from harness.fixtures import lab, pytest_runtest_makereport, shared_lab  # noqa: E402,F401


@pytest.fixture(scope="session")
def npm_packages():
    """What package-lock.json names, installed once beside it."""
    if not (FOLDER / "node_modules" / "graphql-ws").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=FOLDER, check=True, timeout=300)
