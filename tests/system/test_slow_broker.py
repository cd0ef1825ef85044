"""A broker that stops reading without going away: the most dangerous kind, because nothing fails."""

import time

from harness import observed, verdict
from harness.proxy import Tap
from harness.readings import Fleet
from harness.waiting import SCALE, wait_for

STALL_SECONDS = 60
METERS = 50
ROUNDS_A_SECOND = 10
# Windows and queues take a few megabytes; what comes in during the stall is many times that.
GROWTH_ALLOWED = 24e6 * SCALE


def test_a_broker_that_stops_reading(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    to_broker, to_api = lab.proxy(broker.port), lab.proxy(api.port)
    daemon = lab.start(api, broker, log_level="info",
                       mqtt={"url": f"mqtt://127.0.0.1:{to_broker.port}"},
                       partner={"url": api.url.replace(str(api.port), str(to_api.port))})
    fleet = Fleet(METERS)
    for _ in range(20):
        api.push(fleet.round())
    observed.wait_for_readings(recorder, len(fleet.all_sent()))

    before = daemon.memory_bytes()
    to_broker.stalled = True
    most = push_for(STALL_SECONDS, api, fleet, daemon)
    to_broker.stalled = False
    print(f"{len(fleet.all_sent())} readings; {before / 1e6:.1f} MB before, {most / 1e6:.1f} MB at most")
    assert most - before < GROWTH_ALLOWED

    released = time.monotonic()
    verdict.wait_for_all(recorder, fleet, 90)
    print(f"all there after {time.monotonic() - released:.1f} s")
    verdict.wait_for_right_states(lab, broker, recorder, fleet)
    verdict.check_copies(recorder)
    check_api_links(api, to_api)


def push_for(seconds, api, fleet, daemon):
    """Pushes at a steady pace; the most memory that the daemon had."""
    end, most = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        began = time.monotonic()
        api.push(fleet.round())
        most = max(most, daemon.memory_bytes())
        assert daemon.is_running()
        time.sleep(max(0, began + 1 / ROUNDS_A_SECOND - time.monotonic()))
    return most


def check_api_links(api, to_api):
    """Whatever became of the connections to the API: left politely, or still answering."""
    links = [connection for connection in to_api.connections if connection.tap.frames]
    assert links
    for link in links:
        if not link.is_open:
            assert link.tap.frames[-1][0] == Tap.CLOSE, "a link ended without a close frame of ours"
    api.control("push_text", text='{"type":"ping"}')
    alive = [link for link in links if link.is_open]
    wait_for(lambda: any(b"pong" in payload for link in alive for _, payload in link.tap.frames), "pong", 10)


def test_a_slow_line_to_the_broker(lab):
    """A tenth of a second each way: slower than the readings come, one at a time, but windows make up for it."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    way = lab.proxy(broker.port)
    way.latency = 0.1
    lab.start(api, broker, mqtt={"url": f"mqtt://127.0.0.1:{way.port}"})
    fleet = Fleet(20)
    for _ in range(20):
        api.push(fleet.round())
    verdict.wait_for_all(recorder, fleet, 30)
    verdict.wait_for_right_states(lab, broker, recorder, fleet)
