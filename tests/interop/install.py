"""Brings the servers of other people's making: npm's packages, and gqlgen built from Go modules.

Versions and hashes are pinned in node/package-lock.json and gqlgen/<version>/go.sum. What is built is kept in the user's
cache and made again when its sources change. What cannot be installed is an error, never a skipped test.
"""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import stat
import subprocess

FOLDER = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "iometer2mqtt-interop"
SCHEMA = FOLDER / "schema.graphql"

# The newest gqlgen asks for this Go. Where the one at hand is older (Debian 12 has 1.19), it fetches a newer one as the
# module golang.org/toolchain, which newer Go commands do by themselves.
GO = (1, 26, 0)
TOOLCHAIN_SUMS = {
    "amd64": "h1:1p2G5COR51f8Q3EQ4HLJQDDL2ytLEqfL/yTawB0Jr8w=",
    "arm64": "h1:lAFrRm35hIzvRSMYiELtaPaitr22pp6iaBbdPBuJg2U=",
}


@contextlib.contextmanager
def locked(name):
    """Test files run side by side; one of them installs, the others wait."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(*command, folder, environment=None, seconds=600):
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, timeout=seconds)
    assert done.returncode == 0, f"{' '.join(map(str, command))} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@functools.cache
def node():
    """The Node.js program, with what package-lock.json names installed."""
    folder = FOLDER / "node"
    program = shutil.which("node")
    assert program and shutil.which("npm"), "node or npm is missing (Debian packages nodejs and npm)"
    lock = (folder / "package-lock.json").read_text()
    installed = folder / "node_modules" / "installed-package-lock.json"
    with locked("npm"):
        if not installed.exists() or installed.read_text() != lock:
            run("npm", "ci", "--no-audit", "--no-fund", folder=folder)
            installed.write_text(lock)
    return program


@functools.cache
def gqlgen(version):
    """The server program for that version, generated and built if it is not there."""
    sources = [*sorted(FOLDER.glob("gqlgen/*.*")), *sorted(FOLDER.glob("gqlgen/graph/*.go")), SCHEMA,
               FOLDER / "gqlgen" / version / "go.mod", FOLDER / "gqlgen" / version / "go.sum"]
    sources = [file for file in sources if file.is_file()]
    digest = hashlib.sha256(b"".join(file.name.encode() + b"\0" + file.read_bytes() for file in sources)).hexdigest()
    folder = CACHE / f"gqlgen-{version}"
    built = folder / "server"
    made_of = folder / "made-of"
    with locked("gqlgen"):
        if not built.exists() or not made_of.exists() or made_of.read_text() != digest:
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "graph").mkdir(parents=True)
            for file in sources:
                shutil.copy(file, folder / "graph" / file.name if file.parent.name == "graph" else folder)
            go, environment = go_command()
            run(go, "tool", "gqlgen", "generate", folder=folder, environment=environment)
            run(go, "build", "-o", built, ".", folder=folder, environment=environment)
            made_of.write_text(digest)
    return built


def go_command():
    """A Go that is new enough, and the environment for it."""
    at_hand = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    assert at_hand, "go is missing (Debian package golang-go)"
    kept = {name: text for name, text in os.environ.items() if name not in ("GOROOT", "GOFLAGS", "GOWORK")}
    environment = kept | {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    found = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", run(at_hand, "version", folder=FOLDER, environment=environment))
    if found and tuple(int(part or 0) for part in found.groups()) >= GO:
        return at_hand, environment
    return toolchain(at_hand, environment), environment


def toolchain(at_hand, environment):
    version = "go" + ".".join(map(str, GO))
    folder = CACHE / version
    program = folder / "bin" / "go"
    if program.exists():
        return program
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    module = f"golang.org/toolchain@v0.0.1-{version}.linux-{machine}"
    empty = CACHE / "empty"
    empty.mkdir(exist_ok=True)
    told = json.loads(run(at_hand, "mod", "download", "-json", module, folder=empty,
                          environment=environment | {"GOFLAGS": "-mod=mod"}))
    pinned = TOOLCHAIN_SUMS.get(machine, told["Sum"])  # other machines: Go has asked its checksum database
    assert told["Sum"] == pinned, f"{module} has the hash {told['Sum']} instead of {pinned}"
    unpack(pathlib.Path(told["Dir"]), folder)
    return program


def unpack(module, folder):
    """A module holds no go.mod but its own, and no file that can be run."""
    draft = folder.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(module, draft, copy_function=shutil.copyfile)
    for path in [draft, *draft.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    for path in draft.rglob("_go.mod"):
        path.rename(path.with_name("go.mod"))
    for path in [*draft.glob("bin/*"), *draft.glob("pkg/tool/*/*")]:
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    draft.rename(folder)
