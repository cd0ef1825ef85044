"""What a restart may not do: repeat what is retained, forget what was announced, call old values fresh."""

import datetime
import json
import pathlib

import pytest
from harness import discovery, observed
from harness.fake_clock import FakeClock
from harness.readings import Fleet, now
from harness.waiting import SCALE, holds_for, wait_for

METERS = 3
SIX_HOURS = 6 * 3600
# What may be said at each start: the state itself, and what changes with every minute.
SAID_AT_EACH_START = {observed.BRIDGE_STATE, observed.HEALTH, "iometer/bridge/info"}


class Home:
    """A bridge that has announced its meters and been stopped: ready to be started again."""

    def __init__(self, lab, clock=None):
        """`clock`: of the daemon and the API; the readings' own times are the test's."""
        self.lab, self.clock = lab, clock
        self.api, self.broker = lab.simulator(clock=clock), lab.broker()
        self.recorder = lab.recorder(self.broker)
        self.state = pathlib.Path(lab.configure(self.api, self.broker)["state_dir"])
        self.fleet = Fleet(METERS)
        self.start()
        for _ in range(2):
            self.api.push(self.fleet.round())
        for meter in self.fleet.meters:
            observed.wait_for_topics(self.recorder, meter, self.fleet.newest(meter))
            self.wait_for_availability(meter, "online")

    def start(self):
        environment = self.clock.environment() if self.clock else {}
        self.daemon = self.lab.daemon(self.lab.configure(self.api, self.broker), **environment)
        self.api.wait_for_subscription()
        return self.daemon

    def stop(self):
        assert self.daemon.terminate()[0] == 0
        self.recorder.wait_for_text(observed.BRIDGE_STATE, "offline")

    def wait_for_availability(self, meter, word):
        wait_for(lambda: self.recorder.last(observed.meter_topic(self.recorder, meter, "availability")) == word,
                 f"availability {word} of {meter.number}", 20)

    def wait_for_replay(self):
        """Until a replay that brings nothing new must be over: five seconds of silence."""
        holds_for(self.daemon.is_running, "the daemon runs", 6)

    def live_again(self):
        """Until the start is over: a new reading of each meter is on its topics."""
        self.recorder.wait_for_text(observed.BRIDGE_STATE, "online")
        sent = self.fleet.round()
        self.api.push(sent)
        for one in sent:
            observed.wait_for_reading(self.recorder, one)
        for meter in self.fleet.meters:
            for code, topic in observed.wait_for_topics(self.recorder, meter, self.fleet.newest(meter)).items():
                if code in self.fleet.newest(meter):
                    self.recorder.wait_for_text(topic, self.fleet.newest(meter)[code])
            self.wait_for_availability(meter, "online")

    def retained(self):
        return self.lab.retained(self.broker)

    def announced(self):
        """{topic: names of the components}; what is announced may only grow."""
        return {topic: set(payload["components"]) for topic, payload in discovery.payloads(self.retained()).items()}

    def check_nothing_shrank(self, before, position):
        """Neither afterwards nor for a moment in between."""
        after = self.announced()
        assert all(components <= after.get(topic, set()) for topic, components in before.items()), (before, after)
        for message in self.recorder.since(position):
            if message.topic in before and message.retain:
                components = set(json.loads(message.text or "{}").get("components", ()))
                assert before[message.topic] <= components, f"{message.topic} shrank for a moment: {message.text[:300]}"


def test_a_restart_with_nothing_new_publishes_nothing_retained(lab):
    home = Home(lab)
    home.stop()
    before, position = home.retained(), home.recorder.position()
    home.start()
    home.live_again()
    repeated = [message.topic for message in home.recorder.since(position)
                if message.retain and before.get(message.topic) == message.text
                and message.topic not in SAID_AT_EACH_START]
    assert not repeated, f"{len(repeated)} retained messages were repeated, such as {repeated[:5]}"
    again = sum(observed.is_reading(message.topic) for message in home.recorder.since(position)) - METERS
    assert not again, f"{again} readings came again without a cause"


@pytest.mark.skipif(SCALE != 1, reason="sanitizers do not allow a library that is preloaded")
def test_old_values_are_not_online_for_a_moment(lab):
    """Started again six hours later: whoever reads the broker's messages in order never finds `online` for values of
    the morning while the bridge is online, too."""
    clock = FakeClock(lab.folder)
    home = Home(lab, clock)
    home.stop()
    clock.set(SIX_HOURS)
    home.api = lab.simulator(clock=clock)  # one that runs goes by its monotonic clock
    position = home.recorder.position()
    home.start()
    home.recorder.wait_for_text(observed.BRIDGE_STATE, "online")
    topics = [observed.meter_topic(home.recorder, meter, leaf)
              for meter in home.fleet.meters for leaf in ("availability", "availability/live")]
    home.wait_for_replay()
    said, lies = {}, []
    for at, message in enumerate(list(home.recorder.messages)):
        said[message.topic] = message.text
        if at >= position and said[observed.BRIDGE_STATE] == "online":
            lies += [(at - position, topic) for topic in topics if said[topic] == "online"]
    assert not lies, f"online, with values six hours old: {lies[:5]}"
    for one in home.fleet.round(now() + datetime.timedelta(seconds=SIX_HOURS)):
        home.api.push([one])
        home.wait_for_availability(one.meter, "online")


@pytest.mark.parametrize("case", ["kept", "deleted", "corrupt"])
def test_what_is_announced_survives_a_restart(lab, case):
    home = Home(lab)
    home.stop()
    before = home.announced()
    slugs = {meter.id: observed.slug(home.recorder, meter) for meter in home.fleet.meters}
    file = home.state / "state.json"
    assert file.is_file(), "there is no state file"
    if case == "deleted":
        file.unlink()
    elif case == "corrupt":
        file.write_text(file.read_text()[: file.stat().st_size // 2])
    position = home.recorder.position()
    daemon = home.start()
    home.live_again()
    home.check_nothing_shrank(before, position)
    topics = {message.topic.split("/")[2] for message in home.recorder.since(position)
              if message.topic.startswith("iometer/meter/")}
    assert topics == set(slugs.values()), "the meters have other topics now"
    if case == "corrupt":
        daemon.wait_for_log(r"(warning|error).*state\.json")
        assert (home.state / "state.json.corrupt").is_file()


def test_a_meter_that_says_nothing_after_the_restart_keeps_its_entities(lab):
    home = Home(lab)
    home.stop()
    before, position = home.announced(), home.recorder.position()
    home.start()
    home.recorder.wait_for_text(observed.BRIDGE_STATE, "online")
    home.wait_for_replay()
    one = home.fleet.next_reading(0)
    home.api.push([one])
    observed.wait_for_reading(home.recorder, one)
    home.check_nothing_shrank(before, position)


def test_a_state_directory_that_cannot_be_written(lab):
    """A file is in its place: it works without, and says so once."""
    blocked = lab.folder / "blocked"
    blocked.write_text("not a directory")
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    daemon = lab.start(api, broker, state_dir=str(blocked / "state"))
    fleet = Fleet(METERS)
    for _ in range(3):
        sent = fleet.round()
        api.push(sent)
        for one in sent:
            observed.wait_for_reading(recorder, one)
    daemon.wait_for_log(r"(warning|error).*blocked")
    lines = [line for line in daemon.log().splitlines() if "blocked" in line and (" warning " in line or " error " in line)]
    assert len(lines) == 1, lines
    assert daemon.terminate()[0] == 0
