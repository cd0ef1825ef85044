"""The numbered readings of three meters that go on whatever else happens: one with registers and power in one reading,
one with both apart at the same time, one slow. Its thread pushes them straight to the API, past all faults."""

import datetime
import random
import threading
import time

from harness.readings import make_meter, now, reading, value

from .ledger import Ledger

IMPORT, EXPORT, POWER = (1, 8, 0), (2, 8, 0), (16, 7, 0)
CADENCES = (0.5, 0.7, 5.0)  # seconds between two readings of each meter
RECENT = 300  # a duplicate is one of so many


class Stream:
    def __init__(self, api, seed):
        self.api = api
        self.ledger = Ledger()
        self.meters = [make_meter(f"campaign {seed} {index}") for index in range(len(CADENCES))]
        self._numbers = [0] * len(CADENCES)
        self._times = [now()] * len(CADENCES)
        self._sent = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure = None

    def start(self):
        self._thread.start()

    def stop(self):
        self._ended.set()
        self._thread.join()
        if self.failure:
            raise self.failure

    def round(self):
        """One step of each meter."""
        with self._lock:
            self._push([one for index in range(len(self.meters)) for one in self._step(index)])

    def duplicate(self, count, draw):
        """The API sends some of the recent ones again."""
        with self._lock:
            recent = self._sent[-RECENT:]
            self.api.push(random.Random(draw).sample(recent, min(int(count), len(recent))))

    def reorder(self, index):
        """A newer reading comes before an older one."""
        with self._lock:
            older, newer = self._step(index), self._step(index)
            self._push(newer + older)

    def cross(self):
        """Two meters, the one that was read later first, and each of them the wrong way round."""
        with self._lock:
            first, second, third, fourth = (self._step(index) for index in (0, 1, 0, 1))
            self._push(fourth + first + third + second)

    def _run(self):
        due = [time.monotonic()] * len(CADENCES)
        try:
            while not self._ended.wait(0.05):
                for index, cadence in enumerate(CADENCES):
                    if time.monotonic() >= due[index]:
                        due[index] = time.monotonic() + cadence
                        with self._lock:
                            self._push(self._step(index))
        except Exception as error:  # told by stop()
            self.failure = error

    def _push(self, readings):
        at = time.monotonic()
        for one in readings:
            self.ledger.add(one, at)
        self._sent += readings
        self.api.push(readings)

    def _step(self, index):
        """The next readings of a meter: one or two."""
        self._numbers[index] += 1
        number, meter = self._numbers[index], self.meters[index]
        taken = max(now(), self._times[index] + datetime.timedelta(milliseconds=1))
        self._times[index] = taken
        registers = [value(IMPORT, f"{1000 + number}.5", "Wh")]
        power = value(POWER, f"{'-' if number % 2 else ''}{number}", "W")
        if index == 1:
            return [reading(meter, taken, *registers), reading(meter, taken, power)]
        return [reading(meter, taken, *registers, value(EXPORT, f"{5000 + number}", "Wh"), power)]
