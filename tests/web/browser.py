"""Chromium without a screen: what a page becomes when its script has run, what the browser complained of, and pictures."""

import dataclasses
import html
import html.parser
import subprocess

COMMON = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
          "--hide-scrollbars", "--virtual-time-budget=6000"]


@dataclasses.dataclass
class Page:
    source: str  # the document as it is now
    log: str

    @property
    def text(self):
        """What a person reads, a space between the parts."""
        reader = _Text()
        reader.feed(self.source)
        return " ".join(" ".join(reader.parts).split())

    @property
    def complaints(self):
        words = ("CONSOLE", "Refused", "violates", "Uncaught")
        return [line for line in self.log.splitlines() if any(word in line for word in words)]


class _Text(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []
        self.silent = 0

    def handle_starttag(self, tag, attributes):
        self.silent += tag in ("script", "style", "noscript")

    def handle_endtag(self, tag):
        self.silent -= tag in ("script", "style", "noscript")

    def handle_data(self, data):
        if not self.silent:
            self.parts.append(data)


def _run(profile, *arguments):
    return subprocess.run([*COMMON, f"--user-data-dir={profile}", *arguments], capture_output=True, text=True,
                          timeout=120, check=True)


def look(profile, url, language="en-US"):
    result = _run(profile, f"--lang={language}", "--enable-logging=stderr", "--dump-dom", url)
    return Page(result.stdout, result.stderr)


def picture(profile, url, file, size=(1100, 1000), dark=False):
    _run(profile, f"--window-size={size[0]},{size[1]}", *(["--force-dark-mode"] if dark else []),
         f"--screenshot={file}", url)
    assert file.read_bytes().startswith(b"\x89PNG"), file
