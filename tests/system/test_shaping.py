"""How much is published of a meter: layouts, only what changed, and a least interval that loses nothing."""

import pytest
from harness import observed
from harness.readings import make_meter, now, reading, value
from harness.waiting import wait_for

POWER = (16, 7, 0)


class House:
    def __init__(self, lab, **publish):
        self.lab, self.api, self.broker = lab, lab.simulator(), lab.broker()
        self.recorder = lab.recorder(self.broker)
        self.meter = make_meter("shaping")
        self.start(**publish)

    def start(self, **publish):
        self.daemon = self.lab.start(self.api, self.broker, publish=publish)

    def push(self, power):
        one = reading(self.meter, now(), value(POWER, power, "W"))
        self.api.push([one])
        observed.wait_for_reading(self.recorder, one)

    def settle(self, power):
        """The first reading, whose values are shown when it is certain that no older ones follow."""
        self.push(power)
        self.recorder.wait_for_text(self.topic("value/power"), power)

    def topic(self, leaf):
        return observed.meter_topic(self.recorder, self.meter, leaf)


@pytest.mark.parametrize("layout, other", [("json", "flat"), ("flat", "json")])
def test_a_layout_and_its_change(lab, layout, other):
    house = House(lab, layout=layout)
    house.push("100")
    present = {"json": "state", "flat": "value/power"}
    house.recorder.wait_until(lambda: house.recorder.last(house.topic(present[layout])), "values")
    wait_for(lambda: house.topic("availability") in lab.retained(house.broker), "availability")
    assert house.topic(present[other]) not in lab.retained(house.broker)
    house.daemon.terminate()
    house.start(layout=other)
    house.push("200")
    wait_for(lambda: house.topic(present[layout]) not in lab.retained(house.broker), "the other layout's topics cleared")
    wait_for(lambda: "200" in lab.retained(house.broker).get(house.topic(present[other]), ""), "the new value")


def test_values_wait_for_their_interval_and_go_out_at_the_end(lab):
    house = House(lab, interval="10m", values="on_change")
    house.settle("100")
    for power in ("200", "300"):
        house.push(power)
    assert house.recorder.texts(house.topic("value/power")) == ["100"]
    house.daemon.terminate()
    house.recorder.wait_for_text(house.topic("value/power"), "300")
    assert house.recorder.texts(house.topic("value/power")) == ["100", "300"]
    assert [message["values"]["power"]["value"] for message in observed.readings(house.recorder)] == [100, 200, 300]


def test_only_changes(lab):
    house = House(lab, values="on_change")
    house.settle("100")
    for power in ("100", "200"):
        house.push(power)
    house.recorder.wait_for_text(house.topic("value/power"), "200")
    assert house.recorder.texts(house.topic("value/power")) == ["100", "200"]
    assert len(house.recorder.texts(house.topic("state"))) == 3
