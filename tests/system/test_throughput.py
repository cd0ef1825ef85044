"""10,000 readings of 50 meters: zero lost, zero changed."""

import pytest
from harness.flood import flood
from harness.values import as_gqlgen


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_every_value_arrives_on_the_topic_that_discovery_names(lab, protocol):
    flood(lab, lab.simulator(), protocol, as_gqlgen)
