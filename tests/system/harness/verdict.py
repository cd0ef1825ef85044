"""After the trouble: has everything come, is what is retained right, were copies honest?"""

import itertools

from . import discovery, observed
from .waiting import wait_for


def wait_for_all(recorder, fleet, seconds=60):
    """Every reading that the fleet has sent, by meter and time."""

    def complete():
        seen = {(one["meter"]["id"], one["time"]) for one in observed.readings(recorder)}
        return all((one.meter.id, one.time_text) in seen for one in fleet.all_sent())

    observed.wait_for_readings(recorder, len(fleet.all_sent()), seconds)
    # Copies count above, too. Not asked after each message: to decode all of them takes its time.
    wait_for(complete, "every reading that was sent", seconds, pause=0.5)


def wait_for_right_states(lab, broker, recorder, fleet, seconds=20):
    """The broker retains what it would after a day without any trouble."""
    wait_for(lambda: not wrong_states(lab.retained(broker), recorder, fleet), "right retained states", seconds,
             explain=lambda: wrong_states(lab.retained(broker), recorder, fleet)[:5])


def wrong_states(kept, recorder, fleet):
    wrong = []

    def expect(topic, text):
        if kept.get(topic) != text:
            wrong.append(f"{topic} retains {kept.get(topic)!r} instead of {text!r}")

    expect(observed.BRIDGE_STATE, "online")
    for meter in fleet.meters:
        topics = discovery.value_topics(kept, meter.id)
        for code, text in fleet.newest(meter).items():
            expect(topics.get(code, f"(no topic announced for {meter.number} {code})"), text)
        expect(observed.meter_topic(recorder, meter, "availability"), "online")
    return wrong


def check_copies(recorder):
    """A reading may come again only where its acknowledgement was lost, and then it says so."""
    by_id = lambda one: one["id"]
    for identity, copies in itertools.groupby(sorted(observed.readings(recorder), key=by_id), by_id):
        assert all(copy.get("resent") for copy in list(copies)[1:]), f"reading {identity} came twice without `resent`"
