#include "bridge/announcements.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Announcements;
using homeassistant::DeviceInfo;
using homeassistant::Entity;

namespace {

constexpr base::SteadyTime kStart{100h};

DeviceInfo device(std::string id = "d") {
  DeviceInfo info;
  info.id = std::move(id);
  info.name = "D";
  info.model = "M";
  return info;
}

std::vector<Entity> entities(std::initializer_list<const char*> ids) {
  std::vector<Entity> list;
  for (const auto* id : ids) {
    Entity entity;
    entity.id = entity.name = entity.state_topic = id;
    entity.availability_topics = {"a"};
    list.push_back(std::move(entity));
  }
  return list;
}

// The ids in the announcements that are sent now; a removed one with a minus.
std::vector<std::string> sent(Announcements& announcements, base::SteadyTime now) {
  bridge::Effects effects;
  announcements.flush(now, effects);
  std::vector<std::string> ids;
  for (const auto& parcel : effects.parcels) {
    const auto json = *base::Json::parse(parcel.messages.at(0).payload);
    for (const auto& member : json["components"].members()) {
      ids.push_back((member.value["unique_id"].is_null() ? "-" : "") + member.key);
    }
  }
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("changes within a second are one announcement") {
    Announcements announcements({"homeassistant", "1"}, true);
    CHECK(announcements.next_deadline() == base::SteadyTime::max());
    announcements.set(device(), entities({"a"}), kStart);
    announcements.set(device(), entities({"a", "b"}), kStart + 900ms);
    CHECK(announcements.next_deadline() == kStart + 1s);
    CHECK(sent(announcements, kStart + 999ms).empty());
    CHECK(sent(announcements, kStart + 1s) == Ids{"a", "b"});
    CHECK(sent(announcements, kStart + 1h).empty());
    CHECK(announcements.next_deadline() == base::SteadyTime::max());
  }

  TEST_CASE("two messages about one device are five seconds apart") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a"});
    announcements.set(device(), entities({"a", "b"}), kStart + 2s);
    announcements.set(device("e"), entities({"x"}), kStart + 2s);
    CHECK(sent(announcements, kStart + 3s) == Ids{"x"});
    CHECK(sent(announcements, kStart + 5999ms).empty());
    CHECK(sent(announcements, kStart + 6s) == Ids{"a", "b"});
  }

  TEST_CASE("what was announced already is not announced again") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a"});
    announcements.set(device(), entities({"a"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 2min).empty());
  }

  TEST_CASE("a removed entity is announced as removed, until it comes back") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a", "b"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a", "b"});
    announcements.set(device(), entities({"a"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 61s) == Ids{"a", "-b"});
    CHECK(announcements.next_deadline() == kStart + 66s);
    CHECK(sent(announcements, kStart + 65s).empty());
    CHECK(sent(announcements, kStart + 66s).empty());  // nothing is to be added
    CHECK(sent(announcements, kStart + 1h).empty());
    // It may come back.
    announcements.set(device(), entities({"a", "b"}), kStart + 1h);
    CHECK(sent(announcements, kStart + 1h + 1s) == Ids{"a", "b"});
  }

  TEST_CASE("what Home Assistant may have missed is removed once more at its next start") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a", "b"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a", "b"});
    announcements.home_assistant_started(kStart + 30s);
    CHECK(sent(announcements, kStart + 50s).empty());
    announcements.set(device(), entities({"a"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 61s) == Ids{"a", "-b"});
    CHECK(sent(announcements, kStart + 66s).empty());

    announcements.home_assistant_started(kStart + 1h);
    CHECK(sent(announcements, kStart + 1h + 4s).empty());  // what is replayed then comes first
    CHECK(sent(announcements, kStart + 1h + 5s) == Ids{"a", "b"});
    CHECK(sent(announcements, kStart + 1h + 9s).empty());
    CHECK(sent(announcements, kStart + 1h + 10s) == Ids{"a", "-b"});
    CHECK(sent(announcements, kStart + 1h + 15s).empty());
    CHECK(sent(announcements, kStart + 1h + 2min + 9s).empty());
    CHECK(sent(announcements, kStart + 1h + 2min + 10s) == Ids{"a"});
    CHECK(announcements.next_deadline() == base::SteadyTime::max());
    announcements.home_assistant_started(kStart + 2h);
    CHECK(sent(announcements, kStart + 3h).empty());
  }

  TEST_CASE("where Home Assistant or the broker ends meanwhile, the second removal begins anew") {
    for (const auto moment : {7s, 12s, 60s}) {
      for (const bool broker : {false, true}) {
        CAPTURE(moment.count());
        CAPTURE(broker);
        Announcements announcements({"homeassistant", "1"}, true);
        announcements.set(device(), entities({"a", "b"}), kStart);
        CHECK(sent(announcements, kStart + 1s) == Ids{"a", "b"});
        announcements.set(device(), entities({"a"}), kStart + 1min);
        CHECK(sent(announcements, kStart + 61s) == Ids{"a", "-b"});
        announcements.home_assistant_started(kStart + 1h);
        Ids last;
        const auto run = [&](base::SteadyTime from, base::SteadyTime to) {
          std::vector<Ids> all;
          for (auto now = from; now < to; now += 1s) {
            if (auto ids = sent(announcements, now); !ids.empty()) all.push_back(std::move(ids));
          }
          return all;
        };
        run(kStart + 1h, kStart + 1h + moment);
        const auto again = kStart + 1h + moment;
        if (broker) announcements.broker_down();
        announcements.home_assistant_started(again);
        const auto rest = run(again, again + 10min);
        REQUIRE(rest.size() >= 2);
        CHECK(rest.back() == Ids{"a"});
        CHECK(rest[rest.size() - 2] == Ids{"a", "-b"});
        if (moment > 10s) CHECK(rest.front() == Ids{"a", "b"});
      }
    }
  }

  TEST_CASE("what goes and comes during the second removal keeps its own two steps") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a", "b", "c"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a", "b", "c"});
    announcements.set(device(), entities({"a", "c"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 61s) == Ids{"a", "c", "-b"});
    announcements.home_assistant_started(kStart + 1h);
    announcements.set(device(), entities({"a", "new"}), kStart + 1h + 1s);
    // Back comes b alone: neither what is new nor c, which goes in the next step.
    CHECK(sent(announcements, kStart + 1h + 5s) == Ids{"a", "b"});
    CHECK(sent(announcements, kStart + 1h + 10s) == Ids{"a", "-b", "-c"});
    CHECK(sent(announcements, kStart + 1h + 15s) == Ids{"a", "new", "-b", "-c"});
    // Home Assistant was there to see c go, but nobody proved that.
    CHECK(sent(announcements, kStart + 1h + 3min) == Ids{"a", "new", "-c"});
  }

  TEST_CASE("what came back before Home Assistant's next start stays") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a", "b"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a", "b"});
    announcements.set(device(), entities({"a"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 61s) == Ids{"a", "-b"});
    announcements.set(device(), entities({"a", "b"}), kStart + 2min);
    CHECK(sent(announcements, kStart + 2min + 1s) == Ids{"a", "b"});
    announcements.home_assistant_started(kStart + 1h);
    CHECK(sent(announcements, kStart + 2h).empty());
  }

  TEST_CASE("what takes the place of a removed entity comes after it") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a", "old"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a", "old"});
    announcements.set(device(), entities({"a", "new"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 61s) == Ids{"a", "-old"});
    CHECK(sent(announcements, kStart + 66s) == Ids{"a", "new", "-old"});
    CHECK(announcements.next_deadline() == base::SteadyTime::max());
  }

  TEST_CASE("an entity of another platform is another one") {
    Announcements announcements({"homeassistant", "1"}, true);
    announcements.set(device(), entities({"a", "b"}), kStart);
    CHECK(sent(announcements, kStart + 1s) == Ids{"a", "b"});
    auto changed = entities({"a", "b"});
    changed[1].platform = homeassistant::Platform::kBinarySensor;
    announcements.set(device(), changed, kStart + 1min);
    CHECK(sent(announcements, kStart + 61s) == Ids{"a", "-b"});
    CHECK(sent(announcements, kStart + 66s) == Ids{"a", "b"});
  }

  TEST_CASE("nothing is announced where that is switched off") {
    Announcements announcements({"homeassistant", "1"}, false);
    announcements.set(device(), entities({"a"}), kStart);
    CHECK(sent(announcements, kStart + 1h).empty());
    CHECK(announcements.next_deadline() == base::SteadyTime::max());
  }
}
