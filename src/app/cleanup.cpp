#include "app/cleanup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "app/broker_session.hpp"
#include "base/json.hpp"
#include "bridge/memory.hpp"
#include "homeassistant/announced.hpp"
#include "mqtt/topics.hpp"

namespace iometer::app {
namespace {

base::Status clear(BrokerSession& session, const std::vector<std::string>& topics) {
  // One at a time: a broker takes only so many at once, and there is no hurry.
  for (const auto& topic : topics) {
    const auto reason_code = session.publish({topic, "", mqtt::Qos::kAtLeastOnce, true});
    if (!reason_code) return reason_code.error();
    if (*reason_code >= kRefusedReason) {
      return base::auth_error(
          fmt::format("the broker refused {} (reason code {:#x}): allow this user to publish there",
                      topic, *reason_code));
    }
  }
  return base::success();
}

bool is_ours(const mqtt::Message& message, const mqtt::Topics& topics) {
  const auto& leaves = bridge::kBridgeLeaves;
  if (const auto parts = topics.parse(message.topic)) {
    const bool of_bridge = parts->of == mqtt::Topics::Parts::Of::kBridge &&
                           std::find(leaves.begin(), leaves.end(), parts->leaf) != leaves.end();
    return of_bridge || bridge::is_of_scheme(*parts);
  }
  const auto announced = homeassistant::parse_announcement(message.payload);
  return announced && announced->bridge_state == topics.bridge("state");
}

bool says_online(const std::vector<mqtt::Message>& messages, const std::string& topic) {
  return std::any_of(messages.begin(), messages.end(), [&](const auto& message) {
    return message.topic == topic && message.payload == "online";
  });
}

base::Result<int> clear_all(BrokerSession& session, const std::vector<mqtt::Message>& messages,
                            bool dry_run) {
  std::vector<std::string> topics;
  for (const auto& message : messages) {
    if (is_ours(message, session.topics())) topics.push_back(message.topic);
  }
  if (!dry_run) {
    if (auto done = clear(session, topics); !done) return done.error();
  }
  for (const auto& topic : topics) fmt::print("{}\n", topic);
  return 0;
}

base::Result<int> print_answer(const base::Json& answer) {
  const auto* status = answer["status"].string();
  if (status == nullptr || *status != "ok") {
    const auto* error = answer["error"].string();
    return base::transient_error("the bridge answered: " +
                                 (error != nullptr ? *error : answer.dump()));
  }
  for (const auto& topic : answer["data"]["topics"].items()) {
    if (topic.string() != nullptr) fmt::print("{}\n", *topic.string());
  }
  const auto named = answer["data"]["topics"].items().size();
  const auto* count = answer["data"]["count"].number();
  if (count != nullptr && count->text != std::to_string(named))
    fmt::print(stderr, "{} topics; the first {} of them are named\n", count->text, named);
  return 0;
}

}  // namespace

base::Result<int> run_cleanup(const CleanupArguments& arguments, const Config& config) {
  BrokerSession session(config, "-cleanup");
  if (auto connected = session.connect(); !connected) return connected.error();
  const auto& topics = session.topics();
  const auto messages = session.read(
      {topics.base() + "/#", homeassistant::config_topic(config.homeassistant.prefix, "+")});
  if (!messages) return messages.error();
  std::optional<base::Json> answer;
  if (says_online(*messages, topics.bridge("state"))) {
    // After a crash of the broker nobody took the word back: whoever is at work answers.
    auto asked = session.ask("cleanup", arguments.dry_run || arguments.all);
    if (!asked) return asked.error();
    answer = *std::move(asked);
  }
  if (arguments.all && answer) {
    return base::config_error(fmt::format(
        "a bridge is at work on \"{}\": stop it first, it would publish everything again",
        topics.base()));
  }
  if (arguments.all) return clear_all(session, *messages, arguments.dry_run);
  if (answer) return print_answer(*answer);
  return base::transient_error(
      fmt::format("no bridge is at work on \"{}\", and only it knows what is a leftover: start it, "
                  "or take back everything with --all",
                  topics.base()));
}

}  // namespace iometer::app
