import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness.fixtures import lab, pytest_runtest_makereport, shared_lab  # noqa: E402,F401
