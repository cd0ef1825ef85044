#!/usr/bin/env python3
"""Holds the layers: which folder of src may include which, and who may include a network library.

The rules are the design's; README, "How the code is laid out", tells them to people.
"""
import pathlib
import re
import sys

ALLOWED = {
    "base": {"base"},
    "net": {"net", "base"},
    "model": {"model", "base"},
    "partner": {"partner", "model", "base"},
    "mqtt": {"mqtt", "model", "base"},
    "homeassistant": {"homeassistant", "mqtt", "model", "base"},
    "bridge": {"bridge", "homeassistant", "mqtt", "model", "base"},
    "io": {"io", "partner", "mqtt", "net", "base"},
    "sim": {"sim", "model", "net", "base"},
    "web": {"web", "net", "base"},
    "app": {"app", "io", "sim", "web", "net", "bridge", "homeassistant", "mqtt", "partner", "model", "base"},
}
NETWORK = re.compile(r"^(curl/|libwebsockets|mqtt/(async_client|client)|MQTT|sys/socket|netinet/|arpa/|netdb)")
MAY_USE_NETWORK = {"net", "io", "sim", "web", "app"}
# One place for each library, so that another one is another file.
ONLY_IN = {
    "rapidjson/": {"base/json.cpp"},
    "yaml-cpp/": {"app/option_sources.cpp"},
    "CLI/": {"app/"},
    "spdlog/": {"app/"},
    "prometheus/": {"web/metrics.cpp"},
    "systemd/": {"io/service_manager.cpp"},
}


def violations(root: pathlib.Path):
    for path in sorted(root.rglob("*.[ch]pp")):
        name = path.relative_to(root).as_posix()
        layer = name.split("/")[0]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not match:
                continue
            quoted, target = match[1] == '"', match[2]
            where = f"src/{name}:{number}"
            if quoted and layer in ALLOWED and target.split("/")[0] not in ALLOWED[layer]:
                yield f"{where}: {layer} must not include {target}"
            if not quoted and NETWORK.match(target) and layer not in MAY_USE_NETWORK:
                yield f"{where}: only {', '.join(sorted(MAY_USE_NETWORK))} may include <{target}>"
            for library, places in ONLY_IN.items():
                if not quoted and target.startswith(library) and not any(name.startswith(p) for p in places):
                    yield f"{where}: <{target}> belongs in {', '.join(sorted(places))}"
            if quoted and not (root / target).is_file():
                yield f"{where}: {target} is not rooted at src/"


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent / "src"
    found = list(violations(root))
    print("\n".join(found) if found else "includes: all layers hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
