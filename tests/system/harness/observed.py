"""What a recorder has seen of the bridge, in the test's own terms."""

import json

from . import discovery

BRIDGE_STATE = "iometer/bridge/state"
HEALTH = "iometer/bridge/health"
EVENT = "iometer/bridge/event"


def is_reading(topic):
    return topic.startswith("iometer/meter/") and topic.endswith("/reading")


def readings(recorder):
    """The decoded messages on all topics `reading`, in order."""
    return [json.loads(message.text) for message in list(recorder.messages) if is_reading(message.topic)]


def readings_of(recorder, meter):
    return [one for one in readings(recorder) if one["meter"]["id"] == meter.id]


def slug(recorder, meter):
    """The meter's part of the topics, from its first reading."""
    for message in list(recorder.messages):
        if is_reading(message.topic) and json.loads(message.text)["meter"]["id"] == meter.id:
            return message.topic.split("/")[2]
    raise AssertionError(f"no reading of {meter.number!r} was published")


def meter_topic(recorder, meter, leaf):
    return f"iometer/meter/{slug(recorder, meter)}/{leaf}"


def wait_for_readings(recorder, count, seconds=20):
    """Until so many messages have come on the topics `reading`."""

    def complete():
        return sum(len(messages) for topic, messages in list(recorder.by_topic.items()) if is_reading(topic)) >= count

    recorder.wait_until(complete, f"{count} readings", seconds)


def wait_for_reading(recorder, one, seconds=20):
    """Until the reading has been published; its message."""

    def found():
        return [seen for seen in readings_of(recorder, one.meter) if seen["time"] == one.time_text]

    return recorder.wait_until(found, f"the reading of {one.meter.number} at {one.time_text}", seconds)[0]


def configs(recorder):
    """{topic: text} of the announcements as they are now."""
    return {topic: messages[-1].text for topic, messages in list(recorder.by_topic.items())
            if discovery.is_config(topic)}


def wait_for_topics(recorder, meter, codes, seconds=20):
    """{code: state topic} once the meter's entities for all `codes` are announced and have a value."""

    def announced():
        topics = discovery.value_topics(configs(recorder), meter.id)
        return topics if set(codes) <= set(topics) and all(recorder.last(topics[code]) for code in codes) else None

    return recorder.wait_until(announced, f"the entities of {meter.number} for {sorted(codes)}", seconds)


def wait_for_meter(recorder, meter, seconds=20):
    """Until the meter's first reading has been published; its message."""
    return recorder.wait_until(lambda: readings_of(recorder, meter), f"a reading of {meter.number!r}", seconds)[0]


def events(recorder, after=0):
    """The events that came after a position()."""
    return [json.loads(message.text) for message in recorder.since(after) if message.topic == EVENT]


def wait_for_event(recorder, word, seconds=20, after=0):
    def found():
        return [event for event in events(recorder, after) if event["event"] == word]

    return recorder.wait_until(found, f"the event {word}", seconds)[0]


def wait_for_health(recorder, condition, what, seconds=20):
    """Until bridge/health fulfils the condition; the decoded message."""

    def found():
        health = json.loads(recorder.last(HEALTH) or "{}")
        return health if health and condition(health) else None

    return recorder.wait_until(found, f"{what} on {HEALTH}", seconds)
