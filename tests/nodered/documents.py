"""Code blocks of the documents, so that what is written there is what is tested."""

import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", (TOP / document).read_text(), re.DOTALL | re.MULTILINE)


def block(document, language):
    """The only one of that language."""
    found = blocks(document, language)
    assert len(found) == 1, f"{document} has {len(found)} blocks of {language}"
    return found[0].strip()
