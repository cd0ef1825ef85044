"""Secrets that systemd hands to a service: files in CREDENTIALS_DIRECTORY."""

import pytest
from harness import secrets
from harness.programs import command


@pytest.fixture
def credentials(tmp_path):
    """Writes one; the environment that names their directory."""
    folder = tmp_path / "credentials"
    folder.mkdir()

    def write(**texts):
        for name, text in texts.items():
            (folder / name.replace("_", "-")).write_text(text)
        return {"CREDENTIALS_DIRECTORY": str(folder)}

    return write


def test_both_secrets_come_from_there(lab, credentials):
    api, broker = lab.simulator(), lab.broker(users={"bridge": secrets.MQTT_PASSWORD})
    configuration = lab.configure(api, broker, mqtt={"username": "bridge"})
    del configuration["partner"]["secret"]
    given = credentials(partner_secret=api.secret + "\n", mqtt_password=secrets.MQTT_PASSWORD + "\n")
    daemon = lab.daemon(configuration, **given)
    daemon.wait_for_log("connected to the MQTT broker")
    api.wait_for_subscription()


def test_the_configuration_file_wins(lab, credentials):
    api, broker = lab.simulator(), lab.broker()
    daemon = lab.daemon(lab.configure(api, broker), **credentials(partner_secret=secrets.WRONG_SECRET))
    daemon.wait_for_log("signed in")


def test_a_file_with_the_secret_wins_too(lab, credentials, tmp_path):
    api, broker = lab.simulator(), lab.broker()
    (tmp_path / "secret").write_text(api.secret)
    configuration = lab.configure(api, broker)
    configuration["partner"] |= {"secret": None, "secret_file": str(tmp_path / "secret")}
    daemon = lab.daemon(configuration, **credentials(partner_secret=secrets.WRONG_SECRET))
    daemon.wait_for_log("signed in")


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_one_is_none(credentials, tmp_path, text):
    file = tmp_path / "config.yaml"
    file.write_text("partner: {id: a}")
    result = command("run", "--config", file, **credentials(partner_secret=text, mqtt_password=text))
    assert result.returncode == 2
    assert "partner.secret: missing" in result.stderr and "credential partner-secret" in result.stderr


def test_an_error_names_the_credential(credentials, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("partner: {id: a, secret: b}")
    result = command("run", "--config", file, **credentials(mqtt_password=secrets.MQTT_PASSWORD))
    assert result.returncode == 2
    assert "mqtt.username" in result.stderr and secrets.MQTT_PASSWORD not in result.stderr
