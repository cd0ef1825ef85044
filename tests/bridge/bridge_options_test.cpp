// What the options that a household can set do to the bridge's messages.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "bridge/world.hpp"
#include "homeassistant/discovery_rules.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::World;

namespace {

model::Installation installation(std::string id, model::Meter meter) {
  model::Installation one;
  meter.installation_id = id;
  one.id = std::move(id);
  one.meters = {std::move(meter)};
  model::Device device;
  device.id = "d0000001-0000-4000-8000-000000000000";
  device.bridge.connection_status = model::ConnectionStatus::kConnected;
  one.devices = {std::move(device)};
  return one;
}

// The names of all announced entities, with their device's id and their own before them.
std::map<std::string, std::string> names(homeassistant::Language language) {
  auto options = World::default_options();
  options.naming.language = language;
  World world(options);
  world.settle();
  world.feed(bridge::InstallationsPolled{{installation("inst-1", test::house_meter())}, true});
  world.read(1s, {{"1-0:1.8.0", "1", "kWh"}, {"1-0:1.8.1", "1", "kWh"}, {"1-1:16.7.0", "5", "W"}});
  world.run(20s);
  std::map<std::string, std::string> found;
  for (const auto& [topic, payload] : world.retained) {
    if (!topic.starts_with("homeassistant/")) continue;
    const auto root = *base::Json::parse(payload);
    found[topic + " device"] = test::text_of(root["device"]["name"]);
    found[topic + " model"] = test::text_of(root["device"]["model"]);
    for (const auto& member : root["components"].members())
      found[topic + " " + member.key] = test::text_of(member.value["name"]);
  }
  return found;
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("German: every name is another one, but for those that are the same word") {
    const std::set<std::string> same{"Status",       "Problem", "Version",
                                     "iometer2mqtt", "IOmeter", "IOmeter 1EMH0012345678"};
    const auto english = names(homeassistant::Language::kEnglish);
    const auto german = names(homeassistant::Language::kGerman);
    CHECK(english.size() == 24);
    REQUIRE(english.size() == german.size());
    for (const auto& [id, name] : english) {
      CAPTURE(id);
      CAPTURE(name);
      REQUIRE(german.contains(id));
      CHECK_FALSE(german.at(id).empty());
      CHECK((german.at(id) == name) == same.contains(name));
    }
  }

  TEST_CASE("a configured name is the meter's in topics, readings and Home Assistant") {
    auto options = World::default_options();
    options.naming.names = {{"1EMH0012345678", "Summer house"}};
    World world(options);
    world.settle();
    world.feed(bridge::InstallationsPolled{{installation("inst-1", test::house_meter())}, true});
    world.read(1s, {{"1-0:16.7.0", "5", "W"}});
    const auto slug = mqtt::meter_slug("Summer house", test::house_meter().id);
    CHECK(slug.starts_with("summerhouse-"));
    CHECK(world.on("meter/" + slug + "/value/power") == "5");
    const auto sent = world.payloads("meter/" + slug + "/reading").back();
    CHECK(sent.find(R"("number":"1EMH0012345678","name":"Summer house")") != std::string::npos);
    world.run(20s);
    std::set<std::string> devices;
    for (const auto& [topic, payload] : world.retained) {
      if (topic.starts_with("homeassistant/"))
        devices.insert(test::text_of((*base::Json::parse(payload))["device"]["name"]));
    }
    CHECK(devices ==
          std::set<std::string>{"Meter Summer house", "IOmeter Summer house", "iometer2mqtt"});
  }

  TEST_CASE("an installation that is not listed leaves no trace") {
    auto options = World::default_options();
    options.installations = {"mine"};
    World world(options);
    world.settle();
    auto mine = test::house_meter();
    mine.installation_id = "mine";
    auto theirs = test::house_meter();
    theirs.id = "11111111-0000-4000-8000-000000000000";
    theirs.number = "THEIRS";
    theirs.installation_id = "theirs";
    world.feed(bridge::InstallationsPolled{{installation("theirs", theirs)}, true});
    world.read(1s, {{"1-0:16.7.0", "5", "W"}}, theirs);
    world.read(1s, {{"1-0:16.7.0", "6", "W"}}, mine);
    world.run(70s);
    CHECK(world.on(test::house("value/power")) == "6");
    for (const auto& message : world.seen) {
      CAPTURE(message.topic);
      CHECK(message.topic.find("theirs") == std::string::npos);
      CHECK(message.topic.find("11111111") == std::string::npos);
      CHECK(message.topic.find("/device/d0000001") == std::string::npos);
      CHECK(message.payload.find("THEIRS") == std::string::npos);
    }
    CHECK(world.on("bridge/info").find(R"("meters":1,"devices":0)") != std::string::npos);
  }

  TEST_CASE("split power is announced and published as two entities that are never negative") {
    auto options = World::default_options();
    options.power_split = bridge::PowerSplit::kOn;
    World world(options);
    world.settle();
    world.read(1s, {{"1-0:16.7.0", "-300", "W"}});
    CHECK(world.on(test::house("value/power")) == "-300");
    CHECK(world.on(test::house("value/power_import")) == "0");
    CHECK(world.on(test::house("value/power_export")) == "300");
    const auto sent = world.payloads(test::house("reading")).back();
    CHECK(sent.find("power_export") == std::string::npos);  // the meter sent no such thing
    world.run(20s);
    const auto topic = "homeassistant/device/iometer_meter_" +
                       mqtt::identifier(test::house_meter().id) + "/config";
    CHECK(world.on(topic).find("/value/power_export") != std::string::npos);
  }
}
