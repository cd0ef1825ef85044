"""The commands that speak with the Partner API, at a simulator."""

import json

from .programs import binary, command, environment

HOUSEHOLD = ["--installations", 3, "--meters", 2, "--devices", 1, "--cadence", "1h"]
UNKNOWN = "00000000-0000-4000-8000-000000000000"  # the id of no installation


def settings(api, secret=None):
    return {"IOMETER2MQTT_PARTNER_URL": api.url, "IOMETER2MQTT_PARTNER_ID": api.partner_id,
            "IOMETER2MQTT_PARTNER_SECRET": secret or api.secret}


def ask(api, *arguments, secret=None, **options):
    return command(*arguments, **settings(api, secret), **options)


def background(lab, api, name, *arguments):
    return lab.process(name, [binary(), *map(str, arguments)], environment=environment(**settings(api)))


def listed(api):
    return json.loads(ask(api, "installations", "--json").stdout)["installations"]
