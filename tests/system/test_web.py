"""The status page and its neighbours: what they say is what is on the topics, and only the program's own state makes it
unhealthy."""

import http.client
import json

from harness import observed, ports, secrets
from harness.programs import command
from harness.waiting import patience, wait_for
from prometheus_client.parser import text_string_to_metric_families

HOUSEHOLD = ["--installations", "1", "--meters", "1", "--devices", "1", "--cadence", "2s"]


class Web:
    def __init__(self):
        self.port = ports.free_port()
        # Without history, which the lab would check message by message.
        self.options = {"web": {"listen": f"127.0.0.1:{self.port}"}, "resume": {"first_start": "0s"}}

    def get(self, path, method="GET"):
        """(status, text); (0, why) where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience(10))
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError as error:
            return 0, str(error)
        finally:
            connection.close()

    def status(self):
        code, text = self.get("/status")
        assert code == 200, text
        found = secrets.leaks(text)
        assert not found, f"/status has secrets: {found}"
        return json.loads(text)

    def wait_until_ready(self):
        wait_for(lambda: self.get("/ready")[0] == 200, "ready", 20, explain=lambda: self.get("/ready")[1])


def differences(status, recorder):
    """What /status says otherwise than the topics."""
    found = []

    def compare(topic, said):
        published = recorder.last(f"iometer/{topic}")
        if published != said:
            found.append((topic, published, said))

    for meter in status["meters"]:
        base = f"meter/{meter['slug']}"
        compare(f"{base}/availability", meter["availability"])
        compare(f"{base}/reason", meter["reason"])
        for value in meter["values"]:
            compare(f"{base}/value/{value['key']}", value["value"])
    for device in status["devices"]:
        base = f"device/{device['slug']}"
        compare(f"{base}/availability", device["availability"])
        for field in device["fields"]:
            compare(f"{base}/{field['key']}", "None" if field["text"] is None else field["text"])
    return found


def test_it_says_what_is_on_the_topics(lab):
    api, broker = lab.simulator(household=HOUSEHOLD), lab.broker()
    recorder, web = lab.recorder(broker), Web()
    lab.daemon(lab.configure(api, broker, language="de", **web.options))
    web.wait_until_ready()
    wait_for(lambda: web.status()["meters"] and web.status()["devices"], "a meter and a device", 20)
    # Between the two looks a reading may come.
    wait_for(lambda: not differences(web.status(), recorder), "the same on /status as on the topics", 20,
             explain=lambda: differences(web.status(), recorder))
    status = web.status()
    assert status["problem"] == "ok" and status["language"] == "de"
    assert status["api"]["up"] and status["broker"]["up"] and status["api"]["transport"]
    meter = status["meters"][0]
    assert meter["availability"] == "online" and len(meter["values"]) >= 3
    assert "Leistung" in [value["label"] for value in meter["values"]]
    assert {field["key"] for field in status["devices"][0]["fields"]} >= {"core_battery", "core_pin", "core_attachment"}
    for path, part in [("/", "<!doctype html>"), ("/page.js", "import"), ("/style.css", "{"), ("/icon.svg", "<svg")]:
        code, text = web.get(path)
        assert code == 200 and part in text
    assert web.get("/health", "HEAD") == (200, "")
    assert web.get("/status", "POST")[0] == 405


def test_a_broker_that_is_away_is_not_ready_but_healthy(lab):
    api, broker = lab.simulator(household=HOUSEHOLD), lab.broker()
    web = Web()
    lab.daemon(lab.configure(api, broker, **web.options))
    web.wait_until_ready()
    broker.kill()
    wait_for(lambda: web.get("/ready")[0] == 503, "not ready", 20)

    def reasons():
        return {one["part"]: one for one in json.loads(web.get("/ready")[1])["reasons"]}

    wait_for(lambda: str(broker.port) in (reasons()["broker"]["reason"] or ""), "the reason, with the broker's address",
             explain=reasons)
    assert reasons()["broker"]["since"]
    assert web.get("/health") == (200, "ok\n")
    assert not web.status()["broker"]["up"]
    broker.start()
    web.wait_until_ready()


def test_refused_credentials_are_said_with_the_reason(lab):
    api, broker = lab.simulator(), lab.broker()
    recorder, web = lab.recorder(broker), Web()
    lab.daemon(lab.configure(api, broker, partner={"secret": secrets.WRONG_SECRET}, **web.options))
    observed.wait_for_health(recorder, lambda health: health["problem"] == "auth_failed", "auth_failed")
    status = web.status()
    assert status["problem"] == "auth_failed" and "401" in status["api"]["reason"]
    assert web.get("/ready")[0] == 503
    assert web.get("/health")[0] == 200


def test_an_address_in_use_ends_it_with_the_remedy(lab):
    api, broker = lab.simulator(), lab.broker()
    arguments = ["--partner-id", "a", "--partner-url", api.url, "--mqtt-url", broker.url,
                 "--state-dir", lab.folder / "state", "--web-listen", f"127.0.0.1:{api.port}"]
    result = command("run", *arguments, IOMETER2MQTT_PARTNER_SECRET="b")
    assert result.returncode == 1, result.stderr  # not 2: a service manager tries again
    text = result.stderr + result.stdout
    assert f"web.listen: cannot listen on 127.0.0.1, port {api.port}" in text and "take another port" in text


def metrics(web):
    """{(name, labels): value}, as Prometheus' own reader has them."""
    code, text = web.get("/metrics")
    assert code == 200 and not secrets.leaks(text), text
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def numbers(document, path=()):
    """(path, number) of all numbers in it."""
    for key, value in document.items():
        if isinstance(value, dict):
            yield from numbers(value, (*path, key))
        elif isinstance(value, int) and key != "schema":
            yield "_".join((*path, key)), value


def test_metrics_are_what_health_and_the_topics_say(lab):
    api, broker = lab.simulator(household=HOUSEHOLD), lab.broker()
    recorder, web = lab.recorder(broker), Web()
    lab.daemon(lab.configure(api, broker, **web.options))
    web.wait_until_ready()
    wait_for(lambda: web.status()["meters"] and web.status()["meters"][0]["values"], "a meter with values", 20)
    wait_for(lambda: metrics(web)["iometer2mqtt_readings_total", ()] >= 3, "three readings", 20)
    found = metrics(web)
    names = {name for name, _ in found}
    for path, _ in numbers(json.loads(recorder.last("iometer/bridge/health"))):
        assert any(name.startswith(f"iometer2mqtt_{path.removesuffix('_count')}") for name in names), path
    assert found["iometer2mqtt_api_up", ()] == found["iometer2mqtt_broker_up", ()] == 1
    meter = web.status()["meters"][0]

    def differing():
        now = metrics(web)
        return [value["key"] for value in web.status()["meters"][0]["values"] if value["fresh"] and now.get(
            ("iometer2mqtt_meter_value",
             (("key", value["key"]), ("meter", meter["slug"]), ("unit", value["unit"])))) != float(value["value"])]

    wait_for(lambda: not differing(), "the same values in /metrics as in /status", 20, explain=differing)
