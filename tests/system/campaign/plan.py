"""What goes wrong and when, drawn from a seed: the same seed gives the same plan."""

import dataclasses
import random


@dataclasses.dataclass(frozen=True)
class Kind:
    """`seconds` is how long it lasts, (0, 0) where it is over at once; `amounts` are what it can be drawn with."""

    name: str
    weight: int
    seconds: tuple = (0, 0)
    amounts: tuple = (0,)


KINDS = [
    Kind("daemon_kill", 3, (0.1, 3)),
    Kind("daemon_stop", 2, (0.1, 2)),
    Kind("broker_kill", 1, (0.2, 3)),
    Kind("broker_wipe", 1, (0.2, 3)),
    Kind("broker_cut", 1),
    Kind("broker_reset", 1),
    Kind("broker_freeze", 1),
    Kind("broker_stall", 2, (0.5, 6)),
    Kind("broker_slow", 2, (1, 5), (0.02, 0.1, 0.3)),
    Kind("api_restart", 2, (0.2, 3)),
    Kind("api_cut", 1),
    Kind("api_reset", 1),
    Kind("api_complete", 1),
    Kind("api_close", 1, amounts=(1000, 1001, 1011, 1012)),
    Kind("api_refuse", 1, amounts=(500, 502, 503)),
    Kind("api_freeze", 1),
    Kind("api_stall", 2, (0.5, 7)),
    Kind("duplicate", 4, amounts=(1, 3, 20)),
    Kind("reorder", 4, amounts=(0, 1, 2)),
    Kind("cross", 3),
    Kind("clock_step", 4, (0.5, 8), (-3, 3, -120, 120, -7200, 7200)),
]
NAMES = [kind.name for kind in KINDS]
PAUSE = (0.2, 2.2)  # seconds between two begins


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    at: float  # seconds after the begin
    seconds: float  # how long it lasts
    amount: float
    draw: int  # for whatever else is to be chosen

    def __str__(self):
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.kind} {self.amount}{lasting}"


def make(seed, count, names=None):
    """`names` restricts the kinds; an unknown one is an error."""
    kinds = [kind for kind in KINDS if names is None or kind.name in names]
    unknown = set(names or ()) - set(NAMES)
    assert kinds and not unknown, f"no kinds of faults: {unknown}; there are {NAMES}"
    source, at, faults = random.Random(f"campaign {seed}"), 0.0, []
    for _ in range(count):
        at += source.uniform(*PAUSE)
        kind = source.choices(kinds, [kind.weight for kind in kinds])[0]
        faults.append(Fault(kind.name, at, source.uniform(*kind.seconds), source.choice(kind.amounts),
                            source.getrandbits(30)))
    return faults
