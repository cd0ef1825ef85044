"""The status page in a real browser, behind a path like Home Assistant's ingress."""

import os
import pathlib

import browser
import pytest
from harness import ports
from harness.readings import Fleet, now, reading, value
from harness.waiting import wait_for
from ingress import Ingress

HOUSEHOLD = ["--installations", "1", "--meters", "2", "--devices", "1", "--cadence", "2s"]
NASTY = "<img src=x onerror=\"document.title='taken'\">"


class Scene:
    def __init__(self, lab, folder, **options):
        self.lab, self.profile = lab, folder
        self.api, self.broker = lab.simulator(household=HOUSEHOLD), lab.broker()
        self.port = ports.free_port()
        self.options = {"web": {"listen": f"127.0.0.1:{self.port}"}} | options
        self.ingress = Ingress(self.port)
        lab.daemon(lab.configure(self.api, self.broker, **self.options))
        wait_for(lambda: ports.is_open(self.port), "the page", 20)

    def look(self, **options):
        return browser.look(self.profile, self.ingress.url, **options)

    def look_until(self, *parts):
        def seen():
            page = self.look()
            return page if all(part in page.text for part in parts) else None

        return wait_for(seen, f"{parts} on the page", 40, explain=lambda: self.look().text)


@pytest.fixture
def scene(lab, tmp_path_factory):
    made = []

    def make(**options):
        made.append(Scene(lab, tmp_path_factory.mktemp("browser"), **options))
        return made[-1]

    yield make
    for one in made:
        one.ingress.stop()
        assert not one.ingress.outside, f"asked for beside its own path: {one.ingress.outside}"


def test_all_is_well(scene):
    page = scene().look_until("All is well", "Power", "Energy import", "kWh", "Core attachment", "attached", "entered")
    assert not page.complaints, page.complaints
    assert "second" in page.text and "IOmeter Partner API connected" in page.text


def test_german(scene):
    page = scene(language="de").look_until("Alles in Ordnung", "Leistung", "Zähler", "aufgesetzt", "vor ")
    assert not page.complaints, page.complaints
    assert 'lang="de"' in page.source


def test_a_broker_that_is_away_is_said_with_the_remedy(scene):
    one = scene()
    one.look_until("All is well")
    one.broker.kill()
    page = one.look_until("The MQTT broker is not connected", "mqtt.url", str(one.broker.port))
    assert "waits for the broker" in page.text or "connected" in page.text
    assert not page.complaints, page.complaints


def test_a_program_that_does_not_answer_is_said(scene):
    one = scene()
    one.look_until("All is well")
    one.ingress.left = 0
    assert "The program does not answer any more" in one.look().text
    # What it said before stays, and is said to be old.
    one.ingress.left = 1
    page = one.look()
    assert "The program does not answer any more" in page.text and "Last answer" in page.text
    assert "kWh" in page.text and 'class="gone"' in page.source
    one.ingress.left = None
    one.look_until("All is well")


def test_names_from_outside_are_text(scene):
    fleet = Fleet(1)
    meter = fleet.meters[0]
    one = scene(names={meter.number: NASTY})
    one.api.wait_for_subscription()
    one.api.push([reading(meter, now(), value((16, 7, 0), "-1234567.5", "W"))])
    page = one.look_until(NASTY[:20], "\u22121 234 567.5 W")
    assert "taken" not in page.source.split("<body", 1)[0]
    assert not page.complaints, page.complaints


def test_pictures(scene, tmp_path):
    """Light, dark and on a telephone; IOMETER_PICTURES names a folder that keeps them."""
    folder = pathlib.Path(os.environ.get("IOMETER_PICTURES") or tmp_path)
    one = scene()
    one.look_until("All is well")
    for name, options in {"light": {}, "dark": {"dark": True}, "phone": {"size": (390, 1700)}}.items():
        browser.picture(one.profile, one.ingress.url, folder / f"page-{name}.png", **options)
    pictures = {(folder / f"page-{name}.png").read_bytes() for name in ("light", "dark", "phone")}
    assert len(pictures) == 3
