"""One campaign: start, faults, peace, questions."""

import time

from . import faults, plan, rules, settled
from .evidence import Evidence
from .stage import Stage

SETTLE_SECONDS = 120  # back-offs reach a minute
SHOWN = 12  # messages before and after a violation


def run(lab, seed, count, kinds=None):
    faults_of = plan.make(seed, count, kinds)
    stage = Stage(lab, seed)
    print(f"campaign: seed {seed}, {count} events")
    print("\n".join(f"{fault.at:8.2f} {index:4} {fault}" for index, fault in enumerate(faults_of)))
    try:
        stage.start_daemon()
        stage.stream.start()
        stage.wait_for_start()
        play(stage, faults_of)
        stage.heal()
        stage.timeline.note("all faults are over")
        stage.stream.stop()
        stage.stream.round()
        settled.wait_until_settled(stage, SETTLE_SECONDS)
        settled.check_last_will(stage)
    except AssertionError as error:
        found = rules.violations(evidence(stage))  # what went wrong first may say why it did not settle
        raise AssertionError(f"{error}\n{report(stage, seed, count, found)}") from None
    found = rules.violations(evidence(stage))
    assert not found, report(stage, seed, count, found)
    entries = len(stage.stream.ledger.entries)
    print(f"{entries} readings, {len(stage.recorder.messages)} messages, {len(stage.lives)} lives of the daemon, "
          f"{time.monotonic() - stage.timeline.begun:.0f} s")


def play(stage, faults_of):
    """Begins and ends at their times; what takes longer than planned moves everything after it."""
    agenda = sorted([(fault.at, index, "begin") for index, fault in enumerate(faults_of)] +
                    [(fault.at + fault.seconds, index, "end") for index, fault in enumerate(faults_of)])
    begun, active = time.monotonic(), set()
    for due, index, what in agenda:
        fault = faults_of[index]
        begun += max(0, time.monotonic() - begun - due)
        time.sleep(max(0, begun + due - time.monotonic()))
        if what == "begin":
            stage.timeline.note(f"{index:4} {fault}")
            if faults.begin(stage, fault):
                active.add(index)
            else:
                stage.timeline.note(f"{index:4} left out: it does not apply now")
        elif index in active and fault.kind in faults.END:
            stage.timeline.note(f"{index:4} {fault.kind} ends")
            faults.end(stage, fault)


def evidence(stage):
    opened = [connection.opened for connection in stage.to_broker.connections]
    return Evidence(list(stage.recorder.messages), stage.stream.ledger, stage.broker_memory, opened, stage.lives)


def report(stage, seed, count, found=()):
    """For who has to find the cause: how to repeat it, what was done, what was said around the first violation."""
    lines = [f"IOMETER_CAMPAIGN_SEED={seed} IOMETER_CAMPAIGN_EVENTS={count}"]
    if not found:
        return "\n".join(lines + [stage.timeline.text()])
    by_rule = {}
    for violation in found:
        by_rule.setdefault(violation.text.split(":")[0][:30], []).append(violation)
    lines += [f"{len(found)} violations; the first of each sort:"]
    lines += [f"  message {group[0].at} ({len(group)} like it): {group[0].text}" for group in by_rule.values()]
    messages, first = list(stage.recorder.messages), found[0].at
    moment = messages[min(first, len(messages) - 1)].time
    lines += ["around the first:"]
    for at in range(max(0, first - SHOWN), min(len(messages), first + SHOWN)):
        message = messages[at]
        lines.append(f"{'>' if at == first else ' '} {at} {message.time - stage.timeline.begun:8.2f} {message.topic} "
                     f"{message.text[:300]}")
    return "\n".join(lines + ["what was done near it:", stage.timeline.text(moment), "and everything that was done:",
                              stage.timeline.text()])
