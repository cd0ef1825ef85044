// Commands over MQTT that the Partner API answers.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "bridge/restart.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::house;
using test::World;

TEST_SUITE("bridge") {
  TEST_CASE("what the API has to answer is handed on, and answered when it has") {
    bridge::BridgeOptions options = World::default_options();
    options.service.commands = bridge::CommandsAllowed::kAll;
    World world(options);
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "1", "W"}});
    world.run(5s);
    const auto id = test::house_meter().installation_id;
    auto effects = world.feed(bridge::RequestReceived{"link_url", R"({"transaction":1})"});
    REQUIRE(effects.api_commands.size() == 1);
    CHECK(world.payloads("bridge/response/link_url").empty());
    world.feed(bridge::ApiCommandDone{effects.api_commands[0], std::string(R"({"url":"u"})")});
    CHECK(world.payloads("bridge/response/link_url") ==
          std::vector<std::string>{R"({"status":"ok","data":{"url":"u"},"transaction":1})"});
    CHECK(world.on(house("availability")) == "online");

    const bridge::ApiCommand unlink{
        bridge::ApiCommand::Kind::kUnlink, id, {"answers/unlink", "", std::nullopt}};
    world.feed(bridge::ApiCommandDone{unlink, base::transient_error("no route")});
    CHECK(world.on(house("availability")) == "online");
    world.feed(bridge::RequestReceived{"unlink", "0B54A1DE-7C0B-4C47-9F6A-3D0F6FD2E6A1"});
    world.feed(bridge::ApiCommandDone{unlink, std::string("{}")});
    CHECK(world.on(house("availability")) == "offline");
    CHECK(world.on(house("reason")) == "unlinked");
    // What was on its way does not bring it back; what still comes later does.
    model::Installation listed;
    listed.id = id;
    listed.meters = {test::house_meter()};
    world.read(1s, {{"1-0:16.7.0", "2", "W"}});
    world.feed(bridge::InstallationsPolled{{listed}, true});
    world.run(20s);
    CHECK(world.on(house("reason")) == "unlinked");
    world.run(10s);
    world.feed(bridge::InstallationsPolled{{listed}, true});
    CHECK(world.on(house("reason")) != "unlinked");
  }

  TEST_CASE("refresh asks the API and is answered with what it said") {
    World world;
    world.settle();
    const auto effects = world.feed(bridge::RequestReceived{"refresh", ""});
    CHECK_FALSE(effects.replay_retained);
    REQUIRE(effects.api_commands.size() == 1);
    CHECK(effects.api_commands[0].kind == bridge::ApiCommand::Kind::kRefresh);
    CHECK(world.payloads("bridge/response/refresh").empty());
    world.feed(bridge::ApiCommandDone{effects.api_commands[0], base::auth_error("refused")});
    CHECK(world.payloads("bridge/response/refresh") ==
          std::vector<std::string>{R"({"status":"error","error":"refused"})"});
  }
}
