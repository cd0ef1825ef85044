"""What systemd is told: ready whatever is away, a line of status, signs of life from the thread that does the work."""

import pytest
from harness.programs import command
from harness.service_manager import ServiceManager
from harness.waiting import SCALE, holds_for

AWAY = "STATUS=API: suspended; broker: not connected"
LIVE = "STATUS=API: live; broker: connected"
WATCHDOG = max(1.5, 0.4 * SCALE)


@pytest.fixture
def manager():
    made = ServiceManager(WATCHDOG)
    yield made
    made.close()


def test_it_is_ready_and_alive_without_broker_and_api(lab, manager):
    api, broker = lab.simulator(), lab.broker()
    configuration = lab.configure(api, broker)
    broker.kill()
    api.stop()
    daemon = lab.daemon(configuration, **manager.environment())
    manager.wait_for("READY=1")
    manager.wait_for("STATUS=API: connecting; broker: not connected")
    daemon.wait_for_log(f"broker.*127.0.0.1:{broker.port}.*not reachable")
    # The thread has nothing to do but wait for its next attempts, and comes in time all the same.
    signs = manager.signs_of_life(6)
    gaps = [later - earlier for earlier, later in zip(signs, signs[1:])]
    assert max(gaps) < WATCHDOG, gaps
    assert sum(gaps) / len(gaps) > 0.45 * WATCHDOG, f"more often than twice in an interval: {gaps}"
    daemon.terminate()


def test_the_status_follows_the_connections(lab, manager):
    api, broker = lab.simulator(), lab.broker()
    daemon = lab.daemon(lab.configure(api, broker), **manager.environment())
    manager.wait_for(LIVE)
    broker.kill()
    manager.wait_for("STATUS=API: live; broker: not connected")
    manager.wait_for(AWAY, 20)
    said = [text for text in manager.texts() if text.startswith("STATUS=")]
    assert all(one != following for one, following in zip(said, said[1:])), f"said without a change: {said}"
    daemon.terminate()


def test_no_sign_of_life_from_one_that_stands_still(lab, manager):
    api, broker = lab.simulator(), lab.broker()
    daemon = lab.daemon(lab.configure(api, broker), **manager.environment())
    manager.wait_for(LIVE)
    manager.signs_of_life(2)
    daemon.pause()
    manager.catch_up()
    heard = manager.texts()
    holds_for(lambda: manager.texts() == heard, "silence", 3 * WATCHDOG)
    daemon.resume()
    manager.signs_of_life(2)
    daemon.terminate()


def test_the_end_is_told(lab, manager):
    api, broker = lab.simulator(), lab.broker()
    daemon = lab.daemon(lab.configure(api, broker), **manager.environment())
    manager.wait_for(LIVE)
    assert "STOPPING=1" not in manager.texts()
    assert daemon.terminate()[0] == 0
    assert [text for text in manager.texts() if not text.startswith(("STATUS=", "WATCHDOG="))] == [
        "READY=1", "STOPPING=1"]


def test_no_signs_of_life_for_another_process(lab, manager):
    """systemd names the process that it means."""
    api, broker = lab.simulator(), lab.broker()
    daemon = lab.daemon(lab.configure(api, broker), WATCHDOG_PID="1", **manager.environment())
    manager.wait_for(LIVE)
    daemon.terminate()
    assert "WATCHDOG=1" not in manager.texts()


def test_a_wrong_configuration_is_never_ready(tmp_path, manager):
    file = tmp_path / "config.yaml"
    file.write_text("partner: {id: a}")
    assert command("run", "--config", file, **manager.environment()).returncode == 2
    assert manager.texts() == []
