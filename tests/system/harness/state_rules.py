"""What Home Assistant demands of the payload on a topic that an announced entity reads: sentences, or none."""

import datetime
import json
import re

LONGEST = 255  # a longer state is refused
UNKNOWN = "None"  # the word for an entity without a value
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NOT_NUMERIC = (None, "date", "enum", "timestamp")
WHOLE_PATH = re.compile(r"\{\{\s*value_json((?:\.\w+)+)\s*\}\}")
PATH = re.compile(r"value_json((?:\.\w+)+)")


def availability_problem(text, available, not_available, template):
    if template is None and text not in (available, not_available, ""):
        return f"the availability {text!r} is neither {available!r} nor {not_available!r}"
    return None


def state_problem(component, text):
    """An empty payload is no state; whether it may be there at all is asked elsewhere."""
    if text == "":
        return None
    template = component.config.get("value_template")
    if template is not None:
        missing = [path for path in PATH.findall(template) if _at(text, path) is None]
        if missing:
            return f"value_template reads value_json{missing[0]}, which {text[:80]!r} does not have"
        if not WHOLE_PATH.fullmatch(template.strip()):
            return None  # it maps the topic's words to the entity's: that needs Home Assistant's own template engine
        text = _text(_at(text, WHOLE_PATH.fullmatch(template.strip()).group(1))[0])
    if len(text) > LONGEST:
        return f"the text {text[:20]!r}… has {len(text)} characters, more than {LONGEST}"
    return None if text == UNKNOWN else _value_problem(component.platform, component.config, text)


def _value_problem(platform, config, text):
    device_class = config.get("device_class")
    if platform == "binary_sensor":
        words = [config.get("payload_on", "ON"), config.get("payload_off", "OFF")]
        return None if text in words else f"{text!r} is neither {words[0]!r} nor {words[1]!r}"
    if device_class == "timestamp":
        return None if _is_time(text) else f"{text!r} is no time of RFC 3339"
    if "options" in config:
        return None if text in config["options"] else f"{text!r} is none of the options {config['options']}"
    numeric = device_class not in NOT_NUMERIC or any(
        name in config for name in ("unit_of_measurement", "state_class", "suggested_display_precision"))
    return f"{text!r} is no number" if numeric and not NUMBER.fullmatch(text) else None


def _is_time(text):
    if not RFC3339.fullmatch(text):
        return False
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _at(text, path):
    """What stands at .a.b of the JSON text, in a tuple; None where nothing does."""
    try:
        value = json.loads(text)
        for name in path.split(".")[1:]:
            value = value[name]
    except (ValueError, TypeError, KeyError):
        return None
    return (value,)


def _text(value):
    """As a template writes it."""
    return value if isinstance(value, str) else str(value)
