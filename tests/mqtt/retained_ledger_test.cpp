#include "mqtt/retained_ledger.hpp"

#include <doctest/doctest.h>

using namespace iometer::mqtt;

TEST_SUITE("mqtt") {
  TEST_CASE("the ledger knows the last payload of every topic, in the order of first publication") {
    RetainedLedger ledger;
    ledger.record({"b", "1", Qos::kAtLeastOnce, true});
    ledger.record({"a", "1", Qos::kAtMostOnce, true});
    ledger.record({"b", "2", Qos::kAtLeastOnce, true});
    REQUIRE(ledger.size() == 2);
    CHECK(ledger.at(0) == Message{"b", "2", Qos::kAtLeastOnce, true});
    CHECK(ledger.at(1) == Message{"a", "1", Qos::kAtMostOnce, true});
    CHECK(ledger.is_current({"b", "2", Qos::kAtMostOnce, true}));
    CHECK_FALSE(ledger.is_current({"b", "1", Qos::kAtLeastOnce, true}));
    CHECK_FALSE(ledger.is_current({"c", "1", Qos::kAtLeastOnce, true}));
  }

  TEST_CASE("an empty payload forgets its topic and keeps the others' places") {
    RetainedLedger ledger;
    ledger.record({"a", "1", Qos::kAtLeastOnce, true});
    ledger.record({"b", "1", Qos::kAtLeastOnce, true});
    ledger.record({"a", "", Qos::kAtLeastOnce, true});
    ledger.record({"never", "", Qos::kAtLeastOnce, true});
    REQUIRE(ledger.size() == 2);
    CHECK(ledger.at(0).topic.empty());
    CHECK(ledger.at(1).topic == "b");
    CHECK(ledger.is_current({"a", "", Qos::kAtLeastOnce, true}));
    CHECK_FALSE(ledger.is_current({"a", "1", Qos::kAtLeastOnce, true}));
    ledger.record({"a", "2", Qos::kAtLeastOnce, true});
    CHECK(ledger.at(2).payload == "2");
  }
}
