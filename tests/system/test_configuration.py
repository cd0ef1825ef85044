"""A configuration that cannot work ends the program at once, with exit code 2 and words that name key and remedy."""

import subprocess

import pytest
from harness.programs import binary, command, environment
from harness.waiting import patience


CASES = {
    "an unknown key": ("mqtt: {hots: localhost}", ["mqtt.hots", "url"]),
    "an unknown section": ("matter: {url: x}", ["matter", "partner.", "mqtt."]),
    "a bad duration": ("partner: {id: a, secret: b, poll_interval: soon}", ["partner.poll_interval", "soon", "15s"]),
    "a duration without unit": ("partner: {id: a, secret: b, idle_timeout: 60}", ["partner.idle_timeout", "60", "15s"]),
    "a duration out of range": ("partner: {id: a, secret: b, poll_interval: 1ms}", ["partner.poll_interval", "from 1s"]),
    "no id": ("partner: {secret: b}", ["partner.id", "IOMETER2MQTT_PARTNER_ID"]),
    "no secret": ("partner: {id: a}", ["partner.secret", "partner.secret_file", "IOMETER2MQTT_PARTNER_SECRET"]),
    "no configuration at all": ("", ["partner.id", "IOMETER2MQTT_PARTNER_ID"]),
    "a secret file that is not there": ("partner: {id: a, secret_file: /nowhere/secret}",
                                        ["partner.secret_file", "/nowhere/secret"]),
    "two secrets": ("partner: {id: a, secret: b, secret_file: /etc/hostname}", ["partner.secret", "not both"]),
    "a URL of another kind": ("partner: {id: a, secret: b, url: 'ftp://x/y'}", ["partner.url", "https://"]),
    "a URL without scheme": ("partner: {id: a, secret: b}\nmqtt: {url: 'broker:1883'}", ["mqtt.url", "mqtt://"]),
    "a port that is none": ("partner: {id: a, secret: b}\nmqtt: {url: 'mqtt://broker:99999'}", ["mqtt.url"]),
    "another MQTT version": ("partner: {id: a, secret: b}\nmqtt: {protocol: 4}", ["mqtt.protocol", "3.1.1", "5"]),
    "a password without user": ("partner: {id: a, secret: b}\nmqtt: {password: c}", ["mqtt.username"]),
    "a wildcard in the base topic": ("partner: {id: a, secret: b}\nmqtt: {base_topic: 'a/#'}", ["mqtt.base_topic"]),
    "a CA file that is not there": ("partner: {id: a, secret: b}\nmqtt: {ca_file: /nowhere/ca.pem}",
                                    ["mqtt.ca_file", "/nowhere/ca.pem"]),
    "a port without its address": ("partner: {id: a, secret: b}\nweb: {listen: 8099}", ["web.listen", "0.0.0.0:8099"]),
    "a network instead of addresses": ("partner: {id: a, secret: b}\nweb: {allow: [10.0.0.0/8]}",
                                       ["web.allow", "10.0.0.0/8", "192.168.1.5"]),
    "an unknown log level": ("partner: {id: a, secret: b}\nlog_level: loud", ["log_level", "debug"]),
    "an unknown way to sign in": ("partner: {id: a, secret: b, auth: oauth}", ["partner.auth", "basic"]),
    "a list instead of a value": ("partner: {id: [a, b], secret: b}", ["partner.id", "one value"]),
    "no YAML": ("partner: {id: a", ["line", "YAML"]),
    "a value instead of a section": ("partner: hello", ["partner", "section"]),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_names_key_and_remedy(tmp_path, case):
    text, words = CASES[case]
    file = tmp_path / "config.yaml"
    file.write_text(text)
    result = command("run", "--config", file)
    assert result.returncode == 2, result.stderr
    missing = [word for word in words if word not in result.stderr]
    assert not missing, f"{missing} not in: {result.stderr}"
    assert len(result.stderr.strip().splitlines()) == 1, "one error, one line"


def test_the_place_is_named(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("partner:\n  id: a\n  secret: b\n  poll_interval: soon\n")
    assert f"{file}, line 4" in command("run", "--config", file).stderr


def test_a_configuration_file_that_is_not_there():
    result = command("run", "--config", "/nowhere/config.yaml")
    assert result.returncode == 2
    assert "/nowhere/config.yaml" in result.stderr and "--config" in result.stderr


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("partner: {id: a, secret: b, poll_interval: 60s}")
    result = command("run", "--config", file, IOMETER2MQTT_PARTNER_POLL_INTERVAL="never")
    assert result.returncode == 2
    assert "IOMETER2MQTT_PARTNER_POLL_INTERVAL" in result.stderr and "never" in result.stderr


def test_a_flag_wins_over_the_environment_for_a_secret_too(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from the file")
    result = command("run", "--partner-id", "a", "--partner-secret-file", secret, "--mqtt-keepalive", "0s",
                     IOMETER2MQTT_PARTNER_SECRET="from the environment")
    assert result.returncode == 2
    assert "mqtt.keepalive" in result.stderr and "not both" not in result.stderr, result.stderr


def test_an_unknown_command_and_an_unknown_flag():
    for arguments, words in ((["fly"], "there is no such command"), (["run", "--speed", "5"], '"--speed"'),
                             ([], "subcommand is required")):
        result = command(*arguments)
        assert result.returncode == 2 and words in result.stderr, result


@pytest.mark.parametrize("arguments, name", [
    (["--partner-secret", "hunter2x"], '"--partner-secret"'),
    (["--partner-secret=hunter2x"], '"--partner-secret"'),
    (["-phunter2x"], '"-p"'),
    (["hunter2x"], "an argument that is no option"),
])
def test_what_nobody_knows_may_be_a_secret_and_is_not_repeated(arguments, name):
    result = command("run", *arguments)
    assert result.returncode == 2 and name in result.stderr
    assert "hunter2x" not in result.stderr + result.stdout


@pytest.mark.parametrize("arguments", [["version"], ["--help"], ["run", "--help"]])
def test_an_output_that_cannot_be_written_is_a_failure(arguments):
    with open("/dev/full", "w") as full:
        result = subprocess.run([binary(), *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                env=environment(), timeout=patience(10))
    assert result.returncode == 1 and "output" in result.stderr, result.stderr


def test_version_and_help():
    version = command("version")
    assert version.returncode == 0 and version.stdout.startswith("iometer2mqtt ")
    text = command("--help")
    assert text.returncode == 0
    for name in ("run", "demo", "version"):
        assert name in text.stdout
