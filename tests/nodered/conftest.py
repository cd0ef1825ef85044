import os
import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "system"))

from harness.fixtures import lab, pytest_runtest_makereport  # noqa: E402,F401
from influx import Influx  # noqa: E402
from node_red import NodeRed  # noqa: E402
from tab import Tab  # noqa: E402


@pytest.fixture
def node_red(lab):  # noqa: F811
    made = NodeRed(lab.folder)
    yield made
    made.close()
    assert not made.mistakes()


@pytest.fixture
def influx(lab):  # noqa: F811
    made = Influx(lab.folder / "influx")
    yield made
    made.close()


@pytest.fixture
def tab(tmp_path_factory):
    made = Tab(tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


@pytest.fixture
def installed():
    return pathlib.Path(os.environ["IOMETER_NODE_RED"])
