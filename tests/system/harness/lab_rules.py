"""Home Assistant's rules over everything that a lab's recorders saw; asked once, when the test is over."""

import re
import time

from .homeassistant_rules import Rules
from .waiting import patience

# The removal of a component takes two payloads, seconds apart; whatever else is on its way is faster.
QUIET_SECONDS = 10
SHOWN = 20


class LabRules:
    """All prefixes at all recorders: settle() before the lab closes, broken() afterwards."""

    def __init__(self, lab):
        self.lab = lab
        self._watches = [(recorder, Rules(prefix, **self._known(recorder)))
                         for recorder in lab.recorders for prefix in sorted(lab.prefixes)]
        self._positions = [0] * len(self._watches)
        self._unfinished = {}

    def _known(self, recorder):
        """A recorder that came later than the first daemon, or lost its connection, does not know the history: what
        was announced and removed meanwhile, and when. A second daemon does not know what the first one announced."""
        from_start = recorder not in self.lab.late_recorders and recorder.connections == 1
        return {"from_start": from_start, "one_run": len(self.lab.daemons) <= 1}

    def settle(self):
        """What must be there at the end, among it a state for each entity, is asked of a bridge that runs. One that was
        killed or stopped may have been in the middle of it, and what it could not say any more is no mistake. One that
        runs gets the time to finish, for a test ends when it has seen enough, not when all is quiet. Brokers that lost
        their data and recorders that came late need no exception here: what has to be there is retained, and a bridge
        publishes it again."""
        if not any(daemon.is_running() for daemon in self.lab.daemons):
            return
        deadline = time.monotonic() + patience(QUIET_SECONDS)
        while self._look() and time.monotonic() < deadline:
            time.sleep(0.2)

    def _look(self):
        self._feed()
        self._unfinished = dict.fromkeys(text for _, rules in self._watches for text in rules.unfinished())
        return self._unfinished

    def _feed(self):
        for index, (recorder, rules) in enumerate(self._watches):
            seen = recorder.since(self._positions[index])
            self._positions[index] += len(seen)
            rules.feed(seen)

    def broken(self):
        """The sentences, without those that the test expects; an expected one that did not come is one, too."""
        self._feed()
        found = dict(self._unfinished)
        for _, rules in self._watches:
            found |= rules.broken
        patterns = self.lab.expected_breaks
        left = [sentence for sentence in found if not any(re.search(pattern, sentence) for pattern in patterns)]
        left += [f"expected, but it did not happen: {pattern}" for pattern in patterns
                 if not any(re.search(pattern, sentence) for sentence in found)]
        return left[:SHOWN] + ([f"and {len(left) - SHOWN} more"] if len(left) > SHOWN else [])
