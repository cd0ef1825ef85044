"""The add-on's files agree with each other, with the program, and with what Home Assistant's Supervisor asks for.

The image itself is built and run by run.sh.
"""

import copy
import json
import os
import pathlib
import re
import struct
import subprocess
import sys

import pytest
import yaml

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
ADDON = TOP / "addon"
sys.path.insert(0, str(HERE))

import supervisor  # noqa: E402

CONFIG = yaml.safe_load((ADDON / "config.yaml").read_text())
OPTIONS = supervisor.flat(CONFIG["schema"])
SECTIONS = {key: value for key, value in CONFIG["schema"].items() if isinstance(value, dict)}
PAGES = ["README.md", "DOCS.md", "CHANGELOG.md"]
LANGUAGES = ["en", "de"]
RAW = f"{CONFIG['url'].replace('github.com', 'raw.githubusercontent.com')}/main/"


def program(*arguments, **variables):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("IOMETER")}
    return subprocess.run([os.environ["IOMETER2MQTT_BINARY"], *map(str, arguments)], capture_output=True, text=True,
                          check=False, env=environment | variables, timeout=60)


@pytest.fixture(scope="module", name="usage")
def read_usage():
    return " ".join(program("run", "--help").stdout.split())


@pytest.fixture(name="try_options")
def options_for_the_program(tmp_path):
    """The program's answer to options.json, which it reads like any configuration; it connects to nothing."""
    def run(options, **variables):
        file = tmp_path / "options.json"
        file.write_text(json.dumps(options))
        return program("replay", "--config", file, TOP / "tests/golden/three_phases.jsonl", **variables)

    return run


def entered(**more):
    """The options as they are once the two that are needed were entered."""
    options = copy.deepcopy(CONFIG["options"])
    options["partner"] = {"id": "me", "secret": "word"}
    for key, value in more.items():
        section, _, name = key.partition("__")
        if name:
            options[section][name] = value
        else:
            options[key] = value
    return options


def flag(key):
    return "--" + re.sub("[._]", "-", key)


# The form


def test_at_most_twelve_options_are_shown():
    assert 2 <= len(OPTIONS) <= 12


@pytest.mark.parametrize("key", OPTIONS)
def test_the_program_has_the_option(usage, key):
    if OPTIONS[key].startswith("password"):
        name = "IOMETER2MQTT_" + key.replace(".", "_").upper()
        assert re.search(rf"\b{name}\b", usage), "secrets are no flags: --help names their variables"
    else:
        assert f"{flag(key)} " in usage


@pytest.mark.parametrize("key", [key for key in OPTIONS if key not in ("partner.id", "partner.secret")])
def test_defaults_are_the_programs_own(usage, key):
    default = CONFIG["options"]
    for part in key.split("."):
        default = default.get(part) if isinstance(default, dict) else None
    if OPTIONS[key].endswith("?"):
        assert default is None, "the Supervisor makes an option with a default a needed one"
        return
    text = str(default).lower() if isinstance(default, bool) else default
    assert re.search(rf"{flag(key)} TEXT [^\[]*\[{re.escape(text)}\]", usage)


@pytest.mark.parametrize("key", [key for key in OPTIONS if OPTIONS[key].startswith("list(")])
def test_a_choice_offers_what_the_program_takes(usage, key):
    words = re.search(r"\((.*)\)", OPTIONS[key]).group(1).split("|")
    assert re.search(rf"{flag(key)} TEXT [^\[]*{re.escape(' | '.join(words))} \[", usage)


def test_only_id_and_secret_have_to_be_entered():
    supervisor.check(CONFIG["schema"], entered())
    for name in ("id", "secret"):
        options = entered()
        options["partner"][name] = None
        with pytest.raises(supervisor.Refused, match=name):
            supervisor.check(CONFIG["schema"], options)
    with pytest.raises(supervisor.Refused):
        supervisor.check(CONFIG["schema"], CONFIG["options"])


def test_the_program_takes_every_option_of_the_form(try_options):
    everything = entered(partner__installations=["b1451a19-53c7-4e8a-87a0-7c45d3807e9d"],
                         mqtt__url="mqtt://broker:1884", mqtt__username="me", mqtt__password="word",
                         mqtt__base_topic="house", language="de", power_split=True, log_level="debug")
    assert set(supervisor.flat(everything)) == set(OPTIONS)
    for options in (entered(), everything):
        supervisor.check(CONFIG["schema"], options)
        result = try_options(options)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("address, fine", [("mqtt://core-mosquitto:1883", True), ("mqtts://broker:8883", True),
                                           ("", True), ("core-mosquitto", False), ("broker:1883", False),
                                           ("tcp://broker", False)])
def test_an_address_is_refused_where_it_is_entered_if_the_program_refuses_it(try_options, address, fine):
    options = entered(mqtt__url=address)
    if fine:
        supervisor.check(CONFIG["schema"], options)
    else:
        with pytest.raises(supervisor.Refused):
            supervisor.check(CONFIG["schema"], options)
        result = try_options(options)
        assert result.returncode == 2 and "mqtt.url" in result.stderr


def test_the_program_takes_what_the_image_sets(try_options):
    text = re.search(r"^ENV ((?:.*\\\n)*.*)$", (ADDON / "Dockerfile").read_text(), re.MULTILINE).group(1)
    variables = dict(word.split("=", 1) for word in text.replace("\\\n", " ").split())
    assert len(variables) == 4
    token = {"SUPERVISOR_TOKEN": "of-the-tests"}
    assert try_options(entered(), **variables, **token).returncode == 0
    assert try_options(entered(), **variables, **token, IOMETER2MQTT_WEB_PORT="8099").returncode == 2
    assert variables["IOMETER2MQTT_WEB_LISTEN"].endswith(f":{CONFIG['ingress_port']}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_is_explained(language):
    texts = yaml.safe_load((ADDON / "translations" / f"{language}.yaml").read_text())
    explained = texts["configuration"]
    assert set(explained) == set(CONFIG["schema"])
    assert set(texts.get("network", {})) == set(CONFIG.get("ports", {}))
    entries = dict(explained)
    for section, schema in SECTIONS.items():
        assert set(explained[section]["fields"]) == set(schema)
        entries |= {f"{section}.{name}": text for name, text in explained[section]["fields"].items()}
    for key, text in entries.items():
        assert text["name"].strip() and text["description"].strip().endswith("."), key
        assert set(text) <= {"name", "description", "fields"}, key


def test_german_is_german():
    english, german = (yaml.safe_load((ADDON / "translations" / f"{language}.yaml").read_text())["configuration"]
                       for language in LANGUAGES)
    for key in english:
        assert english[key]["description"] != german[key]["description"], key


# What Home Assistant shows


@pytest.mark.parametrize("key", OPTIONS)
def test_the_documentation_has_a_line_for_the_option(key):
    rows = [line for line in (ADDON / "DOCS.md").read_text().splitlines() if line.startswith(f"| `{key}` |")]
    assert len(rows) == 1
    if not OPTIONS[key].endswith("?") and key not in ("partner.id", "partner.secret"):
        default = CONFIG["options"][key]
        assert f"| `{str(default).lower()}` |" in rows[0]


def test_the_documentation_has_no_other_options():
    rows = re.findall(r"^\| `([a-z_.]+)` \|", (ADDON / "DOCS.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(OPTIONS)


def source():
    """All of the program's code, with texts that a line break divides put together."""
    files = sorted((TOP / "src").rglob("*.[ch]pp"))
    return re.sub(r'"\s*\n\s*"', "", "\n".join(file.read_text() for file in files))


def test_what_the_documentation_quotes_is_said_by_the_program():
    page = (ADDON / "DOCS.md").read_text()
    log = re.search(r"^```\n(.*?)^```", page, re.MULTILINE | re.DOTALL).group(1).splitlines()
    quoted = [line.split('"')[0] for line in log] + re.findall(r'The log says "([^"]+)"', page)
    assert len(quoted) >= 5
    code = source()
    for text in quoted:
        assert text in code, text


def test_the_documentation_knows_every_problem_and_reason():
    page = (ADDON / "DOCS.md").read_text()
    words = (TOP / "src/bridge/words.hpp").read_text()
    problems, reasons = (
        set(re.findall(r'\{"(\w+)", "', re.search(rf"^namespace {name} \{{(.*?)^\}}", words, re.M | re.S).group(1)))
        for name in ("problems", "reasons"))
    assert set(re.findall(r"^\| Status is `(\w+)`", page, re.MULTILINE)) == problems - {"ok"}
    row = re.search(r"^\| Entities exist.*$", page, re.MULTILINE).group()
    assert set(re.findall(r"`(\w+)`", row)) == reasons - {"ok"}


def test_the_documentation_names_entities_as_they_are():
    page = (ADDON / "DOCS.md").read_text()
    table = re.search(r"^\| device \| entities \|\n.*\n((?:\|.*\n)+)", page, re.MULTILINE).group(1)
    names = [name.strip() for row in table.splitlines() for name in re.split("[,;]", row.split("|")[2])]
    names = [name for name in names if not name.startswith("and whatever") and name not in ("phases", "voltages")]
    assert len(names) >= 14
    code = source()
    for name in [*names, *re.findall(r"the meter's \*\*([^*]+)\*\*", page)]:
        assert f'{{"{name}", "' in code, name


def png_size(file):
    head = file.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR", file
    return struct.unpack(">II", head[16:24])


@pytest.mark.parametrize("name, size", [("icon.png", (128, 128)), ("logo.png", (250, 100))])
def test_pictures_of_the_store(name, size):
    assert png_size(ADDON / name) == size
    assert (ADDON / name).stat().st_size < 20_000


@pytest.mark.parametrize("page", PAGES)
def test_the_store_can_follow_the_links(page):
    """It shows the text far from the repository, and its headings are no targets: whole addresses lead somewhere."""
    text = (ADDON / page).read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        assert target.startswith("https://"), target
        if target.startswith(CONFIG["url"] + "/blob/main/"):
            assert (TOP / target.removeprefix(CONFIG["url"] + "/blob/main/").split("#")[0]).is_file(), target
    for target in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", text):
        assert target.startswith(RAW + "addon/pictures/"), target
        assert png_size(TOP / target.removeprefix(RAW))[0] <= 1600


def test_every_picture_is_shown():
    shown = "".join((ADDON / page).read_text() for page in PAGES)
    for file in (ADDON / "pictures").glob("*.png"):
        assert f"{RAW}addon/pictures/{file.name}" in shown
        assert file.with_suffix(".svg").is_file(), "its source"


# What the Supervisor and its users rely on


def test_the_repository_has_one_add_on():
    files = [file.relative_to(TOP) for name in ("yaml", "yml", "json") for file in TOP.rglob(f"config.{name}")]
    seen = [file for file in files
            if not any(part.startswith(".") or part in ("rootfs", "build", "node_modules") for part in file.parts)]
    assert seen == [pathlib.Path("addon/config.yaml")]
    assert yaml.safe_load((TOP / "repository.yaml").read_text())["url"] == CONFIG["url"]


def test_versions_agree():
    project = re.search(r"^project\(iometer2mqtt VERSION ([0-9.]+)", (TOP / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert CONFIG["version"] == project.group(1)
    assert CONFIG["version"] in program("version").stdout
    for reference in re.findall(rf"{re.escape(CONFIG['image'])}\S*", (ADDON / "DOCS.md").read_text()):
        assert reference == f"{CONFIG['image']}:{CONFIG['version']}"
    assert re.search(r"^## (\S+)", (ADDON / "CHANGELOG.md").read_text(), re.MULTILINE).group(1) == CONFIG["version"]
    assert CONFIG["stage"] == ("experimental" if CONFIG["version"].startswith("0.") else "stable")


def test_the_rating_is_the_best_there_is():
    assert supervisor.rating(CONFIG, has_profile=(ADDON / "apparmor.txt").is_file()) == 8
    assert supervisor.rating(CONFIG | {"ingress": False}, True) == 6
    assert supervisor.rating(CONFIG, False) == 7
    assert supervisor.rating(CONFIG | {"privileged": ["NET_ADMIN"]}, True) == 7


def test_the_profile_has_the_name_that_the_supervisor_looks_for():
    assert re.findall(r"^profile (\S+)", (ADDON / "apparmor.txt").read_text(), re.MULTILINE) == [CONFIG["slug"]]


def test_the_form_is_for_both_architectures_that_home_assistant_has():
    assert sorted(CONFIG["arch"]) == ["aarch64", "amd64"]
    assert CONFIG["services"] == ["mqtt:want"]
    assert CONFIG["watchdog"] == f"http://[HOST]:[PORT:{CONFIG['ingress_port']}]/health"
    assert f":{CONFIG['ingress_port']} " in (ADDON / "Dockerfile").read_text()


def test_the_workflow_publishes_what_is_asked_for():
    text = (TOP / ".github/workflows/image.yml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    build = workflow["jobs"]["build"]
    assert sorted(entry["arch"] for entry in build["strategy"]["matrix"]["include"]) == sorted(CONFIG["arch"])
    for arch in CONFIG["arch"]:
        assert f'"$IMAGE:$VERSION-{arch}"' in text, "the manifest names it"
    for job in workflow["jobs"].values():
        assert set(job["permissions"]) <= {"contents", "packages"}
        for step in job["steps"]:
            assert re.fullmatch(r"[\w/-]+@v\d+\.\d+\.\d+", step.get("uses", "none/none@v0.0.0"))
    # The workflow reads these two lines with sed.
    lines = (ADDON / "config.yaml").read_text().splitlines()
    assert f"version: {CONFIG['version']}" in lines and f"image: {CONFIG['image']}" in lines


# The folder for a Home Assistant that builds the add-on itself


def stage(folder):
    return subprocess.run([ADDON / "stage.sh", folder], capture_output=True, text=True, check=False, timeout=60)


def contents(folder):
    return {file.relative_to(folder).as_posix(): (file.stat().st_mode, file.read_bytes())
            for file in folder.rglob("*") if file.is_file()}


def copied_from_the_context():
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", (ADDON / "Dockerfile").read_text(), re.MULTILINE)
    assert lines
    return [word for line in lines for word in line.split()]


def test_a_staged_folder_is_whole(tmp_path):
    folder = tmp_path / "addons" / "iometer2mqtt"
    assert stage(folder).returncode == 0
    files = contents(folder)
    for path in copied_from_the_context():
        found = [TOP / path, *(TOP / path).rglob("*")]
        expected = {file.relative_to(TOP).as_posix() for file in found if file.is_file()}
        assert expected and not expected - set(files), path
    assert (folder / "addon/start.sh").stat().st_mode & 0o111
    for name in ("Dockerfile", "apparmor.txt", "icon.png", "logo.png", "translations/de.yaml", "LICENSE", *PAGES):
        assert name in files
    assert yaml.safe_load((folder / "config.yaml").read_text()) == {
        key: value for key, value in CONFIG.items() if key != "image"}
    assert [file for file in files if re.search(r"(^|/)config\.(ya?ml|json)$", file)] == ["config.yaml"]


def test_staging_twice_gives_the_same(tmp_path):
    assert stage(tmp_path / "a").returncode == 0
    first = contents(tmp_path / "a")
    (tmp_path / "a/src/old.cpp").write_text("gone from the checkout\n")
    assert stage(tmp_path / "a").returncode == 0
    assert stage(tmp_path / "b").returncode == 0
    assert contents(tmp_path / "a") == first == contents(tmp_path / "b")


def test_staging_spares_what_is_not_its_own(tmp_path):
    (tmp_path / "precious").write_text("mine\n")
    result = stage(tmp_path)
    assert result.returncode == 1 and "is not empty" in result.stderr
    assert contents(tmp_path)["precious"][1] == b"mine\n" and len(contents(tmp_path)) == 1
    result = stage(tmp_path / "precious")
    assert result.returncode == 1 and "no directory" in result.stderr
