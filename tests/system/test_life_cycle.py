"""Start, stop, crash and start again: what is retained is true at every moment."""

import signal

import pytest
from harness import observed
from harness.programs import STOP_SECONDS
from harness.readings import Fleet
from harness.waiting import patience


def started(lab, meters=2):
    """A daemon with meters that have sent one reading each."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    daemon = lab.start(api, broker)
    fleet = Fleet(meters)
    api.push(fleet.round())
    observed.wait_for_readings(recorder, meters)
    recorder.wait_for_text(observed.BRIDGE_STATE, "online")
    return api, broker, recorder, daemon, fleet


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quickly_and_leaves_offline(lab, number):
    api, broker, recorder, daemon, fleet = started(lab)
    daemon.child.send_signal(number)
    assert daemon.wait(STOP_SECONDS) == 0
    assert lab.retained(broker)[observed.BRIDGE_STATE] == "offline"
    assert api.stats()["connections"] == 0


def test_a_stop_amid_readings_delivers_what_it_took(lab):
    api, broker, recorder, daemon, fleet = started(lab, meters=20)
    for _ in range(10):
        api.push(fleet.round())
    code, seconds = daemon.terminate()
    assert code == 0 and seconds < patience(STOP_SECONDS)
    # What it did not take is replayed by the API to the next one.
    lab.start(api, broker)

    def complete():
        seen = {(one["meter"]["id"], one["time"]) for one in observed.readings(recorder)}
        return all((one.meter.id, one.time_text) in seen for one in fleet.all_sent())

    recorder.wait_until(complete, "every reading of both runs", 20)


def test_a_crash_is_told_by_the_last_will(lab):
    api, broker, recorder, daemon, fleet = started(lab)
    daemon.kill()
    recorder.wait_for_text(observed.BRIDGE_STATE, "offline", 5)
    assert lab.retained(broker)[observed.BRIDGE_STATE] == "offline"


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_the_next_start_is_online_with_the_newest_values(lab, end):
    api, broker, recorder, daemon, fleet = started(lab)
    getattr(daemon, end)()
    recorder.wait_for_text(observed.BRIDGE_STATE, "offline")
    missed = fleet.round()
    api.push(missed)
    lab.start(api, broker)
    recorder.wait_for_text(observed.BRIDGE_STATE, "online")
    for one in missed:
        observed.wait_for_reading(recorder, one)
    for meter in fleet.meters:
        topics = observed.wait_for_topics(recorder, meter, fleet.newest(meter))
        for code, expected in fleet.newest(meter).items():
            recorder.wait_for_text(topics[code], expected)
        recorder.wait_for_text(observed.meter_topic(recorder, meter, "availability"), "online")
    assert lab.retained(broker)[observed.BRIDGE_STATE] == "online"


def test_a_stop_without_broker_and_api_is_quick_too(lab):
    api, broker = lab.simulator(), lab.broker()
    configuration = lab.configure(api, broker)
    broker.kill()
    api.stop()
    daemon = lab.daemon(configuration)
    daemon.wait_for_log(f"broker.*127.0.0.1:{broker.port}.*not reachable")
    code, seconds = daemon.terminate()
    assert code == 0 and seconds < patience(STOP_SECONDS)
