"""The campaign's judge is judged: what is right passes, and each wrong sequence is found, by the rule that is for it."""

import dataclasses
import json
import re

import pytest
from campaign import plan, rules
from campaign.evidence import Evidence
from campaign.ledger import Ledger
from harness.readings import ago, make_meter, reading, value
from harness.recorder import Message

METER, SLUG = make_meter("judged", "1EMH1"), "1emh1"
BASE = f"iometer/meter/{SLUG}"
CONNECTED, PACE = 0.5, 10.0


class Story:
    """What a bridge without fault says of a few readings, to be spoilt by a test."""

    def __init__(self, count=8):
        self.ledger = Ledger()
        self.sent = [reading(METER, ago(seconds=100 - number), value((16, 7, 0), str(number), "W"))
                     for number in range(1, count + 1)]
        self.messages = []
        for number, one in enumerate(self.sent, 1):
            self.ledger.add(one, number * PACE)
            self.tell(one, number)
        self.say("availability", "online", 1)

    def say(self, leaf, text, number):
        self.messages.append(Message(number * PACE + 0.1, f"{BASE}/{leaf}", text, leaf != "reading", 0))

    def tell(self, one, number, live=True, **changes):
        if live:
            self.say("value/power", one.values[0].token, number)
            self.say("state", json.dumps({"time": one.time_text, "power": number}), number)
            self.say("last_reading", one.time_text, number)
        entry = {"value": int(one.values[0].token), "unit": "W", "obis": "1-0:16.7.0"}
        self.say("reading", json.dumps({"id": f"id {one.time_text}", "time": one.time_text, "backfill": not live,
                                        "meter": {"id": METER.id}, "values": {"power": entry}} | changes), number)

    def found(self, **more):
        made = Evidence(self.messages, self.ledger, **({"connections": [CONNECTED], "lives": [CONNECTED]} | more))
        return [violation.text for violation in rules.violations(made)]

    def without(self, text):
        self.messages = [message for message in self.messages if text not in message.text]


@pytest.fixture
def story():
    return Story()


def check(found, pattern):
    assert found and all(re.search(pattern, text) for text in found), found


def test_what_is_right_passes(story):
    assert story.found() == []
    story.tell(story.sent[3], 5, live=False, resent=True)
    assert story.found(connections=[CONNECTED, 4.5 * PACE]) == [], "a marked copy after a lost connection"


def test_a_lost_reading(story):
    story.without(f"id {story.sent[3].time_text}")
    check(story.found(), "^lost: .*1-0:16.7.0 4")


def test_a_lost_end(story):
    story.ledger.add(reading(METER, ago(seconds=1), value((16, 7, 0), "99", "W")), 1000)
    check(story.found(), "^lost: .*1-0:16.7.0 99")


def test_an_invented_reading(story):
    story.tell(reading(METER, ago(seconds=90), value((16, 7, 0), "4711", "W")), 9, live=False)
    check(story.found(), "^nobody sent")


def test_a_reading_with_a_changed_value(story):
    story.messages = [dataclasses.replace(message, text=message.text.replace('"value": 4,', '"value": 4.0,'))
                      for message in story.messages]
    check(story.found(), "^nobody sent|^lost: |no such value")


def test_one_id_for_two_readings(story):
    story.messages = [dataclasses.replace(message, text=message.text.replace(f"id {story.sent[3].time_text}",
                                                                             f"id {story.sent[2].time_text}"))
                      for message in story.messages]
    check(story.found(), "^two readings have the id|^an unmarked copy")


def test_two_ids_for_one_reading(story):
    story.tell(story.sent[3], 9, live=False, id="another")
    check(story.found(), "^one reading has several ids")


def test_an_unmarked_copy(story):
    story.tell(story.sent[3], 9, live=False)
    check(story.found(connections=[CONNECTED, 8 * PACE]), "^an unmarked copy")


def test_a_mark_without_a_cause(story):
    story.tell(story.sent[3], 9, live=False, resent=True)
    check(story.found(), "^marked as resent")


@pytest.mark.parametrize("leaf", ["state", "last_reading"])
def test_a_time_that_goes_back(story, leaf):
    text = story.sent[3].time_text
    story.say(leaf, json.dumps({"time": text}) if leaf == "state" else text, 9)
    check(story.found(), f"/{leaf} goes back")
    place = len(story.messages) - 1
    assert story.found(broker_memory=[(place, place + 1)]) == [], "a broker may remember what is old"


def test_a_time_that_is_made_up(story):
    story.say("state", json.dumps({"time": "2199-01-01T00:00:00Z"}), 9)
    check(story.found(), "/state has the time 2199.* at which the meter took nothing")


def test_a_cleared_state(story):
    story.say("state", "", 9)
    check(story.found(), "/state was cleared")


def test_a_value_that_goes_back(story):
    story.say("value/power", "4", 9)
    check(story.found(), "/value/power goes back")


def test_a_value_that_nobody_sent(story):
    story.say("value/power", "0", 9)
    check(story.found(), "no such value")


def test_values_that_walk_through_history():
    story = Story(count=0)
    for number in range(1, 13):
        one = reading(METER, ago(seconds=100 - number), value((16, 7, 0), str(number), "W"))
        story.ledger.add(one, number * PACE)
        story.tell(one, number)
    assert story.found() == []
    story.messages = [dataclasses.replace(message, text=message.text.replace('"backfill": false', '"backfill": true'))
                      for message in story.messages]
    check(story.found(), "/value/power walked")


@pytest.mark.parametrize("leaf", ["availability", "availability/live"])
def test_an_availability_that_lies(story, leaf):
    story.say(leaf, "online", 2)
    story.say(leaf, "offline", 5)
    check(story.found(), f"/{leaf} says 'offline'")
    assert story.found(lives=[CONNECTED, 4.9 * PACE]) == [], "a bridge that has just begun may not know it"


def test_the_same_seed_gives_the_same_plan():
    assert plan.make("7", 50) == plan.make("7", 50) != plan.make("8", 50)
    assert {fault.kind for fault in plan.make("1", 2000)} == set(plan.NAMES)
    with pytest.raises(AssertionError, match="no kinds"):
        plan.make("1", 5, ["nonsense"])
