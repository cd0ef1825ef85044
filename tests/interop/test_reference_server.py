"""The same flood as in tests/system, from a server that npm's graphql and graphql-ws make."""

import pytest
from harness.flood import flood
from harness.values import as_javascript


@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_every_value_arrives_on_the_topic_that_discovery_names(lab, npm_packages, protocol):
    flood(lab, lab.interop_server(), protocol, as_javascript)
