"""`check` with a wrong clock, which a preloaded library sets: sanitizers do not allow that."""

from harness.fake_clock import FakeClock
from test_check import failed_steps


def clock_wrong(setup):
    clock = FakeClock(setup.lab.folder)
    clock.set(1200)
    setup.environment = clock.environment()
    setup.set("partner", auth="wsse")
    return 13, "clock", "s ahead of the server's", "partner.auth: basic"


def test_a_wrong_clock_is_named_before_the_credentials_that_are_refused_for_it(lab):
    assert [one["step"] for one in failed_steps(lab, clock_wrong)] == ["clock", "credentials"]
