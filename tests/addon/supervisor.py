"""What Home Assistant's Supervisor makes of an add-on's config.yaml, as far as a test needs it: types of options, what
has to be entered, the security rating. After supervisor/apps/options.py and utils.py of 2026."""

import re

TYPES = re.compile(r"(bool|email|url|port|str|password|int|float|match\(.*\)|list\(.+\))(\?)?")

LOWERS_BY_ONE = {"BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "NET_ADMIN", "NET_RAW", "PERFMON", "SYS_ADMIN",
                 "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO"}


class Refused(Exception):
    """The Supervisor does not save such options, or does not start the add-on with them."""


def flat(schema, section=""):
    """{dotted key: type}; a list counts as its entries' type."""
    found = {}
    for key, kind in schema.items():
        if isinstance(kind, dict):
            found |= flat(kind, f"{section}{key}.")
        else:
            found[section + key] = kind[0] if isinstance(kind, list) else kind
    return found


def check(schema, options, where="the options"):
    """Raises Refused, as saving or starting would."""
    for key, value in options.items():
        if key not in schema:
            raise Refused(f"{key} in {where} is unknown")
        _check_value(schema[key], value, key)
    for key, kind in schema.items():
        if isinstance(kind, list):
            kind = kind[0]
        if key not in options and not (isinstance(kind, str) and kind.endswith("?")):
            raise Refused(f"{key} in {where} is missing")


def _check_value(kind, value, key):
    if isinstance(kind, dict):
        if not isinstance(value, dict):
            raise Refused(f"{key} is no section")
        check(kind, value, key)
    elif isinstance(kind, list):
        if not isinstance(value, list):
            raise Refused(f"{key} is no list")
        for entry in value:
            _check_value(kind[0], entry, key)
    else:
        _check_scalar(kind, value, key)


def _check_scalar(kind, value, key):
    match = TYPES.fullmatch(kind)
    if match is None:
        raise Refused(f"{key} has the unknown type {kind}")
    if value is None:
        raise Refused(f"{key} has no value")
    name, _, argument = match.group(1).partition("(")
    argument = argument[:-1]
    if name == "bool" and not isinstance(value, bool):
        raise Refused(f"{key} is neither true nor false")
    if name == "list" and str(value) not in argument.split("|"):
        raise Refused(f"{key} is none of {argument}")
    if name == "match" and not re.match(argument, str(value)):
        raise Refused(f"{key} does not match {argument}")


def rating(config, has_profile):
    """1 to 8, as the Supervisor shows it once the add-on is installed."""
    points = 5
    if not config.get("apparmor", True):
        points -= 1
    elif has_profile:
        points += 1
    points += 2 if config.get("ingress") else 1 if config.get("auth_api") else 0
    if LOWERS_BY_ONE & set(config.get("privileged", [])) or config.get("kernel_modules"):
        points -= 1
    points -= {"manager": 1, "admin": 2}.get(config.get("hassio_role"), 0)
    points -= 1 if config.get("host_network") else 0
    points -= 2 if config.get("host_pid") else 0
    points -= 1 if config.get("host_uts") and "SYS_ADMIN" in config.get("privileged", []) else 0
    if config.get("docker_api") or config.get("full_access"):
        points = 1
    return max(1, min(8, points))
