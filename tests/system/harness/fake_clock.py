"""The wall clock of one process, set while it runs, by libfaketime (Debian package faketime). Its monotonic clock is
left alone, as it is where the clock of a machine is set."""

import glob
import os

LIBRARIES = ["/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1",
             "/usr/lib64/faketime/libfaketimeMT.so.1"]


def library():
    found = [path for pattern in LIBRARIES for path in glob.glob(pattern)]
    assert found, "libfaketime is missing (Debian package faketime)"
    return found[0]


class FakeClock:
    def __init__(self, folder):
        self.file = folder / "clock"
        self.offset = 0
        self.set(0)

    def set(self, seconds):
        """The process's time is this much ahead of the real one; at once."""
        self.offset = seconds
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}s\n")
        os.replace(new, self.file)

    def environment(self):
        return {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                # The second is what newer releases call the first.
                "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
