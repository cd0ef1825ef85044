"""The commands that speak with the API alone, at servers that others wrote: with introspection and without."""

import json

import pytest
from harness.programs import binary, command, environment
from harness.readings import make_meter, now, reading, value
from harness.waiting import wait_for
from server import Gqlgen, GraphqlJs

SERVERS = {
    "graphql-js": GraphqlJs,
    "gqlgen": lambda folder: Gqlgen(folder, "v0.17.98"),
    "gqlgen without introspection": lambda folder: Gqlgen(folder, "v0.17.98", introspection="false"),
}
METERS = [make_meter(seed) for seed in range(3)]


def listed(meter):
    own = {"id": meter.id, "number": meter.number}
    return {"id": meter.installation, "meters": [own], "currentMeter": own, "devices": []}


@pytest.fixture(name="api", params=SERVERS.values(), ids=SERVERS.keys())
def _api(request, lab):
    server = request.param(lab.folder)
    server.control("installations", installations=[listed(meter) for meter in METERS])
    yield server
    server.stop()


def ask(api, *arguments):
    result = command(*arguments, IOMETER2MQTT_PARTNER_URL=api.url, IOMETER2MQTT_PARTNER_ID=api.partner_id,
                     IOMETER2MQTT_PARTNER_SECRET=api.secret, IOMETER2MQTT_PARTNER_AUTH="wsse")
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def ids(api):
    return sorted(one["id"] for one in json.loads(ask(api, "installations", "--json"))["installations"])


def test_the_api_is_described(api):
    told = ask(api, "check", "--api")
    assert "disableInstallation(installationId: <the installation's id>)" in told


def test_installations_are_listed_and_one_is_unlinked(api):
    assert ids(api) == sorted(meter.installation for meter in METERS)
    ask(api, "unlink", METERS[1].installation, "--yes")
    assert ids(api) == sorted(meter.installation for meter in (METERS[0], METERS[2]))


def test_readings_are_printed(api, lab):
    running = lab.process("readings", [binary(), "readings", "--json"], environment=environment(
        IOMETER2MQTT_PARTNER_URL=api.url, IOMETER2MQTT_PARTNER_ID=api.partner_id,
        IOMETER2MQTT_PARTNER_SECRET=api.secret))
    api.wait_for_subscription()
    api.push([reading(METERS[0], now(), value((1, 8, 0), api.write("1234567.5"), "Wh"))])
    running.wait_for_log(METERS[0].number)
    running.terminate()
    wait_for(lambda: api.stats()["subscriptions"] == 0, "end of the subscription")
