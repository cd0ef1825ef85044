// Commands over MQTT, and what a cleanup takes away.
#include "bridge/requests.hpp"

#include <doctest/doctest.h>

#include "bridge/cleanup.hpp"
#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using namespace std::string_literals;
using test::house;
using test::World;

namespace {

std::string answer(World& world, std::string command, std::string payload) {
  world.take();
  world.feed(bridge::RequestReceived{command, std::move(payload)});
  const auto answers = world.payloads("bridge/response/" + command);
  REQUIRE(answers.size() == 1);
  for (const auto& message : world.seen) {
    if (message.topic == "bridge/response/" + command) CHECK_FALSE(message.retain);
  }
  return answers[0];
}

// `silent_for`: since its last reading.
World with_replaced_meter(base::Duration silent_for = 31min) {
  World world;
  world.settle();
  model::Installation one;
  one.id = "inst-1";
  one.meters = {test::house_meter(),
                {"33333333-0000-4000-8000-000000000003", "1NEW0000000001", "inst-1"}};
  world.read(1s, {{"1-0:16.7.0", "1", "W"}});
  one.current_meter_id = one.meters[1].id;
  world.feed(bridge::InstallationsPolled{{one}, true});
  world.run(silent_for);
  world.acknowledge_all();
  return world;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a request is nothing or an object of known members") {
    const auto parse = [](std::string_view command, std::string_view payload) {
      return bridge::parse_request(command, payload, bridge::CommandsAllowed::kAll);
    };
    CHECK_FALSE(parse("cleanup", "").request.dry_run);
    CHECK_FALSE(parse("cleanup", "{}").request.transaction.has_value());
    CHECK(parse("cleanup", R"( {"dry_run":true} )").request.dry_run);
    CHECK_FALSE(parse("cleanup", R"({"dry_run":false})").request.dry_run);
    const auto request = parse("refresh", R"({"transaction":{"a":[1.50,null]}})").request;
    CHECK(bridge::response(std::string("[1]"), request.transaction) ==
          R"({"status":"ok","data":[1],"transaction":{"a":[1.50,null]}})");
    CHECK(bridge::response(base::protocol_error("no \"x\""), request.transaction) ==
          R"({"status":"error","error":"no \"x\"","transaction":{"a":[1.50,null]}})");
    CHECK(bridge::response(std::string("{}"), {}) == R"({"status":"ok","data":{}})");
    for (const auto* wrong : {"x", "[]", "1", "null", R"({"dry_run":1})", R"({"dry_run":null})",
                              R"({"dryrun":true})", R"({"transaction":1,"more":2})", "{"}) {
      CAPTURE(wrong);
      CHECK_FALSE(parse("cleanup", wrong).status.ok());
    }
    CHECK_FALSE(parse("refresh", R"({"dry_run":true})").status.ok());
    CHECK_FALSE(
        parse("cleanup", "{\"transaction\":\"" + std::string(20'000, 'x') + "\"}").status.ok());
  }

  TEST_CASE("a command's own argument is a member, or the whole payload") {
    const auto parse = [](std::string_view command, std::string_view payload) {
      return bridge::parse_request(command, payload, bridge::CommandsAllowed::kAll);
    };
    for (const auto* payload : {"debug", " debug\n", R"({"level":"debug","transaction":1})"}) {
      const auto parsed = parse("log_level", payload);
      CHECK(parsed.status.ok());
      CHECK(parsed.request.argument == "debug");
    }
    constexpr std::string_view kId = "A2345678-0000-4000-8000-00000000000f";
    CHECK(parse("unlink", kId).request.argument == kId);
    for (const auto* wrong : {"", "{}", "loud", "Debug", R"({"level":7})", R"("debug")"}) {
      CAPTURE(wrong);
      CHECK_FALSE(parse("log_level", wrong).status.ok());
    }
    for (const auto* wrong :
         {"", "{}", "a2345678", R"({"id":""})", "g2345678-0000-4000-8000-00000000000f"})
      CHECK_FALSE(parse("unlink", wrong).status.ok());
    // What is wrong with the rest does not take the transaction away.
    const auto parsed = parse("unlink", R"({"id":"x","no":1,"transaction":"t"})");
    CHECK_FALSE(parsed.status.ok());
    CHECK(*parsed.request.transaction->string() == "t");
  }

  TEST_CASE("what may be asked for is bounded, and an error says by what") {
    using bridge::CommandsAllowed;
    const auto error = [](std::string_view command, CommandsAllowed allowed) {
      const auto parsed = bridge::parse_request(
          command, command == "log_level" ? "info" : R"({"transaction":1})", allowed);
      return parsed.status ? std::string() : parsed.status.error().what;
    };
    for (const auto* safe : {"cleanup", "health_check", "log_level", "rediscover", "refresh"}) {
      CHECK(error(safe, CommandsAllowed::kSafe).empty());
      CHECK(error(safe, CommandsAllowed::kNone).find("mqtt.commands is off") != std::string::npos);
    }
    CHECK(error("link_url", CommandsAllowed::kAll).empty());
    for (const auto* command : {"link_url", "unlink"})
      CHECK(error(command, CommandsAllowed::kSafe).find("mqtt.commands: all") != std::string::npos);
  }

  TEST_CASE("wrong requests are answered, and do nothing") {
    auto world = with_replaced_meter();
    const auto before = world.retained;
    for (const auto* command : {"cleanup", "refresh", "rediscover", "unlink", "dance"}) {
      CHECK(answer(world, command, "{\"no\":1}").find("\"status\":\"error\"") != std::string::npos);
      CHECK(answer(world, command, "now").find("\"status\":\"error\"") != std::string::npos);
    }
    CHECK(
        answer(world, "dance", R"({"transaction":7})") ==
        R"({"status":"error","error":"there is no such command; known: cleanup, health_check, link_url, log_level, rediscover, refresh, unlink","transaction":7})");
    CHECK(world.retained == before);
    CHECK(world.replays_of_retained == 0);
  }

  TEST_CASE("an answer goes to the response topic, unless something else is said there") {
    World world;
    world.settle();
    const auto ask = [&](std::string response_topic) {
      world.take();
      return world.feed(
          bridge::RequestReceived{"rediscover", "", std::move(response_topic), "c\0d"s});
    };
    std::string deep = "a";
    for (int i = 0; i < 20; ++i) deep += "/b";
    CHECK_FALSE(ask(deep).replay_retained);
    for (const auto* allowed : {"flows/answers", "iometer/bridge/response/mine", "iometers/x"}) {
      const auto effects = ask(allowed);
      CHECK(effects.replay_retained);
      REQUIRE(effects.parcels.size() == 1);
      const auto& message = effects.parcels[0].messages.at(0);
      CHECK(message.topic == allowed);
      CHECK(message.correlation_data == "c\0d"s);
      CHECK_FALSE(message.retain);
    }
    for (const std::string taken :
         {"iometer", "iometer/bridge/state", "iometer/meter/x/state", "homeassistant/x", "$SYS/x",
          "a/+", "#", "iometer/bridge/responses", "a\xFF"}) {
      CAPTURE(taken);
      const auto effects = ask(taken);
      CHECK_FALSE(effects.replay_retained);
      REQUIRE(effects.parcels.size() == 1);
      const auto& message = effects.parcels[0].messages.at(0);
      CHECK(message.topic == "iometer/bridge/response/rediscover");
      CHECK(message.payload.find("\"status\":\"error\"") != std::string::npos);
      CHECK(message.correlation_data == "c\0d"s);
    }
  }

  TEST_CASE("an answer is lost with the connection, and bounded") {
    World world;
    world.settle();
    const auto ask = [&](bridge::CommandsAllowed allowed, std::string data) {
      auto options = World::default_options();
      options.service.commands = allowed;
      World one(options);
      one.settle();
      return one.feed(bridge::RequestReceived{"rediscover", "", "flows/x", std::move(data)});
    };
    const auto effects = ask(bridge::CommandsAllowed::kSafe, std::string(1024, 'd'));
    CHECK(effects.replay_retained);
    CHECK_FALSE(effects.parcels.at(0).remember);
    const auto refused = ask(bridge::CommandsAllowed::kSafe, std::string(1025, 'd'));
    CHECK_FALSE(refused.replay_retained);
    CHECK(refused.parcels.at(0).messages.at(0).correlation_data.size() == 1024);
    // Who may command nothing chooses no topic either.
    const auto off = ask(bridge::CommandsAllowed::kNone, "d");
    CHECK(off.parcels.at(0).messages.at(0).topic == "iometer/bridge/response/rediscover");
  }

  TEST_CASE("log_level and health_check") {
    World world;
    world.settle();
    CHECK(world.feed(bridge::RequestReceived{"log_level", "debug"}).log_level == "debug");
    CHECK(world.feed(bridge::RequestReceived{"log_level", "x"}).log_level.empty());
    CHECK(answer(world, "health_check", "") ==
          R"({"status":"ok","data":{"healthy":true,"problem":"ok"}})");
    world.link_down("no route");
    CHECK(answer(world, "health_check", "") ==
          R"({"status":"ok","data":{"healthy":false,"problem":"upstream_down"}})");
  }

  TEST_CASE("rediscover publishes everything again") {
    World world;
    world.settle();
    const auto effects = world.feed(bridge::RequestReceived{"rediscover", "{}"});
    CHECK(effects.api_commands.empty());
    CHECK(effects.replay_retained);
    CHECK(world.payloads("bridge/response/rediscover") ==
          std::vector<std::string>{R"({"status":"ok","data":{}})"});
  }

  TEST_CASE("a meter that is not the current one, but sends, is not cleaned up") {
    auto world = with_replaced_meter(20s);
    const auto before = world.retained;
    CHECK(answer(world, "cleanup", "") ==
          R"({"status":"ok","data":{"dry_run":false,"count":0,"topics":[]}})");
    CHECK(world.retained == before);
  }

  TEST_CASE("a command whose answer would have no topic gets none") {
    auto world = with_replaced_meter(20s);
    for (const auto& command :
         {std::string("a/b"), std::string("+"), std::string(), std::string(70'000, 'c')}) {
      world.take();
      world.feed(bridge::RequestReceived{command, "{}"});
      CHECK(world.seen.empty());
    }
  }

  TEST_CASE("of very many topics a cleanup names the first, and clears all; other bridges stay") {
    auto old = with_replaced_meter(20s);
    auto retained = old.retained;
    for (int i = 0; i < 2'000; ++i) retained["meter/ghost/value/" + std::to_string(i)] = "1";
    retained["meter/bridge/state"] = "online";  // of one whose base topic is iometer/meter
    retained["device/bridge/state"] = "offline";
    old.retained = retained;
    auto world = test::restarted(old, 5s, old.core.memory(old.now, true));
    const auto json = *base::Json::parse(answer(world, "cleanup", ""));
    CHECK(json["data"]["count"].number()->text == "2000");
    CHECK(json["data"]["topics"].items().size() == 500);
    CHECK_FALSE(world.retained.contains("meter/ghost/value/1999"));
    CHECK(world.on("meter/bridge/state") == "online");
    CHECK(world.on("device/bridge/state") == "offline");
  }

  TEST_CASE("a cleanup first says, then does: the replaced meter and what belongs to nothing") {
    auto old = with_replaced_meter();
    auto retained = old.retained;
    retained["meter/gone/state"] = "{}";
    retained["meter/gone/notes"] = "not ours";
    retained[house("value/old_key")] = "5";
    retained["device/99999999/core_pin"] = "entered";
    retained["bridge/other"] = "1";
    old.retained = retained;
    auto world = test::restarted(old, 5s, old.core.memory(old.now, true));
    world.settle();
    world.run(5s);
    std::set<std::string> expected;
    for (const auto& [topic, payload] : world.retained) {
      const bool is_stray = topic == "meter/gone/state" || topic == "device/99999999/core_pin";
      if (is_stray || topic.starts_with(house("")) ||
          topic.find(test::house_meter().id) != std::string::npos)
        expected.insert(topic);
    }
    CHECK(expected.size() == 10);
    const auto before = world.retained;
    const auto said = answer(world, "cleanup", R"({"dry_run":true,"transaction":"t"})");
    CHECK(world.retained == before);
    const auto json = *base::Json::parse(said);
    CHECK(*json["transaction"].string() == "t");
    CHECK(*json["data"]["dry_run"].boolean());
    std::set<std::string> topics;
    for (const auto& topic : json["data"]["topics"].items()) {
      auto text = *topic.string();
      if (text.starts_with("iometer/")) text.erase(0, 8);
      topics.insert(text);
    }
    CHECK(topics == expected);

    const auto done = *base::Json::parse(answer(world, "cleanup", ""));
    CHECK_FALSE(*done["data"]["dry_run"].boolean());
    CHECK(done["data"]["topics"].items().size() == expected.size());
    for (const auto& [topic, payload] : before)
      CHECK_MESSAGE(world.retained.contains(topic) != expected.contains(topic), topic);
    CHECK(world.core.memory(world.now, true).meters.size() == 1);
    // There is nothing more.
    CHECK(answer(world, "cleanup", "") ==
          R"({"status":"ok","data":{"dry_run":false,"count":0,"topics":[]}})");
  }

  TEST_CASE("what was taken away right before a crash is cleared by the next start") {
    auto old = with_replaced_meter();
    auto world = test::restarted(old, 5s, old.core.memory(old.now, true));
    world.settle();
    world.run(5s);
    const auto before = world.retained;
    const auto done = *base::Json::parse(answer(world, "cleanup", ""));
    REQUIRE(done["data"]["topics"].items().size() > 5);
    const auto after = world.retained;
    // Nothing of it came to the broker, or it did and its acknowledgement did not.
    for (const auto& retained : {before, after}) {
      const auto memory = world.core.memory(world.now, false);
      CHECK(memory.leftovers.size() == done["data"]["topics"].items().size());
      auto crashed = world;
      crashed.retained = retained;
      auto next = test::restarted(crashed, 5s, memory);
      CHECK(next.retained.size() == after.size());
      for (const auto& [topic, payload] : after)
        CHECK_MESSAGE(next.retained.contains(topic), topic);
      next.acknowledge_all();
      CHECK(next.core.memory(next.now, false).leftovers.empty());
    }
    // The broker refuses it: another connection may do better.
    for (const auto id : std::exchange(world.uncommitted, {}))
      world.feed(bridge::PublishRefused{"iometer/x", 0x87, id});
    CHECK_FALSE(world.core.memory(world.now, false).leftovers.empty());
    world.take();
    world.feed(test::retained_read(before));
    CHECK(test::wanted(world).size() >= done["data"]["topics"].items().size());
  }

  TEST_CASE("a cleanup leaves what is only in use") {
    World world;
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "1", "W"}});
    world.run(20s);
    const auto before = world.retained;
    auto again = test::restarted(world, 5s, world.core.memory(world.now, true));
    CHECK(answer(again, "cleanup", "") ==
          R"({"status":"ok","data":{"dry_run":false,"count":0,"topics":[]}})");
    CHECK(again.retained == before);
  }
}
