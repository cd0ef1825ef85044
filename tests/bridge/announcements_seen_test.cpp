// Announcements that others have to do with: people who delete a device, other bridges, restarts.
#include <doctest/doctest.h>

#include "bridge/announcements.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Announcements;
using bridge::Effects;
using homeassistant::DeviceInfo;
using homeassistant::Entity;

namespace {

constexpr base::SteadyTime kStart{100h};
constexpr std::string_view kOwn = "iometer/bridge/state";
const std::string kTopic = "homeassistant/device/d/config";

DeviceInfo device() {
  DeviceInfo info;
  info.id = "d";
  info.name = "D";
  info.model = "M";
  return info;
}

std::vector<Entity> entities(std::initializer_list<const char*> ids) {
  std::vector<Entity> list;
  for (const auto* id : ids) {
    Entity entity;
    entity.id = entity.name = entity.state_topic = id;
    entity.availability_topics = {std::string(kOwn)};
    list.push_back(std::move(entity));
  }
  return list;
}

std::vector<std::string> sent(Announcements& announcements, base::SteadyTime now) {
  Effects effects;
  announcements.flush(now, effects);
  std::vector<std::string> payloads;
  for (const auto& parcel : effects.parcels) payloads.push_back(parcel.messages.at(0).payload);
  return payloads;
}

mqtt::Message on_topic(std::string payload) {
  return {kTopic, std::move(payload), mqtt::Qos::kAtLeastOnce, true};
}

// Announced, and the payload of it.
std::pair<Announcements, std::string> announced() {
  Announcements announcements({"homeassistant", "1"}, true);
  announcements.set(device(), entities({"a"}), kStart);
  auto payload = sent(announcements, kStart + 1s).at(0);
  return {std::move(announcements), std::move(payload)};
}

std::vector<std::string> disowned_by(Announcements& announcements, std::string payload) {
  Effects effects;
  announcements.seen(on_topic(std::move(payload)), kOwn, effects);
  CHECK(effects.parcels.empty());
  return effects.disowned;
}

std::string of_other_bridge(std::string payload) {
  const std::string_view own = kOwn;
  return payload.replace(payload.find(own), own.size(), "other/bridge/state");
}

using Topics = std::vector<std::string>;

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("our own echo, a topic of another device and what is no announcement say nothing") {
    auto [announcements, payload] = announced();
    CHECK(disowned_by(announcements, payload).empty());
    CHECK(disowned_by(announcements, "no JSON").empty());
    CHECK(disowned_by(announcements, "{}").empty());
    Effects effects;
    announcements.seen({"homeassistant/device/x/config", "", mqtt::Qos::kAtLeastOnce, true}, kOwn,
                       effects);
    CHECK(effects.disowned.empty());
    // One of our own that came before the last.
    announcements.set(device(), entities({"a", "b"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 2min).size() == 1);
    CHECK(disowned_by(announcements, payload).empty());
    announcements.set(device(), entities({"a", "b", "c"}), kStart + 3min);
    CHECK(sent(announcements, kStart + 4min).size() == 1);
  }

  TEST_CASE("a device that people deleted stays away until it is asked for again") {
    auto [announcements, payload] = announced();
    CHECK(disowned_by(announcements, "") == Topics{kTopic});
    announcements.set(device(), entities({"a", "b"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 1h).empty());
    announcements.again(kStart + 1h);
    CHECK(announcements.next_deadline() == kStart + 1h);
    const auto again = sent(announcements, kStart + 1h);
    REQUIRE(again.size() == 1);
    CHECK(again[0].find("\"b\":") != std::string::npos);
    // And changes are announced as before.
    announcements.set(device(), entities({"a"}), kStart + 2h);
    CHECK(sent(announcements, kStart + 2h + 1s).size() == 1);
  }

  TEST_CASE("asked for again, the same announcement is sent again, others are not") {
    auto [announcements, payload] = announced();
    announcements.again(kStart + 1h);
    CHECK(sent(announcements, kStart + 1h).empty());
    disowned_by(announcements, "");
    announcements.again(kStart + 2h);
    CHECK(sent(announcements, kStart + 2h) == Topics{payload});
  }

  TEST_CASE("a device that another bridge announces is left to it, and told once") {
    auto [announcements, payload] = announced();
    CHECK(disowned_by(announcements, of_other_bridge(payload)) == Topics{kTopic});
    announcements.set(device(), entities({"a", "b"}), kStart + 1min);
    Effects effects;
    announcements.flush(kStart + 1min, effects);
    CHECK(effects.parcels.empty());
    REQUIRE(effects.facts.size() == 1);
    CHECK(effects.facts[0].event == std::string_view("announced_elsewhere"));
    announcements.set(device(), entities({"a", "c"}), kStart + 2min);
    Effects later;
    announcements.flush(kStart + 3min, later);
    CHECK(later.facts.empty());
    CHECK(later.parcels.empty());
    // Taking it away is not ours, either.
    Effects removal;
    announcements.remove("d", removal);
    CHECK(removal.removed.empty());
  }

  TEST_CASE("where ours came last after all, it is ours again") {
    auto [announcements, payload] = announced();
    disowned_by(announcements, of_other_bridge(payload));
    Effects effects;
    announcements.seen(on_topic(payload), kOwn, effects);
    REQUIRE(effects.parcels.size() == 1);  // it was disowned, and is wanted again
    CHECK(effects.parcels[0].messages.at(0) == on_topic(payload));
    CHECK(disowned_by(announcements, payload).empty());
    announcements.set(device(), entities({"a", "b"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 2min).size() == 1);
  }

  TEST_CASE("a device that is another bridge's is announced here when it is asked for") {
    auto [announcements, payload] = announced();
    disowned_by(announcements, of_other_bridge(payload));
    announcements.set(device(), entities({"a"}), kStart + 1min);
    CHECK(sent(announcements, kStart + 2min).empty());
    // People may have deleted it there.
    CHECK(disowned_by(announcements, "").empty());
    announcements.set(device(), entities({"a", "b"}), kStart + 3min);
    CHECK(sent(announcements, kStart + 4min).empty());
    announcements.set(device(), entities({"a"}), kStart + 5min);
    announcements.again(kStart + 6min);
    CHECK(sent(announcements, kStart + 6min) == Topics{payload});
    // As it was announced by the other one when we started.
    Announcements late({"homeassistant", "1"}, true);
    late.leave_to_other("d");
    late.again(kStart);  // nothing is known to announce
    CHECK(sent(late, kStart).empty());
    late.leave_to_other("d");
    late.set(device(), entities({"a"}), kStart);
    CHECK(sent(late, kStart + 1min).empty());
    late.again(kStart + 2min);
    CHECK(sent(late, kStart + 2min) == Topics{payload});
    // Lost again, it is told again.
    disowned_by(late, of_other_bridge(payload));
    Effects effects;
    late.flush(kStart + 3min, effects);
    REQUIRE(effects.facts.size() == 1);
    CHECK(effects.facts[0].event == std::string_view("announced_elsewhere"));
  }

  TEST_CASE("a change that waits is not sent over another bridge's announcement") {
    auto [announcements, payload] = announced();
    announcements.set(device(), entities({"a", "b"}), kStart + 1min);
    disowned_by(announcements, of_other_bridge(payload));
    CHECK(sent(announcements, kStart + 1h).empty());
    auto [others, same] = announced();
    others.set(device(), entities({"a", "b"}), kStart + 1min);
    disowned_by(others, "");
    CHECK(sent(others, kStart + 1h).empty());
  }

  TEST_CASE(
      "what the broker retains of an earlier start is announced again only where it differs") {
    const auto payload = announced().second;
    Announcements announcements({"homeassistant", "1"}, true);
    Effects effects;
    announcements.retained(*homeassistant::parse_announcement(payload), on_topic(payload), effects);
    // It is ours, and wanted.
    REQUIRE(effects.parcels.size() == 1);
    CHECK(effects.parcels[0].messages.at(0).payload == payload);
    announcements.set(device(), entities({"a"}), kStart);
    CHECK(sent(announcements, kStart + 1s).empty());
    // In two steps, where something has gone.
    announcements.set(device(), entities({"b"}), kStart + 1min);
    const auto first = sent(announcements, kStart + 1min + 1s);
    REQUIRE(first.size() == 1);
    CHECK(first[0].find(R"("a":{"platform":"sensor"})") != std::string::npos);
    const auto second = sent(announcements, kStart + 1min + 6s);
    REQUIRE(second.size() == 1);
    CHECK(second[0].find(R"("b":{"platform":"sensor","unique_id")") != std::string::npos);
    CHECK(second[0].find(R"("a":{"platform":"sensor"})") != std::string::npos);
    // What was announced since the start counts more than what an old start left.
    Effects late;
    announcements.retained(*homeassistant::parse_announcement(payload), on_topic(payload), late);
    CHECK(late.parcels.empty());
    // People may delete it also before it was announced anew.
    Announcements next({"homeassistant", "1"}, true);
    next.retained(*homeassistant::parse_announcement(payload), on_topic(payload), late);
    CHECK(disowned_by(next, "") == Topics{kTopic});
    next.set(device(), entities({"a", "z"}), kStart);
    CHECK(sent(next, kStart + 1h).empty());
  }

  TEST_CASE("a start that ended between the two steps of a removal is gone on with") {
    Announcements before({"homeassistant", "1"}, true);
    before.set(device(), entities({"a", "old"}), kStart);
    CHECK(sent(before, kStart + 1s).size() == 1);
    before.set(device(), entities({"a", "new"}), kStart + 1min);
    const auto step = sent(before, kStart + 1min + 1s).at(0);

    Announcements after({"homeassistant", "1"}, true);
    Effects effects;
    after.retained(*homeassistant::parse_announcement(step), on_topic(step), effects);
    after.set(device(), entities({"a", "new"}), kStart);
    const auto second = sent(after, kStart + 1s);
    REQUIRE(second.size() == 1);
    CHECK(second[0].find("\"new\":") != std::string::npos);
    CHECK(second[0].find(R"("old":{"platform":"sensor"})") != std::string::npos);
    // For Home Assistant's next start, too.
    after.home_assistant_started(kStart + 1h);
    CHECK(sent(after, kStart + 1h + 5s).at(0).find(R"("unique_id":"d_old")") != std::string::npos);
  }

  TEST_CASE("a device that was taken away is emptied once, and may come back") {
    auto [announcements, payload] = announced();
    Effects effects;
    announcements.remove("d", effects);
    CHECK(effects.removed == Topics{kTopic});
    CHECK(disowned_by(announcements, "").empty());
    announcements.set(device(), entities({"a"}), kStart + 1h);
    CHECK(sent(announcements, kStart + 2h) == Topics{payload});
    Announcements off({"homeassistant", "1"}, false);
    Effects none;
    off.remove("d", none);
    off.retained(*homeassistant::parse_announcement(payload), on_topic(payload), none);
    CHECK(none.parcels.empty());
    CHECK(none.removed.empty());
  }
}
