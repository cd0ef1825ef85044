"""The life of the Debian package on one machine, in the order of this file: each test goes on where the one before ended.

package.sh boots the machine and has put the package there, with what it depends on in apt's cache."""

import os
import re

import pytest
from container import Container

PACKAGE = "/root/iometer2mqtt.deb"
UNIT = "iometer2mqtt"
SETTINGS = "/etc/iometer2mqtt"
SECRET = "a-Secret-of-the-Package-4713"
PASSWORD = "a-Password-of-the-Package-4714"
API = "http://127.0.0.1:8080/api/v1/query"
LIVE = "API: live; broker: connected"


@pytest.fixture(scope="module", name="machine")
def booted():
    made = Container(int(os.environ["IOMETER_CONTAINER"]))
    made.wait_for(lambda: made.attempt("systemctl", "is-system-running").stdout.strip() == "running", "running system")
    made.shell("printf 'listener 1883 127.0.0.1\nallow_anonymous true\n' >/etc/mosquitto/conf.d/test.conf")
    made.run("systemctl", "restart", "mosquitto")
    return made


@pytest.fixture(scope="module", name="before")
def files_before(machine):
    return machine.files()


def install(machine):
    machine.run("apt-get", "install", "-q", "-y", "--reinstall", PACKAGE)


def test_it_is_installed_and_does_not_run_yet(machine, before):
    assert not [path for path in before if "iometer" in path]
    install(machine)
    assert machine.run("iometer2mqtt", "version").startswith("iometer2mqtt ")
    assert machine.property(UNIT, "ActiveState") == "inactive"
    assert machine.attempt("systemctl", "is-enabled", UNIT).stdout.strip() == "disabled"
    assert not machine.run("dpkg", "--verify", UNIT)


def test_the_files_for_secrets_are_roots_alone(machine):
    assert machine.shell(f"stat -c '%n %U %a' {SETTINGS}/*").splitlines() == [
        f"{SETTINGS}/iometer2mqtt.yaml root 644", f"{SETTINGS}/mqtt-password root 600",
        f"{SETTINGS}/partner-secret root 600"]


def fails_once(machine, missing):
    assert machine.attempt("systemctl", "start", UNIT).returncode != 0
    machine.wait_for_property(UNIT, "SubState", "failed")  # and not auto-restart
    assert machine.property(UNIT, "ExecMainStatus") == "2"
    assert f"{missing}: missing" in machine.journal(UNIT)


def test_without_credentials_it_ends_once_and_says_why(machine):
    fails_once(machine, "partner.id")
    machine.shell(f"sed -i 's|^  id:.*|  id: me\\n  url: {API}|' {SETTINGS}/iometer2mqtt.yaml")
    fails_once(machine, "partner.secret")


def test_one_file_for_the_secret_and_it_runs(machine):
    machine.write("/root/secret", SECRET)
    machine.run("systemd-run", "--unit=api", "iometer2mqtt", "simulate", "--partner-id=me", "--secret-file=/root/secret",
                "--cadence=1s")
    machine.write(f"{SETTINGS}/partner-secret", SECRET + "\n")
    machine.run("systemctl", "enable", "--now", UNIT)
    assert machine.property(UNIT, "ActiveState") == "active"
    machine.wait_for_property(UNIT, "StatusText", LIVE)
    readings = machine.messages("iometer/meter/+/reading", 2)
    assert all('"values"' in text for _, text in readings)
    assert machine.retained("iometer/bridge/state") == "online"


def test_it_has_no_rights_and_its_secret_is_nowhere_else(machine):
    pid = machine.process(UNIT)
    status = machine.run("cat", f"/proc/{pid}/status")
    assert not re.search(r"^Uid:\s+0\b", status, re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", status, re.MULTILINE) and re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE) and re.search(r"^Seccomp:\s+2$", status, re.MULTILINE)
    for place in (machine.run("cat", f"/proc/{pid}/environ"), machine.run("cat", f"/proc/{pid}/cmdline"),
                  machine.run("systemctl", "show", UNIT), machine.journal(UNIT)):
        assert SECRET not in place
    assert machine.attempt("runuser", "-u", "nobody", "--", "cat", f"{SETTINGS}/partner-secret").returncode != 0
    assert machine.run("stat", "-c", "%a", "/var/lib/private/iometer2mqtt/").strip() == "700"
    machine.wait_for(lambda: machine.exists("/var/lib/private/iometer2mqtt/state.json"), "state file")


def test_a_broker_that_is_away_does_not_end_it(machine):
    pid = machine.process(UNIT)
    machine.run("systemctl", "stop", "mosquitto")
    machine.wait_for_property(UNIT, "StatusText", "API: suspended; broker: not connected")
    machine.run("systemctl", "start", "mosquitto")
    machine.wait_for_property(UNIT, "StatusText", LIVE, 60)
    assert machine.process(UNIT) == pid
    assert machine.property(UNIT, "NRestarts") == "0"


def test_one_that_stands_still_is_restarted(machine):
    assert machine.property(UNIT, "WatchdogUSec") == "1min"
    folder = f"/run/systemd/system/{UNIT}.service.d"
    machine.shell(f"mkdir -p {folder}; printf '[Service]\nWatchdogSec=2s\nRestartSec=1s\n' >{folder}/faster.conf")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)
    machine.wait_for_property(UNIT, "StatusText", LIVE)
    pid = machine.process(UNIT)
    machine.shell(f"kill -STOP {pid}")
    machine.wait_for_property(UNIT, "NRestarts", "1")
    machine.wait_for_property(UNIT, "StatusText", LIVE)
    assert machine.process(UNIT) != pid
    machine.shell(f"rm -r {folder}")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)


def test_two_more_instances_of_which_one_ends(machine):
    machine.shell(f"""printf 'listener 1884 127.0.0.1\nallow_anonymous false\npassword_file /etc/mosquitto/passwords\n' \
        >>/etc/mosquitto/conf.d/test.conf
      sed -i '1i per_listener_settings true' /etc/mosquitto/mosquitto.conf
      touch /etc/mosquitto/passwords && chown mosquitto: /etc/mosquitto/passwords && chmod 600 /etc/mosquitto/passwords
      mosquitto_passwd -b /etc/mosquitto/passwords bridge {PASSWORD}""")
    machine.run("systemctl", "restart", "mosquitto")
    common = f"partner: {{id: me, url: '{API}'}}\nhomeassistant: {{discovery: off}}\n"
    machine.write(f"{SETTINGS}/one.yaml", common + "mqtt: {base_topic: one}\n")
    machine.write(f"{SETTINGS}/two.yaml",
                  common + "mqtt: {base_topic: two, url: 'mqtt://localhost:1884', username: bridge}\n")
    for name in ("one", "two"):
        machine.run("install", "-m", "600", "/root/secret", f"{SETTINGS}/{name}.partner-secret")
    machine.run("install", "-m", "600", "/dev/stdin", f"{SETTINGS}/two.mqtt-password", input=PASSWORD)
    machine.run("systemctl", "enable", "--now", f"{UNIT}@one", f"{UNIT}@two")
    units = [UNIT, f"{UNIT}@one", f"{UNIT}@two"]
    for unit in units:
        machine.wait_for_property(unit, "StatusText", LIVE, 60)
    assert machine.messages("two/meter/+/reading", 1, port=1884, login=("-u", "bridge", "-P", PASSWORD))
    assert machine.messages("one/meter/+/reading", 1)
    users = [machine.run("stat", "-c", "%u", f"/proc/{machine.process(unit)}") for unit in units]
    assert len(set(users)) == 3, users

    others = {unit: machine.process(unit) for unit in (UNIT, f"{UNIT}@two")}
    machine.run("systemctl", "stop", f"{UNIT}@one")
    assert machine.retained("one/bridge/state") == "offline"
    assert machine.messages("two/meter/+/reading", 2, port=1884, login=("-u", "bridge", "-P", PASSWORD))
    assert machine.messages("iometer/meter/+/reading", 2)
    for unit, pid in others.items():
        assert machine.property(unit, "StatusText") == LIVE and machine.process(unit) == pid


def test_the_manual_is_shown_without_a_warning(machine):
    result = machine.attempt("env", "MANWIDTH=80", "MAN_KEEP_STDERR=1", "man", "--warnings", UNIT)
    assert result.returncode == 0 and not result.stderr, result.stderr
    assert "--mqtt-base-topic" in result.stdout and "EXIT STATUS" in result.stdout


def test_bash_completes(machine):
    script = """source /usr/share/bash-completion/bash_completion
      _completion_loader iometer2mqtt || [ $? = 124 ]
      complete -p iometer2mqtt >&2
      COMP_WORDS=(iometer2mqtt "$@") COMP_CWORD=$#
      _iometer2mqtt iometer2mqtt "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
      echo "${COMPREPLY[@]}" """
    assert machine.run("bash", "-c", script, "bash", "simu").split() == ["simulate"]
    assert machine.run("bash", "-c", script, "bash", "run", "--mqtt-us").split() == ["--mqtt-username"]


def test_an_update_restarts_what_runs_and_keeps_all(machine):
    running = {unit: machine.process(unit) for unit in (UNIT, f"{UNIT}@two")}
    settings = machine.shell(f"sha256sum {SETTINGS}/*")
    install(machine)
    for unit, pid in running.items():
        machine.wait_for_property(unit, "StatusText", LIVE)
        assert machine.process(unit) != pid
    assert machine.property(f"{UNIT}@one", "ActiveState") == "inactive"
    assert machine.shell(f"sha256sum {SETTINGS}/*") == settings


def test_removing_it_stops_it_and_keeps_settings_and_state(machine):
    machine.run("apt-get", "remove", "-q", "-y", UNIT)
    assert machine.shell("cat /proc/[0-9]*/comm").split().count(UNIT) == 1, "the simulator alone is left"
    assert machine.retained("iometer/bridge/state") == "offline"
    assert machine.exists(f"{SETTINGS}/partner-secret") and machine.exists("/var/lib/private/iometer2mqtt/state.json")


def test_purging_it_leaves_nothing(machine, before):
    machine.run("systemctl", "stop", "api")
    machine.run("apt-get", "purge", "-q", "-y", UNIT)
    # Its libraries go, too, also those that somebody else would like to have.
    machine.run("apt-get", "autoremove", "--purge", "-q", "-y", "-o", "APT::AutoRemove::RecommendsImportant=false",
                "-o", "APT::AutoRemove::SuggestsImportant=false")
    left = machine.files() - before
    mosquitto = {"/etc/mosquitto/passwords"}
    assert left <= mosquitto, left - mosquitto
    assert not machine.shell("find / -xdev -path /root -prune -o -path /var/cache -prune -o -name '*iometer*' -print")
