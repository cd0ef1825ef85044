#include "mqtt/retained_ledger.hpp"

#include <doctest/doctest.h>

using namespace iometer::mqtt;

namespace {

std::vector<Message> all(const RetainedLedger& ledger) {
  std::vector<Message> messages;
  for (const auto place : ledger.places()) messages.push_back(*ledger.at(place));
  return messages;
}

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("the ledger knows the last payload of every topic, in the order of first publication") {
    RetainedLedger ledger;
    ledger.record({"b", "1", Qos::kAtLeastOnce, true});
    ledger.record({"a", "1", Qos::kAtMostOnce, true});
    ledger.record({"b", "2", Qos::kAtLeastOnce, true});
    CHECK(all(ledger) == std::vector<Message>{{"b", "2", Qos::kAtLeastOnce, true},
                                              {"a", "1", Qos::kAtMostOnce, true}});
    CHECK(ledger.is_current({"b", "2", Qos::kAtMostOnce, true}));
    CHECK_FALSE(ledger.is_current({"b", "1", Qos::kAtLeastOnce, true}));
    CHECK_FALSE(ledger.is_current({"c", "1", Qos::kAtLeastOnce, true}));
    CHECK(ledger.is_current({"c", "", Qos::kAtLeastOnce, true}));
    CHECK(ledger.current("c") == Message{"c", "", Qos::kAtLeastOnce, true});
  }

  TEST_CASE("a topic to clear stays until the broker has cleared it") {
    RetainedLedger ledger;
    const auto place = ledger.record({"a", "1", Qos::kAtLeastOnce, true});
    ledger.record({"never", "", Qos::kAtLeastOnce, true});
    ledger.record({"a", "", Qos::kAtLeastOnce, true});
    CHECK(all(ledger).size() == 2);
    CHECK(ledger.is_current({"a", "", Qos::kAtLeastOnce, true}));
    ledger.cleared("a", ledger.revision());
    CHECK(ledger.at(place) == nullptr);
    ledger.cleared("never", ledger.revision());
    CHECK(all(ledger).empty());
    ledger.cleared("unheard of", ledger.revision());
  }

  TEST_CASE("an older clearing does not end a newer record") {
    RetainedLedger ledger;
    ledger.record({"a", "", Qos::kAtLeastOnce, true});
    const auto first = ledger.revision();
    ledger.record({"a", "1", Qos::kAtLeastOnce, true});
    ledger.cleared("a", ledger.revision());
    CHECK(ledger.is_current({"a", "1", Qos::kAtLeastOnce, true}));
    ledger.record({"a", "", Qos::kAtLeastOnce, true});
    ledger.cleared("a", first);
    CHECK(all(ledger).size() == 1);
    ledger.cleared("a", ledger.revision());
    CHECK(all(ledger).empty());
  }
}
