"""The fault campaign: many faults at once and one after another; afterwards nothing is lost and nothing was false.

IOMETER_CAMPAIGN_SEED and IOMETER_CAMPAIGN_EVENTS choose another one, IOMETER_CAMPAIGN_KINDS (names of plan.KINDS,
comma between them) restricts the faults to look for a cause. tests/campaign.sh runs long ones."""

import os

from campaign import plan, run

SEED = os.environ.get("IOMETER_CAMPAIGN_SEED", "1")
EVENTS = int(os.environ.get("IOMETER_CAMPAIGN_EVENTS", "200"))
KINDS = os.environ.get("IOMETER_CAMPAIGN_KINDS", ",".join(plan.NAMES))


def test_nothing_is_lost_and_nothing_is_false(lab):
    run.run(lab, SEED, EVENTS, KINDS.split(","))
