"""The discovery payloads that are retained at the broker, read as Home Assistant reads them."""

import json
import pathlib
import sys

# What the system tests read the announcements with.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from harness import announcement  # noqa: E402


def read(retained, prefix="homeassistant"):
    """All components in the retained payloads ({topic: bytes}); a cleared topic is not there any more."""
    found = []
    for topic, payload in sorted(retained.items()):
        if topic.startswith(f"{prefix}/device/") and topic.endswith("/config"):
            components = announcement.components(topic, announcement.expand(json.loads(payload)))
            found += [component for component in components if not component.removed]
    return found
