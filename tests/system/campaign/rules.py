"""Nothing lost, nothing false: the rules over everything that a campaign's recorder saw. Each yields Violations."""

import collections
import dataclasses

from harness.readings import parse_time

from .ledger import decode

# A meter is live again with at most so many values of each topic while its history still comes.
WALK_ALLOWED = 3
WALK_READINGS = 5
AFTER_START = 15  # seconds that a start and its first replay may take
# How long after its start a daemon may not know yet whether what it remembers is fresh.
STARTING_SECONDS = 20


@dataclasses.dataclass(frozen=True)
class Violation:
    at: int  # place among the messages
    text: str


def nothing_lost(evidence):
    """Each reading that was sent has one id, and no other reading has it; there is none that nobody sent."""
    ids, owner = collections.defaultdict(set), {}
    for seen in evidence.readings:
        if seen.sent is None:
            yield Violation(seen.at, f"nobody sent this reading: {seen.payload}")
            continue
        ids[id(seen.sent)].add(seen.id)
        if owner.setdefault(seen.id, seen.sent) is not seen.sent:
            yield Violation(seen.at, f"two readings have the id {seen.id}: {owner[seen.id]} and {seen.sent}")
        if len(ids[id(seen.sent)]) > 1:
            yield Violation(seen.at, f"one reading has several ids: {seen.sent}: {sorted(ids[id(seen.sent)])}")
    for sent in evidence.ledger.entries.values():
        if not ids[id(sent)]:
            after = [message.time >= sent.at for message in evidence.messages]
            at = after.index(True) if True in after else len(after)
            yield Violation(at, f"lost: {sent}")


def copies_are_marked(evidence):
    """Of all messages with one id at most one is not marked: who takes only unmarked ones counts nothing twice. A
    connection that hangs may deliver the first one after its copy. And a mark needs a cause: the daemon opened a
    connection to the broker between the API's getting the reading and the copy."""
    unmarked = {}
    for seen in evidence.readings:
        if not seen.resent:
            if seen.id in unmarked:
                yield Violation(seen.at, f"an unmarked copy of {seen.sent}, id {seen.id}; the first was message "
                                         f"{unmarked[seen.id]}")
            unmarked.setdefault(seen.id, seen.at)
        elif seen.sent and not any(seen.sent.at < opened <= seen.time for opened in evidence.connections) \
                and not comes_old_after_a_start(seen, evidence):
            yield Violation(seen.at, f"marked as resent, but no connection was lost: {seen.sent}")


def comes_old_after_a_start(seen, evidence):
    """Until the first replay is over, one that was taken just before the start, or was overtaken on its way, looks like
    one of before a crash: the API's clock is known to a second."""
    return any(begun <= seen.time < begun + AFTER_START for begun in evidence.lives)


def state_time_stands(evidence):
    """`time` in `state`, and last_reading, never go back, and each is one at which the meter took a reading."""
    newest = {}
    taken = {(sent.reading.meter.id, sent.reading.time) for sent in evidence.ledger.entries.values()}
    for at, message, (slug, *leaf) in evidence.said:
        if leaf not in (["state"], ["last_reading"]):
            continue
        if not message.text:
            yield Violation(at, f"{message.topic} was cleared")
            continue
        time = parse_time(decode(message.text)["time"] if leaf == ["state"] else message.text)
        if (evidence.meter_of.get(slug), time) not in taken:
            yield Violation(at, f"{message.topic} has the time {time}, at which the meter took nothing")
        if time < newest.get(message.topic, time):
            yield Violation(at, f"{message.topic} goes back from {newest[message.topic]} to {time}")
        newest[message.topic] = max(newest.get(message.topic, time), time)


def values_stand(evidence):
    """No value is older than the one before it on its topic, and each is one that the meter sent."""
    newest = {}
    for at, message, (slug, *leaf) in evidence.said:
        if leaf[0] != "value":
            continue
        code = evidence.code_of.get((slug, leaf[1]))
        time = evidence.ledger.time_of(evidence.meter_of.get(slug), code, message.text)
        if time is None:
            yield Violation(at, f"{message.topic} {message.text!r}: the meter sent no such value")
            continue
        if message.topic in newest and time < newest[message.topic]:
            yield Violation(at, f"{message.topic} goes back from the value of {newest[message.topic]} to that of {time}")
        newest[message.topic] = max(newest.get(message.topic, time), time)


def history_stays_history(evidence):
    """While a meter's readings come as history, its values do not walk along with them."""
    backfill = {seen.at: seen.backfill for seen in evidence.readings}
    rows = collections.defaultdict(int)  # readings of history in a row, by meter
    moved = collections.defaultdict(lambda: collections.defaultdict(set))  # values since the row began, by meter, topic
    last = {}
    begun = [at for at, message in enumerate(evidence.messages)
             if message.topic == "iometer/bridge/event" and '"upstream_up"' in message.text]
    for at, message, (slug, *leaf) in evidence.said:
        while begun and begun[0] < at:  # each subscription may show its newest value
            del begun[0]
            rows.clear()
            moved.clear()
        if leaf[0] == "value":
            if rows[slug] and last.get(message.topic) != message.text:
                moved[slug][message.topic].add(message.text)
            last[message.topic] = message.text
        if leaf != ["reading"]:
            continue
        rows[slug] = rows[slug] + 1 if backfill[at] else 0
        if not rows[slug]:
            moved[slug].clear()
        walked = [topic for topic, texts in moved[slug].items() if len(texts) > WALK_ALLOWED]
        if rows[slug] >= WALK_READINGS and walked:
            yield Violation(at, f"{walked[0]} walked through {len(moved[slug][walked[0]])} values during a replay")
            moved[slug].clear()


def availability_is_true(evidence):
    """All readings are minutes old at most: a meter that was online stays so, except that a bridge that has just begun
    may not know it yet."""
    online = set()
    for at, message, (slug, *leaf) in evidence.said:
        if leaf[0] != "availability":
            continue
        if message.text == "online":
            online.add(message.topic)
        elif message.topic in online:
            if not any(begun <= message.time < begun + STARTING_SECONDS for begun in evidence.lives):
                yield Violation(at, f"{message.topic} says {message.text!r}, but the meter's values are fresh")


RULES = [nothing_lost, copies_are_marked, state_time_stands, values_stand, history_stays_history, availability_is_true]


def violations(evidence):
    """All, the first one first."""
    return sorted((found for rule in RULES for found in rule(evidence)), key=lambda violation: violation.at)
