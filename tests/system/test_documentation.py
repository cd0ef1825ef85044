"""What the documentation says of the program is what the program has: options, commands, topics, words, exit codes. And
each block of code in it is run by some test."""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest
import yaml
from harness.ports import free_port
from harness.programs import binary, command, environment
from harness.secrets import PARTNER_ID
from harness.waiting import wait_for

TOP = pathlib.Path(__file__).resolve().parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
EXAMPLE = (TOP / "config/iometer2mqtt.example.yaml").read_text(encoding="utf-8")

# First line of each block: the test that runs it. Blocks without a language show what is printed.
BLOCKS = {
    ("README.md", "config/demo.sh"): "tests/debian/run.sh",
    ("README.md", "sudo config/install-dependencies.sh build package"): "tests/debian/package.sh",
    ("README.md", "CREDENTIALS_DIRECTORY=/etc/iometer2mqtt"): "test_credentials.py (with another folder)",
    ("README.md", "docker build -f config/Dockerfile"): "tests/container/run.sh (without Docker)",
    ("README.md", "cmake --workflow --preset release"): "tests/addon/run.sh (the same preset)",
    ("README.md", "iometer2mqtt simulate --port 8080 --partner-id me &"): "here",
    ("README.md", "iometer2mqtt simulate --port 8080 --partner-id me --control"): "test_simulator.py",
    ("README.md", "api=http://127.0.0.1:8080/api/v1/query"): "test_simulator.py",
    ("README.md", "INFLUX_TOKEN=… telegraf"): "tests/nodered/test_telegraf.py",
    ("config/node-red/README.md", "contextStorage:"): "tests/nodered/test_daily_energy.py",
    ("addon/DOCS.md", "names:"): "here",
    ("addon/DOCS.md", "docker run --rm -it"): "tests/addon/run.sh (link in the built image, without Docker)",
    ("addon/DOCS.md", "addon/stage.sh /addons/iometer2mqtt"): "tests/addon/test_addon.py",
}


def blocks(file):
    return re.findall(r"^```(\w+)\n(.*?)^```", (TOP / file).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def pages():
    listed = subprocess.run(["git", "-C", TOP, "ls-files", "*.md"], capture_output=True, text=True, check=False)
    return listed.stdout.split() or sorted({file for file, _ in BLOCKS})


def section(title):
    return re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", README, re.DOTALL | re.MULTILINE).group(1)


def rows(text):
    """Cells of a table's rows, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines
            if not re.match(r"\|[-|]+$", line)][1:]


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture(scope="module", name="options")
def options_of_the_program():
    """{key: default}; secrets, which are no flags, have None."""
    usage = " ".join(command("run", "--help").stdout.split())
    found = {flag: default for flag, default in re.findall(r"--([a-z-]+) TEXT [^\[]*?(?:\[([^\]]*)\]|(?= --|$))", usage)}
    found |= dict.fromkeys(re.findall(r"IOMETER2MQTT_(\w+)\b(?<!_FILE)", usage))
    return {key.lower().replace("_", "-"): default for key, default in found.items()
            if key not in ("config", "options")}


def flag(key):
    return key.replace(".", "-").replace("_", "-")


def test_all_options_are_documented_with_their_defaults(options):
    documented = {flag(key): cells[1] for cells in rows(section("Configuration")) for key in names(cells[0])}
    assert set(documented) == set(options)
    for key, default in options.items():
        if default:
            assert f"`{default}`" in documented[key], f"{key}: {default!r}"


def flat(document, path=""):
    for key, value in document.items():
        if isinstance(value, dict) and f"{path}{key}" != "names":
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}"


def test_the_example_configuration_has_every_option_and_is_taken(options, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("word\n")
    file = tmp_path / "iometer2mqtt.yaml"
    file.write_text(EXAMPLE.replace("/etc/iometer2mqtt/partner-secret", str(secret)))
    recording = TOP / "tests/golden/three_phases.jsonl"
    done = command("replay", "--config", file, recording)
    assert done.returncode == 0, done.stderr
    everything = re.sub(r"^( *)# (?=[\w ]+:)", r"\1", EXAMPLE.split("\n", 2)[2], flags=re.MULTILINE)
    known = {flag(key) for key in flat(yaml.safe_load(everything))}
    either = {"partner-secret", "mqtt-password"}  # beside their files
    assert known | either == set(options), known ^ set(options)


def test_all_commands_are_documented():
    usage = command("--help").stdout.split("Subcommands:")[1]
    program = set(re.findall(r"(?m)^  ([a-z]+) ", usage))
    documented = {names(cells[0])[0].split()[0] for cells in rows(section("Run it with your account"))}
    assert documented == program


def words(schema, *path):
    found = json.loads((TOP / f"config/schemas/{schema}.schema.json").read_text())
    for key in path:
        found = found[key]
    return set(found["enum"])


def test_topics_and_their_words_are_those_of_the_schemas():
    topics = {names(cells[0])[0]: cells for cells in rows(section("Topics"))}
    for file in sorted((TOP / "config/schemas").glob("*.schema.json")):
        level = json.loads(file.read_text())["$comment"]
        form = re.escape(level).replace(r"\+", r"[^/]+").replace("state$", "…")
        assert any(re.search(f"{form}|device/<slug>/…", topic) for topic in topics), level
    events = words("bridge-event", "properties", "event")
    assert events == set(names(topics["iometer/bridge/event"][2])) - {"{time, event, meter?, detail}"}


def test_exit_codes_of_check_are_those_of_the_program():
    program = {int(number) for number in
               re.findall(r"k\w+ = (\d+)", (TOP / "src/app/diagnosis.hpp").read_text(encoding="utf-8"))}
    documented = {int(number) for cells in rows(section("When something does not work")) if cells[0][0].isdigit()
                  for number in cells[0].split(",")}
    assert documented == program - {1}  # 1: as every command


def test_every_block_of_code_is_run_somewhere():
    found = {(file, text.split("\n")[0]) for file in pages() for _, text in blocks(file)}
    unknown = {block for block in found
               if not any(block[0] == file and block[1].startswith(begin) for file, begin in BLOCKS)}
    assert not unknown, "no test is named for these"
    gone = {claimed for claimed in BLOCKS if not any(file == claimed[0] and line.startswith(claimed[1])
                                                     for file, line in found)}
    assert not gone, "these are not in the documentation any more"
    for test in BLOCKS.values():
        file = test.split()[0]
        assert file == "here" or any((TOP / place / file).is_file() for place in ("", "tests/system")), file


def test_without_an_account_it_runs_as_documented(lab, tmp_path):
    _, code = next(block for block in blocks("README.md") if block[1].startswith("iometer2mqtt simulate --port 8080 --partner-id me &"))
    broker = lab.broker()
    recorder = lab.recorder(broker)
    (tmp_path / "iometer2mqtt").symlink_to(binary())
    shell = subprocess.Popen(
        ["bash", "-euc", code.replace("8080", str(free_port()))], start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(PATH=f"{tmp_path}:{os.environ['PATH']}", IOMETER2MQTT_MQTT_URL=broker.url,
                        IOMETER2MQTT_STATE_DIR=str(tmp_path / "state"), IOMETER2MQTT_RESUME_FIRST_START="0s"))
    try:
        recorder.wait_until(lambda: any("/value/" in topic for topic in list(recorder.by_topic)), "values", 30)
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        wait_for(lambda: shell.poll() is not None, "end of it")


def test_the_add_ons_file_is_taken(tmp_path):
    [(_, code)] = [block for block in blocks("addon/DOCS.md") if block[0] == "yaml"]
    file = tmp_path / "iometer2mqtt.yaml"
    file.write_text(code + f"partner: {{id: {PARTNER_ID}, secret: word}}\n")
    done = command("replay", "--config", file, TOP / "tests/golden/three_phases.jsonl")
    assert done.returncode == 0, done.stderr
