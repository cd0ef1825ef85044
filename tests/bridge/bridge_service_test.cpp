// The program's own topics, events, and what names from outside become in topics.
#include <doctest/doctest.h>

#include "base/json.hpp"
#include "bridge/requests.hpp"
#include "bridge/words.hpp"
#include "bridge/world.hpp"
#include "homeassistant/discovery_rules.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

namespace {

using Payloads = std::vector<std::string>;

base::Json health(const World& world) { return *base::Json::parse(world.on("bridge/health")); }

std::string problem(const World& world) { return test::text_of(health(world)["problem"]); }

model::Meter meter(std::string id, std::string number) {
  return {std::move(id), std::move(number), "inst-1"};
}

// The part of the topics that stands for a meter, by the number in the meter's state.
std::string slug_of(const World& world, const std::string& number) {
  for (const auto& [topic, payload] : world.retained) {
    if (!topic.starts_with("meter/") || !topic.ends_with("/state")) continue;
    if (test::text_of((*base::Json::parse(payload))["number"]) == number) {
      return topic.substr(6, topic.size() - 6 - sizeof("/state") + 1);
    }
  }
  return "(nothing)";
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("info says what the program is, and again when that changes") {
    World world;
    world.feed(bridge::BrokerUp{});
    world.tick();
    CHECK(
        world.on("bridge/info") ==
        R"({"schema":1,"version":"1.0","instance":"abc123","run":"run1","partner":null,"transport":null,)"
        R"("meters":0,"devices":0,"config":{"log_level":"info"}})");
    world.link_up();
    world.run(10s);
    REQUIRE(world.payloads("bridge/info").size() == 2);
    CHECK(world.on("bridge/info").find(R"("transport":"sse",)") != std::string::npos);
    world.link_down("the API is away");
    world.run(10s);
    CHECK(world.payloads("bridge/info").size() == 2);
    world.feed(bridge::PartnerSeen{"Example GmbH"});
    world.read(0s, {});
    world.run(10s);
    REQUIRE(world.payloads("bridge/info").size() == 3);
    CHECK(
        world.on("bridge/info").find(R"("partner":"Example GmbH","transport":"sse","meters":1,)") !=
        std::string::npos);
  }

  TEST_CASE("Home Assistant finds a device of the program, with what can be pressed") {
    World world;
    world.feed(bridge::BrokerUp{});
    world.run(10s);
    const auto& topic = "homeassistant/device/iometer2mqtt_abc123/config";
    const auto root =
        test::check_discovery({topic, world.on(topic), mqtt::Qos::kAtLeastOnce, true});
    const auto& components = root["components"];
    CHECK(test::keys(components) == std::set<std::string>{"api_connection", "problem", "rediscover",
                                                          "refresh", "status", "version"});
    CHECK(test::text_of(components["problem"]["device_class"]) == "problem");
    CHECK(components["status"]["options"].items().size() == bridge::problems::kAll.size());
    for (const std::string command : {"refresh", "rediscover"}) {
      const auto& button = components[command];
      CHECK(test::text_of(button["platform"]) == "button");
      CHECK(test::text_of(button["command_topic"]) == "iometer/bridge/request/" + command);
      CHECK(bridge::parse_request(command, test::text_of(button["payload_press"]),
                                  bridge::CommandsAllowed::kSafe)
                .status.ok());
    }
  }

  TEST_CASE("health is published each minute, and at once when a link changes") {
    World world;
    world.settle();
    CHECK(
        world.on("bridge/health") ==
        R"({"schema":1,"time":"2026-03-01T12:00:01Z","problem":"ok","api":{"state":"live","reason":null,"since":"2026-03-01T12:00:00Z","connects":1,)"
        R"("dropped":0,"gaps":0,"clock_offset":0},"broker":{"state":"live","since":"2026-03-01T12:00:00Z","connects":1,"refused":0,"waiting":0},)"
        R"("readings":{"count":0,"duplicates":0,"late":0,"replaced":0,"pending":0,"last":null,"complete_until":"2026-03-01T11:00:00Z"},"state_file":{"error":null},"memory":1000})");
    world.run(2min);
    CHECK(world.payloads("bridge/health").size() == 2);
    world.read(5s, {{"1-0:16.7.0", "5", "W"}});
    world.feed(bridge::MessageDropped{"bad"});
    world.link_down("no route");
    world.take();
    world.run(1s);
    CHECK(world.payloads("bridge/health").size() == 1);
    CHECK(test::text_of(health(world)["api"]["state"]) == "waiting");
    CHECK(test::text_of(health(world)["api"]["reason"]) == "no route");
    CHECK(test::text_of(health(world)["api"]["since"]) == "2026-03-01T12:02:07Z");
    CHECK(health(world)["api"]["dropped"].number()->text == "1");
    CHECK(
        health(world)["readings"].dump() ==
        R"({"count":1,"duplicates":0,"late":0,"replaced":0,"pending":1,"last":"2026-03-01T12:02:07Z","complete_until":"2026-03-01T11:00:00Z"})");
  }

  TEST_CASE("before the first news of the API, health knows since when it waits for them") {
    World world;
    world.feed(bridge::BrokerUp{});
    world.tick();
    CHECK(test::text_of(health(world)["api"]["state"]) == "connecting");
    CHECK(test::text_of(health(world)["api"]["since"]) == "2026-03-01T12:00:00Z");
  }

  TEST_CASE("a problem stays until the link is live again") {
    World world;
    world.settle();
    CHECK(problem(world) == "ok");
    world.link_down();
    world.run(1s);
    CHECK(problem(world) == "upstream_down");
    world.feed(bridge::ApiLinkChanged{false, false, "connecting", "", std::nullopt});
    world.run(1s);
    CHECK(problem(world) == "upstream_down");
    world.feed(bridge::ApiLinkChanged{false, true, "waiting", "401", std::nullopt});
    world.run(1s);
    CHECK(problem(world) == "auth_failed");
    world.feed(bridge::ApiLinkChanged{false, false, "connecting", "", std::nullopt});
    world.run(1s);
    CHECK(problem(world) == "auth_failed");
    world.link_up();
    world.run(1s);
    CHECK(problem(world) == "ok");
    CHECK(health(world)["api"]["connects"].number()->text == "2");
  }

  TEST_CASE("a change of the API link is an event once") {
    World world;
    world.settle();
    CHECK(world.count_of("upstream_up") == 1);
    world.link_up();
    CHECK(world.count_of("upstream_up") == 1);
    world.link_down();
    world.link_down();
    CHECK(world.count_of("upstream_down") == 1);
    for (int i = 0; i < 3; ++i) {
      world.feed(bridge::ApiLinkChanged{false, true, "waiting", "401", std::nullopt});
      world.feed(bridge::ApiLinkChanged{false, false, "connecting", "", std::nullopt});
    }
    CHECK(world.count_of("auth_failed") == 1);
    world.link_up();
    CHECK(world.count_of("upstream_up") == 2);
    CHECK(world.facts.back().detail == "subscribed over sse to readings from 2026-03-01T10:50:00Z");
    world.feed(bridge::ApiLinkChanged{false, true, "waiting", "401", std::nullopt});
    CHECK(world.count_of("auth_failed") == 2);
    world.feed(bridge::ApiLinkChanged{true, false, "live", "", std::nullopt, "sse"});
    CHECK(world.facts.back().detail == "subscribed over sse to readings from now");
  }

  TEST_CASE("a broker that was away is counted, and told everything of now") {
    World world;
    world.settle();
    world.feed(bridge::BrokerDown{});
    world.pass(100ms);
    world.feed(bridge::BrokerUp{});
    CHECK(world.core.next_deadline() <= world.now.steady);
    world.take();
    world.tick();
    CHECK(world.payloads("bridge/health").size() == 1);
    CHECK(test::text_of(health(world)["broker"]["state"]) == "live");
    CHECK(test::text_of(health(world)["broker"]["since"]) == "2026-03-01T12:00:07Z");
    CHECK(health(world)["broker"]["connects"].number()->text == "2");
  }

  TEST_CASE("events carry time, word and detail, and the meter where there is one") {
    World world;
    world.settle();
    world.feed(bridge::MessageDropped{"bad \"frame\""});
    CHECK(
        world.payloads("bridge/event") ==
        Payloads{
            R"({"time":"2026-03-01T12:00:07Z","event":"message_dropped","detail":"bad \"frame\""})"});
    CHECK_FALSE(world.seen.back().retain);
    CHECK(world.seen.back().qos == mqtt::Qos::kAtLeastOnce);
    world.take();
    world.read(0s, {{"1-0:96.1.0", "5", ""}});
    CHECK(world.payloads("bridge/event").at(0) ==
          R"({"time":"2026-03-01T12:00:07Z","event":"unknown_obis","meter":"1emh0012345678",)"
          R"("detail":"published under their codes, disabled in Home Assistant: 1-0:96.1.0"})");
  }

  TEST_CASE("events are limited to sixty a minute, and that is said") {
    World world;
    world.settle();
    world.run(1min);
    world.take();
    world.facts.clear();
    for (int i = 0; i < 100; ++i) world.feed(bridge::MessageDropped{"bad"});
    CHECK(world.count_of("message_dropped") == 60);
    CHECK(world.count_of("events_suppressed") == 1);
    CHECK(world.payloads("bridge/event").size() == 61);
    world.run(1min);
    for (int i = 0; i < 100; ++i) world.feed(bridge::MessageDropped{"bad"});
    CHECK(world.count_of("message_dropped") == 120);
    CHECK(world.count_of("events_suppressed") == 2);
    world.run(1min);
    CHECK(health(world)["api"]["dropped"].number()->text == "200");
  }

  TEST_CASE("when Home Assistant starts, everything retained is published again after the delay") {
    World world;
    world.settle();
    world.feed(bridge::HomeAssistantBirth{2s});
    world.run(1s);
    CHECK(world.replays_of_retained == 0);
    CHECK(world.core.next_deadline() == world.now.steady + 1s);
    world.run(1s);
    CHECK(world.replays_of_retained == 1);
    world.run(1min);
    CHECK(world.replays_of_retained == 1);
    world.feed(bridge::HomeAssistantBirth{0s});
    world.tick();
    CHECK(world.replays_of_retained == 2);
  }

  TEST_CASE("meter numbers of any form make safe topics and keep their form in the payloads") {
    World world;
    world.settle();
    const std::vector<std::string> numbers{"1/2+#", "Zähler 7", "A B\tC",   "$SYS",
                                           "",      "ÄÖ",       "1EMH-00_1"};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto id = "1000000" + std::to_string(i) + "-0000-4000-8000-000000000000";
      world.read(0s, {{"1-0:16.7.0", "5", "W"}}, meter(id, numbers[i]));
    }
    world.run(20s);
    CHECK(slug_of(world, "1/2+#") == "12-10000000");
    CHECK(slug_of(world, "Zähler 7") == "zaehler7-10000001");
    CHECK(slug_of(world, "") == "10000004");
    CHECK(slug_of(world, "1EMH-00_1") == "1emh-00_1");
    std::set<std::string> slugs;
    for (const auto& number : numbers) {
      const auto slug = slug_of(world, number);
      CHECK(test::is_object_id(slug));
      slugs.insert(slug);
      CHECK(world.on("meter/" + slug + "/value/power") == "5");
    }
    CHECK(slugs.size() == numbers.size());
    for (const auto& [topic, payload] : world.retained) {
      if (topic.starts_with("homeassistant/"))
        test::check_discovery({topic, payload, mqtt::Qos::kAtLeastOnce, true});
    }
  }

  TEST_CASE("meters whose numbers make the same slug are told apart, and the first one keeps it") {
    World world;
    world.settle();
    const auto first = meter("11111111-0000-4000-8000-000000000001", "A7");
    const auto second = meter("22222222-0000-4000-8000-000000000002", "a7");
    const auto third = meter("22222222-0000-4000-8000-000000000003", "a7");
    world.read(0s, {{"1-0:16.7.0", "1", "W"}}, first);
    world.read(0s, {{"1-0:16.7.0", "2", "W"}}, second);
    world.read(0s, {{"1-0:16.7.0", "3", "W"}}, third);
    world.read(-1s, {{"1-0:16.7.0", "11", "W"}}, first);
    CHECK(world.on("meter/a7/value/power") == "11");
    CHECK(world.on("meter/a7-22222222/value/power") == "2");
    CHECK(world.on("meter/a7-22222222-22222222-0000-4000-8000-000000000003/value/power") == "3");
    world.run(10s);
    CHECK(world.retained.contains("homeassistant/device/iometer_meter_" + first.id + "/config"));
    CHECK(world.retained.contains("homeassistant/device/iometer_meter_" + third.id + "/config"));
  }

  TEST_CASE("a meter's new number keeps its topics and renames it in Home Assistant") {
    World world;
    world.settle();
    auto house_meter = test::house_meter();
    world.read(0s, {{"1-0:16.7.0", "1", "W"}}, house_meter);
    world.run(10s);
    house_meter.number = "NEW";
    world.read(0s, {{"1-0:16.7.0", "2", "W"}}, house_meter);
    CHECK(world.on(house("value/power")) == "2");
    world.run(10s);
    const auto root = *base::Json::parse(
        world.on("homeassistant/device/iometer_meter_" + house_meter.id + "/config"));
    CHECK(test::text_of(root["device"]["name"]) == "Meter NEW");
    CHECK(test::text_of(root["device"]["serial_number"]) == "NEW");
  }
}
