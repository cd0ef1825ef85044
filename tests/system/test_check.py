"""`check` on set-ups that are broken in one way each: the exit code, what it says, and what to do next."""

import base64
import json
import re

import pytest
import yaml
from harness.certificates import Authority
from harness.ports import free_port
from harness.programs import command
from harness.readings import make_meter
from harness.secrets import MQTT_PASSWORD, PARTNER_ID, PARTNER_SECRET, WRONG_PASSWORD, WRONG_SECRET, leaks
from harness.waiting import wait_for

HERE = ["IP:127.0.0.1", "DNS:localhost"]
ELSEWHERE = ["DNS:other.example", "IP:127.9.9.9"]
CORE = {"connectionStatus": "connected", "attachmentStatus": "attached", "batteryLevel": 80, "powerStatus": "battery",
        "pinStatus": "entered"}
DEVICE = "0c0ffee0-1111-4222-8333-444455556666"
LISTENER = "topic read #\ntopic write never/#\n"


class Setup:
    """Everything as it should be; a test breaks one thing."""

    def __init__(self, lab, api=None, broker=None):
        self.lab = lab
        self.api = api or lab.simulator()
        self.broker = broker or lab.broker()
        self.link()
        self.configuration = lab.configure(self.api, self.broker)
        self.environment = {}

    def link(self, bridge="connected", **core):
        meter = make_meter("check")
        one = {"id": meter.id, "number": meter.number}
        device = {"id": DEVICE, "bridge": {"connectionStatus": bridge}, "core": CORE | core}
        self.api.control("installations", installations=[
            {"id": meter.installation, "meters": [one], "currentMeter": one, "devices": [device],
             "currentDevice": {"id": DEVICE}}])

    def set(self, section, **keys):
        self.configuration[section] |= keys

    def listen(self, **login):
        """As Home Assistant does."""
        self.lab.recorder(self.broker, **login)

    def file(self):
        file = self.lab.folder / "check.yaml"
        file.write_text(yaml.safe_dump(self.configuration))
        return file

    def check(self, *arguments):
        return command("check", "--config", self.file(), *arguments, seconds=90, **self.environment)


# Each breaks one thing; what it gives back is what `check` should say: (exit code, step, what, next).

def no_id(setup):
    del setup.configuration["partner"]["id"]
    return 2, "configuration", "partner.id", ""


def no_secret(setup):
    del setup.configuration["partner"]["secret"]
    return 2, "configuration", "partner.secret", ""


def unknown_key(setup):
    setup.set("mqtt", hots="x")
    return 2, "configuration", 'unknown key "mqtt.hots"', ""


def secret_file_missing(setup):
    del setup.configuration["partner"]["secret"]
    setup.set("partner", secret_file="/nowhere/secret")
    return 2, "configuration", "/nowhere/secret", ""


def api_name_unknown(setup):
    setup.set("partner", url="http://partner.invalid/api/v1/query")
    return 10, "API name", "partner.invalid", "partner.url"


def api_closed(setup):
    setup.set("partner", url=f"http://127.0.0.1:{free_port()}/api/v1/query")
    return 11, "API connection", "refused", "partner.url"


def api_without_tls(setup):
    setup.set("partner", url=setup.api.url.replace("http:", "https:"))
    return 12, "API certificate", "nobody speaks TLS", "port for TLS"


def secured_api(setup, certificate, authority):
    setup.api = setup.lab.simulator(certificate=certificate, authority=authority)
    setup.set("partner", url=setup.api.url)


def authority_of(setup, name="ours"):
    return Authority(setup.lab.folder / "tls", name)


def api_authority_unknown(setup):
    authority = authority_of(setup)
    secured_api(setup, authority.issue("api", HERE), authority)
    return 12, "API certificate", "issuer certificate", "partner.ca_file"


def api_for_another_name(setup):
    authority = authority_of(setup)
    secured_api(setup, authority.issue("api", ELSEWHERE), authority)
    setup.set("partner", ca_file=str(authority.file))
    return 12, "API certificate", "mismatch", "partner.url"


def api_expired(setup):
    authority = authority_of(setup)
    secured_api(setup, authority.issue("api", HERE, days=-1), authority)
    setup.set("partner", ca_file=str(authority.file))
    return 12, "API certificate", "expired", ""


def wrong_secret(setup):
    setup.set("partner", secret=WRONG_SECRET)
    return 14, "credentials", "refuses the credentials", "secret must have no"


def wrong_id(setup):
    setup.set("partner", id="00000000-0000-4000-8000-000000000000")
    return 14, "credentials", "check partner.id", "portal"


def wrong_path(setup):
    setup.set("partner", url=setup.api.url.replace("/api/v1/query", "/query"))
    return 15, "API answer", "404", "check partner.url"


def another_server(setup):
    setup.set("partner", url=f"http://127.0.0.1:{setup.broker.port}/api/v1/query")
    return 15, "API answer", "127.0.0.1", "check partner.url"


def api_has_trouble(setup):
    setup.api.control("answer", field="partner", status=503, content_type="text/html", body="<h1>Busy</h1>", count=99)
    return 15, "API answer", "503", "try again later"


def api_repeats_the_header(setup):
    header = f"Basic {base64.b64encode(f'{PARTNER_ID}:{PARTNER_SECRET}'.encode()).decode()}"
    setup.api.control("answer", field="partner", status=200, content_type="application/json", count=99,
                      body=json.dumps({"errors": [{"message": f"cannot route {header}"}]}))
    return 15, "API answer", '"cannot route Basic ***"', ""


def no_transport(setup):
    setup.api = setup.lab.simulator(household=["--no-household", "--transports", ""])
    setup.link()
    setup.set("partner", url=setup.api.url, transport="sse")
    return 15, "subscription", "", "partner.transport: auto"


def nothing_linked(setup):
    setup.api.control("installations", installations=[])
    return 16, "installations", "nothing is linked", "iometer2mqtt link"


def other_installations_wanted(setup):
    setup.set("partner", installations=["00000000-0000-4000-8000-000000000000"])
    return 16, "installations", "1 linked, none of them", "iometer2mqtt installations"


def pin_missing(setup):
    setup.link(pinStatus="missing")
    return 17, "device 0c0ffee0", "PIN has not been entered", "IOmeter app"


def core_detached(setup):
    setup.link(attachmentStatus="detached")
    return 17, "device 0c0ffee0", "not on the meter", "optical port"


def core_out_of_reach(setup):
    setup.link(connectionStatus="disconnected")
    return 17, "device 0c0ffee0", "out of its Wi-Fi bridge's reach", "closer together"


def bridge_offline(setup):
    setup.link(bridge="disconnected")
    return 17, "device 0c0ffee0", "no connection", "Wi-Fi"


def broker_name_unknown(setup):
    setup.set("mqtt", url="mqtt://broker.invalid")
    return 20, "broker name", "broker.invalid", "mqtt.url"


def broker_closed(setup):
    setup.broker.kill()
    return 21, "broker connection", "refused", "mqtt.url"


def secured_broker(setup, certificate):
    setup.broker = setup.lab.broker(certificate=certificate)
    setup.set("mqtt", url=setup.broker.url)


def broker_without_tls(setup):
    setup.set("mqtt", url=f"mqtts://127.0.0.1:{setup.broker.port}")
    return 22, "broker certificate", "nobody speaks TLS", "mqtt.url"


def broker_authority_unknown(setup):
    secured_broker(setup, authority_of(setup).issue("broker", HERE))
    return 22, "broker certificate", "issuer certificate", "mqtt.ca_file"


def broker_for_another_name(setup):
    authority = authority_of(setup)
    secured_broker(setup, authority.issue("broker", ELSEWHERE))
    setup.set("mqtt", ca_file=str(authority.file))
    return 22, "broker certificate", "mismatch", "mqtt.url"


def broker_with_users(setup, acl=None):
    setup.broker = setup.lab.broker(users={"meter": MQTT_PASSWORD, "ha": MQTT_PASSWORD}, acl=acl)
    setup.set("mqtt", url=setup.broker.url, username="meter", password=MQTT_PASSWORD)


def wrong_password(setup):
    broker_with_users(setup)
    setup.set("mqtt", password=WRONG_PASSWORD)
    return 23, "broker login", "refused the login", "blanks"


def no_login(setup):
    broker_with_users(setup)
    del setup.configuration["mqtt"]["username"], setup.configuration["mqtt"]["password"]
    return 23, "broker login", "refused the login", "set mqtt.username"


def may_not_publish(setup):
    broker_with_users(setup, "user meter\ntopic read #\n")
    return 24, "broker permission", "did not come back", 'publish and read "iometer/#"'


def may_not_read(setup):
    broker_with_users(setup, "user meter\ntopic write #\n")
    return 24, "broker permission", "did not come back", 'publish and read "iometer/#"'


def may_not_publish_meters(setup):
    broker_with_users(setup, "user meter\ntopic readwrite iometer/bridge/#\ntopic readwrite iometer/device/#\n")
    return 24, "broker permission", "a message to iometer/meter/", 'publish and read "iometer/#"'


def may_not_publish_devices(setup):
    broker_with_users(setup, "user meter\ntopic readwrite iometer/bridge/#\ntopic readwrite iometer/meter/#\n")
    return 24, "broker permission", "a message to iometer/device/", 'publish and read "iometer/#"'


def may_not_announce(setup):
    broker_with_users(setup, f"user meter\ntopic readwrite iometer/#\n\nuser ha\n{LISTENER}")
    setup.listen(username="ha", password=MQTT_PASSWORD)
    return 24, "Home Assistant", "refused (reason code 0x87)", 'publish "homeassistant/device/+/config"'


def retain_refused(setup):
    setup.broker.stop()
    setup.broker.more = ["retain_available false"]
    setup.broker.start()
    return 25, "broker retain", "", "retain_available true"


def nobody_listens(setup):
    return 26, "Home Assistant", "nobody listens", "add the MQTT integration"


BROKEN = [no_id, no_secret, unknown_key, secret_file_missing, api_name_unknown, api_closed, api_without_tls,
          api_authority_unknown, api_for_another_name, api_expired, wrong_secret, wrong_id, wrong_path,
          another_server, api_has_trouble, api_repeats_the_header, no_transport, nothing_linked,
          other_installations_wanted, pin_missing, core_detached, core_out_of_reach, bridge_offline,
          broker_name_unknown, broker_closed, broker_without_tls, broker_authority_unknown, broker_for_another_name,
          wrong_password, no_login, may_not_publish, may_not_read, may_not_publish_meters, may_not_publish_devices,
          may_not_announce, retain_refused, nobody_listens]


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda one: one.__name__)
def test_what_is_broken_is_named_with_the_next_step(lab, breaks):
    assert len(failed_steps(lab, breaks)) == 1  # what comes after it is right, or cannot be looked at


def failed_steps(lab, breaks):
    setup = Setup(lab)
    if breaks not in (nobody_listens, broker_closed, retain_refused):
        setup.listen()
    code, step, what, then = breaks(setup)
    report = report_of(setup)
    assert report["exit_code"] == code, report
    failed = [one for one in report["findings"] if one["result"] == "failed"]
    assert failed[0]["step"] == step and what in failed[0]["what"] and then in failed[0]["next"], failed
    assert all(one["next"] for one in failed)
    return failed


def report_of(setup):
    """Of a set-up that is broken."""
    result = setup.check("--json")
    assert not leaks(result.stdout + result.stderr)
    report = json.loads(result.stdout)
    assert result.returncode == report["exit_code"] and report["ok"] is False, report
    return report


def test_all_is_well(lab):
    authority = Authority(lab.folder / "tls", "ours")
    api = lab.simulator(certificate=authority.issue("api", HERE), authority=authority)
    setup = Setup(lab, api, lab.broker(certificate=authority.issue("broker", HERE)))
    setup.set("partner", ca_file=str(authority.file))
    setup.set("mqtt", ca_file=str(authority.file))
    setup.listen()
    result = setup.check()
    assert result.returncode == 0, result.stdout + result.stderr
    steps = [line.split("  ")[0] for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert steps == ["API name", "API connection", "API certificate", "clock", "credentials", "schema", "partner",
                     "subscription", "installations", "device 0c0ffee0", "broker name", "broker connection",
                     "broker certificate", "broker login", "broker permission", "broker retain", "Home Assistant"]
    # These certificates are good for two days.
    assert re.search(r"API certificate +note +valid for 1 days", result.stdout) and "failed" not in result.stdout
    assert json.loads(setup.check("--json").stdout)["ok"] is True
    # Nothing is left at the broker.
    assert lab.retained(setup.broker) == {}


def test_a_bridge_that_is_at_work_is_not_disturbed(lab):
    setup = Setup(lab)
    setup.listen()
    daemon = lab.start(setup.api, setup.broker)
    wait_for(lambda: "iometer/bridge/state" in lab.retained(setup.broker), "a bridge that is up")
    before = set(lab.retained(setup.broker))
    result = setup.check()
    assert result.returncode == 0 and re.search(r'(?m)^bridge +note +one is at work on "iometer"', result.stdout), result
    assert before <= set(lab.retained(setup.broker)) and daemon.is_running()
    assert "second_bridge" not in daemon.log() and "Home Assistant started" not in daemon.log()
