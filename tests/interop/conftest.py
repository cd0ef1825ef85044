import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "system"))
pytest.register_assert_rewrite("promises", "house", "server")

from harness.fixtures import lab, pytest_runtest_makereport, run, shared_lab  # noqa: E402,F401
from harness import observed  # noqa: E402
from harness.secrets import WRONG_SECRET  # noqa: E402
from house import House  # noqa: E402


def pytest_generate_tests(metafunc):
    """Each promise is made for all WAYS of the module that imports it."""
    ways = getattr(metafunc.module, "WAYS", [])
    if not ways:
        return
    if "house" in metafunc.fixturenames:
        metafunc.parametrize("house", ways, indirect=True, scope="module", ids=map(str, ways))
    elif "way" in metafunc.fixturenames:
        metafunc.parametrize("way", ways, ids=map(str, ways))


@pytest.fixture(scope="module")
def server(request, shared_lab):  # noqa: F811
    """The module's server, shared by all of its tests."""
    made = request.module.start_server(shared_lab.folder)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def house(request, server, strangers, tmp_path_factory):
    """A daemon that has subscribed in the given way; the tests of one way follow each other in it."""
    server.control("forget")
    made = House(tmp_path_factory.mktemp("house"), server, request.param)
    yield from run(made)
    server_is_left_alone(server)


def server_is_left_alone(server):
    """To ask for the schema where introspection is off is no fault."""
    errors = [text for text in server.stats()["errors"] if "introspection disabled" not in text]
    assert not errors, f"the server found fault with our documents: {errors[:5]}"


@pytest.fixture(scope="module")
def strangers(request, shared_lab, tmp_path_factory):  # noqa: F811
    """Daemons that a server of their own has refused, and would let in by now. They start before everything else: who
    was refused waits a minute until it tries again, and the other tests use that time."""
    server = request.module.start_server(shared_lab.folder)
    houses = []
    for number, way in enumerate(request.module.STRANGERS):
        partner = {"id": f"stranger-{number}", "secret": WRONG_SECRET}
        server.set_partner(partner["id"], "another secret")
        houses.append(House(tmp_path_factory.mktemp("stranger"), server, way, partner))
    lives = [run(one) for one in houses]
    for life in lives:
        next(life)
    for number, one in enumerate(houses):
        one.refusal = wait_for_refusal(one)
        one.refusals = server.stats()["refused"].get(f"stranger-{number}", 0)
    for number, one in enumerate(houses):
        server.set_partner(f"stranger-{number}", WRONG_SECRET)
    yield houses
    for life in lives:
        next(life, None)
    server.stop()


def wait_for_refusal(house):  # noqa: F811
    """The event's words, once health says the same."""
    house.program.wait_for_log(r"partner\.secret", 20)
    event = observed.wait_for_event(house.seen, "auth_failed")
    observed.wait_for_health(house.seen, lambda health: health["problem"] == "auth_failed", "auth_failed")
    return event["detail"]
