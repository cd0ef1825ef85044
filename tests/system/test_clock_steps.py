"""The clock of the daemon's machine is set while it runs: it notices and goes on with the API's, and nothing that waits
hangs."""

import datetime
import json

import pytest
from harness import observed
from harness.fake_clock import FakeClock
from harness.programs import STOP_SECONDS
from harness.readings import Fleet, now, parse_time
from harness.waiting import patience, wait_for


@pytest.mark.parametrize("step", [-7200, -3, 120, 7200])
def test_the_clock_is_set_while_it_runs(lab, step):
    api, broker, clock, fleet = lab.simulator(), lab.broker(), FakeClock(lab.folder), Fleet(2)
    recorder = lab.recorder(broker)
    daemon = lab.daemon(lab.configure(api, broker, partner={"poll_interval": "1s"}), **clock.environment())
    api.wait_for_subscription()
    recorder.wait_until(lambda: recorder.last("iometer/bridge/health"), "health")
    for offset in (step, 0):
        clock.set(offset)
        position = recorder.position()
        if abs(step) >= 60:  # what is said at once
            recorder.wait_until(
                lambda: abs(json.loads(recorder.last("iometer/bridge/health"))["api"]["clock_offset"] + offset) <= 1,
                "health with the difference between the clocks")
        # What is published carries the API's time.
        before = now()
        api.control("push_text", text="}{")
        said = parse_time(observed.wait_for_event(recorder, "message_dropped", after=position)["time"])
        assert before - datetime.timedelta(seconds=3) < said < now() + datetime.timedelta(seconds=3)
        api.push(fleet.round())
        for meter in fleet.meters:
            observed.wait_for_reading(recorder, fleet.sent[meter.id][-1], 3)
        # The poll of the installations is a timed wait.
        before = api.stats()["http_requests"]
        wait_for(lambda: api.stats()["http_requests"] >= before + 2, "two polls, one second apart", 5)
    code, seconds = daemon.terminate()
    assert code == 0 and seconds < patience(STOP_SECONDS)
