"""The manual page and the completions say what --help says, for every command."""

import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build/dev/src"
PROGRAM = os.environ.get("IOMETER2MQTT_BINARY", BUILD / "iometer2mqtt")
USAGE = os.environ.get("IOMETER_USAGE", BUILD / "iometer_usage")


def output(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def help_of(*command):
    return output(PROGRAM, *command, "--help")


def commands():
    return re.findall(r"^  ([a-z]+) ", help_of().split("Subcommands:")[1], re.MULTILINE)


def options(command):
    lines = re.findall(r"^  ((?:-[a-z],)?--[a-z0-9-]+)", help_of(command), re.MULTILINE)
    return [name for line in lines for name in line.split(",")]


def complete(*words):
    """What bash offers for the last of the words."""
    script = f"""source /dev/stdin <<'END'
{output(USAGE, "bash")}
END
COMP_WORDS=(iometer2mqtt "$@") COMP_CWORD=$#
_iometer2mqtt iometer2mqtt "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return output("bash", "-euc", script, "bash", *words).split()


def test_all_exit_codes_are_in_the_manual():
    page = output(USAGE, "man", "2026-01-01")
    entries = re.findall(r"^\.TP\n([\d, ]+)$", page.split(".SH EXIT STATUS")[1], re.MULTILINE)
    program = re.findall(r"k\w+ = (\d+)", (TOP / "src/app/diagnosis.hpp").read_text(encoding="utf-8"))
    assert [code for entry in entries for code in entry.split(", ")] == program


def test_all_commands_are_known():
    found = commands()
    assert {"run", "check", "simulate", "version"} <= set(found)
    assert set(found) <= set(complete(""))
    page, zsh, fish = output(USAGE, "man", "2026-01-01"), output(USAGE, "zsh"), output(USAGE, "fish")
    for name in found:
        assert f".SS \\fB{name}\\fR" in page
        assert f"'{name}:" in zsh and f"\n    {name})\n" in zsh
        assert f"-a {name} " in fish


@pytest.mark.parametrize("command", commands())
def test_all_options_are_known(command):
    found = options(command)
    assert "--help" in found
    assert complete(command, "-") == sorted(complete(command, "-"), key=found.index)
    assert set(complete(command, "-")) == set(found)
    page = output(USAGE, "man", "2026-01-01").replace("\\-", "-")
    zsh = output(USAGE, "zsh").split(f"\n    {command})\n")[1].split(";;")[0]
    fish = [line for line in output(USAGE, "fish").splitlines() if f"subcommand_from {command}'" in line]
    for name in found:
        assert f"\\fB{name}\\fR" in page
        assert re.search(rf"['{{,]{name}[\[,}}]", zsh), f"{name} in {zsh}"
        assert any(re.search(rf" -[ls] {name.lstrip('-')} ", line) for line in fish)


def test_a_word_is_completed():
    assert complete("ins") == ["installations"]
    assert complete("run", "--mqtt-us") == ["--mqtt-username"]
    assert complete("run", "--mqtt-username", "me", "--mqtt-pr") == ["--mqtt-protocol"]
    assert complete("--ver") == ["--version"]


def test_a_value_is_a_file_name():
    """Nothing is offered, and bash then completes it by itself."""
    assert complete("run", "--config", "") == []
    assert complete("replay", "rec") == []


def test_no_flag_for_a_secret():
    for form in (["bash"], ["zsh"], ["fish"], ["man", "2026-01-01"]):
        text = output(USAGE, *form).replace("\\-", "-")
        assert not re.search(r"--(partner-secret|mqtt-password)(?!-file)", text)


def test_the_manual_names_key_variable_and_default():
    page = re.sub(r"\\f[BIR]", "", output(USAGE, "man", "2026-01-01").replace("\\-", "-"))
    assert 'IOMETER2MQTT 1 "2026-01-01"' in page
    assert re.search(r"mqtt\.base_topic, --mqtt-base-topic\n.*Default: iometer\.\n"
                     r"Environment: IOMETER2MQTT_MQTT_BASE_TOPIC\.", page)
    assert re.search(r"partner\.secret\n.*\nEnvironment: IOMETER2MQTT_PARTNER_SECRET\.", page)
    assert re.search(r"--port value\nPort to listen on.* Default: 8080\.", page)


def test_other_words_are_refused():
    result = subprocess.run([USAGE, "tcsh"], capture_output=True, text=True)
    assert result.returncode == 2 and "usage:" in result.stderr and not result.stdout
