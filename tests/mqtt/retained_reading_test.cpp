#include "mqtt/retained_reading.hpp"

#include <doctest/doctest.h>

using namespace iometer::mqtt;

namespace {

Message kept(const std::string& topic, const std::string& payload) {
  return {topic, payload, Qos::kAtLeastOnce, true};
}
Message live(const std::string& topic, const std::string& payload) {
  return {topic, payload, Qos::kAtLeastOnce, false};
}
RetainedReading reading() { return RetainedReading({"base/#", "ha/+/config"}); }

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("what arrived is known, what did not is absent below the filters") {
    auto read = reading();
    CHECK(read.is_empty());
    read.arrived(kept("base/a", "1"));
    read.arrived(kept("base/a", "1"));  // once for each subscription
    read.arrived(kept("ha/x/config", "{}"));
    read.arrived(kept("elsewhere", "1"));
    CHECK(read.messages() == std::vector<Message>{kept("base/a", "1"), kept("ha/x/config", "{}")});
    CHECK(read.is_complete());
    CHECK(read.holds(kept("base/a", "1")));
    CHECK_FALSE(read.holds(kept("base/a", "2")));
    CHECK_FALSE(read.holds(kept("base/a", "")));
    CHECK_FALSE(read.holds(kept("base/b", "1")));
    CHECK(read.holds(kept("base/b", "")));
    CHECK_FALSE(read.holds(kept("elsewhere", "1")));
    CHECK_FALSE(read.holds(kept("elsewhere", "")));
    REQUIRE(read.payload_of("base/a") != nullptr);
    CHECK(*read.payload_of("base/a") == "1");
    CHECK(read.payload_of("base/b") == nullptr);
  }

  TEST_CASE("a live message makes its topic unknown, in either order") {
    auto read = reading();
    read.arrived(kept("base/a", "1"));
    read.arrived(live("base/a", "2"));
    read.arrived(live("base/b", "2"));
    read.arrived(kept("base/b", "1"));
    for (const auto* topic : {"base/a", "base/b"}) {
      for (const auto* payload : {"", "1", "2"}) CHECK_FALSE(read.holds(kept(topic, payload)));
      CHECK(read.payload_of(topic) == nullptr);
    }
    read.arrived(live("base/c", "1"));
    CHECK(read.messages().size() == 2);
    CHECK_FALSE(read.holds(kept("base/c", "")));
  }

  TEST_CASE("what we publish is what the broker holds") {
    auto read = reading();
    read.arrived(kept("base/a", "1"));
    read.published(kept("base/a", "2"));
    CHECK(read.holds(kept("base/a", "2")));
    CHECK_FALSE(read.holds(kept("base/a", "1")));
    read.published(kept("elsewhere", ""));
    CHECK(read.holds(kept("elsewhere", "")));
  }

  TEST_CASE("where something is known to be missing, nothing counts as absent") {
    auto refused = reading();
    refused.refused("ha/+/config");
    CHECK_FALSE(refused.is_complete());
    CHECK_FALSE(refused.holds(kept("base/a", "")));
    refused.arrived(kept("ha/x/config", "{}"));
    CHECK(refused.messages().empty());

    auto much = reading();
    const std::string large(1U << 20U, 'x');
    for (int i = 0; i < 64; ++i) much.arrived(kept("base/" + std::to_string(i), large));
    CHECK_FALSE(much.is_complete());
    CHECK(much.messages().size() == 63);
    CHECK(much.holds(kept("base/0", large)));
    CHECK_FALSE(much.holds(kept("base/a", "")));
  }

  TEST_CASE("of more messages than a broker surely delivers some may be missing") {
    auto read = reading();
    for (std::size_t i = 0; i + 1 < RetainedReading::kSurelyDelivered; ++i)
      read.arrived(kept("base/" + std::to_string(i), "1"));
    CHECK(read.holds(kept("base/absent", "")));
    read.arrived(kept("base/one-more", "1"));
    CHECK_FALSE(read.holds(kept("base/absent", "")));
    CHECK(read.is_complete());
  }

  TEST_CASE("without a reading nothing is known") {
    const RetainedReading nothing;
    CHECK_FALSE(nothing.holds(kept("base/a", "")));
    CHECK_FALSE(nothing.holds(kept("base/a", "1")));
  }
}
