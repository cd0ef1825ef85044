"""Every row of the sensor catalogue through the daemon: announced as Home Assistant wants it, published to the digit."""

import json
import os
import subprocess

import pytest
from harness import discovery, observed
from harness.readings import Value, make_meter, now, reading


def catalogue():
    """[{code, id, medium, unit, key, published_unit, english, german}], one for each row."""
    return json.loads(subprocess.run([os.environ["IOMETER_CATALOGUE"]], capture_output=True, check=True).stdout)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_row(lab, language):
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker, language=language)
    rows = catalogue()
    media = sorted({row["medium"] for row in rows})
    meters = {medium: make_meter(1000 + medium) for medium in media}
    taken = now()
    api.push([reading(meters[medium], taken, *(Value(row["code"], row["code"], str(100 + index), row["unit"])
                                                for index, row in enumerate(rows) if row["medium"] == medium))
              for medium in media])
    for medium in media:
        observed.wait_for_topics(recorder, meters[medium],
                                 [row["code"] for row in rows if row["medium"] == medium])
    names = {}
    for text in observed.configs(recorder).values():
        for component in json.loads(text)["components"].values():
            names[component.get("state_topic")] = component["name"]  # buttons have none
    for index, row in enumerate(rows):
        topic = f"iometer/meter/{meters[row['medium']].number.lower()}/value/{row['key']}"
        recorder.wait_for_text(topic, str(100 + index))
        assert names[topic] == row["english" if language == "en" else "german"]


def test_a_reading_with_very_many_codes(lab):
    """More than any meter has: all are published, and as many are announced as are sensible."""
    api, broker = lab.simulator(), lab.broker()
    recorder = lab.recorder(broker)
    lab.start(api, broker)
    meter = make_meter(77)
    codes = [f"1-0:{c}.{d}.0" for c in range(100, 200) for d in range(30, 40)]
    assert len(codes) == 1000
    api.push([reading(meter, now(), *(Value(code, code, str(index), "W") for index, code in enumerate(codes)))])
    observed.wait_for_meter(recorder, meter)
    for index, code in enumerate(codes):
        key = "obis_" + code.replace("-", "_").replace(":", "_").replace(".", "_")
        recorder.wait_for_text(f"iometer/meter/{meter.number.lower()}/value/{key}", str(index))
    announced = recorder.wait_until(lambda: discovery.value_topics(observed.configs(recorder), meter.id),
                                    "the meter's entities")
    assert len(announced) == 64
