// Topics of an earlier configuration are cleared, and known until the broker has taken that.
#include "bridge/leftovers.hpp"

#include <doctest/doctest.h>

using namespace iometer;
using bridge::Effects;
using bridge::Leftovers;

namespace {

using Topics = std::vector<std::string>;

Topics cleared(const Effects& effects) {
  Topics topics;
  for (const auto& parcel : effects.parcels) {
    CHECK(parcel.commit_id.has_value());
    for (const auto& message : parcel.messages) {
      CHECK(message.payload.empty());
      CHECK(message.retain);
      CHECK(message.qos == mqtt::Qos::kAtLeastOnce);
      topics.push_back(message.topic);
    }
  }
  return topics;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("leftovers are known until they are committed, and wait in one parcel at a time") {
    Leftovers leftovers;
    Topics many;
    for (int i = 100; i < 220; ++i) many.push_back("old/meter/a/value/" + std::to_string(i));
    leftovers.add(many);
    std::uint64_t id = 7;
    Effects first;
    leftovers.clear({}, {}, {}, id, first);
    CHECK(cleared(first) == many);
    REQUIRE(first.parcels.size() == 3);
    CHECK(first.parcels[0].commit_id == 8);
    CHECK(id == 10);
    CHECK(leftovers.topics() == many);
    CHECK(leftovers.committed(8));
    CHECK_FALSE(leftovers.committed(8));
    CHECK_FALSE(leftovers.committed(7));
    CHECK(leftovers.topics().size() == 70);
    Effects second;
    leftovers.clear({}, {}, {}, id, second);
    CHECK(second.parcels.empty());  // what is sent survives a lost connection
    CHECK(leftovers.committed(9));
    // What was refused is tried again with the next connection.
    CHECK(leftovers.refused(10));
    CHECK_FALSE(leftovers.refused(10));
    CHECK_FALSE(leftovers.committed(10));
    CHECK(leftovers.topics().size() == 20);
    Effects third;
    leftovers.clear({}, {}, {}, id, third);
    CHECK(cleared(third).size() == 20);
    CHECK(leftovers.committed(11));
    CHECK(leftovers.topics().empty());
    Effects none;
    leftovers.clear({}, {}, {}, id, none);
    CHECK(none.parcels.empty());
    CHECK(id == 11);
  }

  TEST_CASE("what is taken away goes at once, and is known until the broker has taken it") {
    Leftovers leftovers;
    std::uint64_t id = 0;
    Effects effects;
    leftovers.take_away({"a/x", "a/y"}, id, effects);
    CHECK(cleared(effects) == Topics{"a/x", "a/y"});
    CHECK(effects.parcels.size() == 1);
    CHECK(leftovers.topics() == Topics{"a/x", "a/y"});
    Effects none;
    leftovers.take_away({}, id, none);
    leftovers.clear({}, {}, {}, id, none);
    CHECK(none.parcels.empty());
    CHECK(leftovers.committed(1));
    CHECK(leftovers.topics().empty());
  }

  TEST_CASE("what is in use again is no leftover") {
    Leftovers leftovers;
    leftovers.add({"a/x", "a/y"});
    std::uint64_t id = 0;
    Effects effects;
    leftovers.clear({"a/x"}, {}, {}, id, effects);
    CHECK(cleared(effects) == Topics{"a/y"});
    CHECK(leftovers.topics() == Topics{"a/y"});
  }

  TEST_CASE("what is not to be cleared now stays a leftover") {
    Leftovers leftovers;
    leftovers.add({"a/x", "a/y"});
    std::uint64_t id = 0;
    Effects effects;
    leftovers.clear({}, {"a/x"}, {}, id, effects);
    CHECK(cleared(effects) == Topics{"a/y"});
    CHECK(leftovers.topics() == Topics{"a/x", "a/y"});
  }

  TEST_CASE("nothing is cleared while a bridge is online on that base topic") {
    Leftovers leftovers;
    leftovers.add({"home/iometer/meter/a/state", "homeassistant/device/x/config"});
    std::uint64_t id = 0;
    Effects blocked;
    leftovers.clear({}, {}, {"z/bridge/state", "home/iometer/bridge/state"}, id, blocked);
    CHECK(blocked.parcels.empty());
    CHECK(leftovers.topics().size() == 2);
    for (const auto* state :
         {"home/iomete/bridge/state", "iometer/bridge/state", "home/iometer2/bridge/state"}) {
      CAPTURE(state);
      Effects effects;
      auto others = leftovers;
      others.clear({}, {}, {state}, id, effects);
      CHECK(cleared(effects).size() == 2);
    }
  }
}
