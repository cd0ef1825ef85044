"""When the faults are over: what must be retained, and what becomes of it when the daemon dies."""

import json

from harness import discovery, observed
from harness.readings import rfc3339
from harness.waiting import wait_for

from .ledger import decode, key_of_payload
from .stage import KEEPALIVE


def wait_until_settled(stage, seconds):
    """Every reading seen, every retained topic right."""
    position, missing = 0, set(stage.stream.ledger.entries)

    def complete():
        nonlocal position
        new = stage.recorder.since(position)
        position += len(new)
        missing.difference_update(key_of_payload(decode(message.text)) for message in new
                                  if observed.is_reading(message.topic))
        return not missing

    lost = lambda: f"of {len(stage.stream.ledger.entries)}: {len(missing)} are missing, such as " + "; ".join(
        str(stage.stream.ledger.entries[key]) for key in sorted(missing, key=lambda key: key[1])[:3])
    wait_for(complete, "message for every reading", seconds, pause=0.3, explain=lost)
    wait_for(lambda: not wrong(stage), "right retained topics", seconds, pause=0.3, explain=lambda: wrong(stage)[:8])


def wrong(stage):
    """Sentences about what the broker retains."""
    kept, found = stage.lab.retained(stage.broker), []

    def expect(topic, text):
        if kept.get(topic) != text:
            found.append(f"{topic} retains {kept.get(topic)!r} instead of {text!r}")

    expect(observed.BRIDGE_STATE, "online")
    for meter in stage.stream.meters:
        base = observed.meter_topic(stage.recorder, meter, "")
        topics = discovery.value_topics(kept, meter.id)
        newest = stage.stream.ledger.newest(meter)
        for code, text in newest.items():
            expect(topics.get(code, f"(no topic announced for {meter.number} {code})"), text)
        for leaf, text in (("availability", "online"), ("availability/live", "online"), ("reason", "ok")):
            expect(base + leaf, text)
        state = json.loads(kept.get(base + "state", "{}"), parse_float=str, parse_int=str)
        values = {key: state.get(key) for key in (topic.rsplit("/")[-1] for topic in topics.values())}
        if sorted(map(str, values.values())) != sorted(newest.values()):
            found.append(f"{base}state has {values} instead of {newest}")
        expect(base + "last_reading", rfc3339(stage.stream.ledger.newest_time(meter)))
    return found


def check_last_will(stage):
    """kill -9 behind a line that hangs: the broker finds out by the keep-alive, and then says it."""
    stage.to_broker.freeze()
    stage.daemon.kill()
    stage.timeline.note("the last kill -9")
    stage.recorder.wait_for_text(observed.BRIDGE_STATE, "offline", 1.5 * KEEPALIVE + 5)
    assert stage.lab.retained(stage.broker)[observed.BRIDGE_STATE] == "offline"
