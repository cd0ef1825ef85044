"""Our own payloads against the schemas in config/schemas: what is documented is what is sent, no more and no less."""

import json
import pathlib
import re

import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "config" / "schemas"


def _validators():
    """(regular expression of the topic, validator) of each schema; below any base topic."""
    found = []
    for file in sorted(SCHEMAS.glob("*.schema.json")):
        schema = json.loads(file.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        topic = re.compile("(^|/)" + re.escape(schema["$comment"]).replace(r"\+", "[^/]+") + "$")
        found.append((topic, jsonschema.Draft202012Validator(schema)))
    assert found, "no schemas"
    return found


VALIDATORS = _validators()


def problems_of(topic, text):
    """Sentences about one message; none for a topic without a schema or an empty (clearing) payload."""
    validator = next((one for pattern, one in VALIDATORS if pattern.search(topic)), None)
    if validator is None or not text:
        return []
    try:
        document = json.loads(text)
    except ValueError as error:
        return [f"{topic}: not JSON: {error}"]
    return [f"{topic}: {error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]


def problems(messages):
    """All sentences about messages (topic, text); equal ones are said once."""
    return sorted({sentence for topic, text in messages for sentence in problems_of(topic, text)})
