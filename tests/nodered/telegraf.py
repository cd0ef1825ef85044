#!/usr/bin/python3
"""Builds Telegraf from its Go module, with nothing but the plugins that config/telegraf.conf names.

    telegraf.py FOLDER      FOLDER/telegraf is the program afterwards

Its go.sum pins what it is made of, and SUM its go.sum.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))

from install import go_command, run  # noqa: E402

VERSION = "v1.37.2"
SUM = "h1:mYr0I/suEw9+UM4KrCFuYuzJuq/e99cINniIwqO6ykw="
TAGS = "custom,inputs.mqtt_consumer,parsers.xpath,outputs.influxdb_v2"


def build(folder):
    program, made_of = folder / "telegraf", folder / "telegraf.made-of"
    recipe = f"{VERSION} {SUM} {TAGS}"
    if program.exists() and made_of.exists() and made_of.read_text() == recipe:
        return
    go, environment = go_command()
    told = json.loads(run(go, "mod", "download", "-json", f"github.com/influxdata/telegraf@{VERSION}", folder=folder,
                          environment=environment | {"GOFLAGS": "-mod=mod"}))
    assert told["Sum"] == SUM, f"Telegraf {VERSION} has the hash {told['Sum']} instead of {SUM}"
    run("nice", go, "build", "-p", "1", "-tags", TAGS, "-o", program, "./cmd/telegraf", folder=told["Dir"],
        environment=environment | {"CGO_ENABLED": "0"}, seconds=3600)
    made_of.write_text(recipe)


if __name__ == "__main__":
    build(pathlib.Path(sys.argv[1]).resolve())
