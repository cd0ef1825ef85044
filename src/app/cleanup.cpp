#include "app/cleanup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/clock.hpp"
#include "app/mailbox.hpp"
#include "app/paho_options.hpp"
#include "base/json.hpp"
#include "bridge/memory.hpp"
#include "homeassistant/announced.hpp"
#include "io/paho_client.hpp"
#include "mqtt/topics.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kPatience = 10s;
constexpr int kRefused = 0x80;  // the first of the reason codes that say so (MQTT 5, 2.4)

// A session with the broker for one command after another.
class Session {
 public:
  Session(const Config& config, std::string client_id)
      : topics_(config.mqtt.base_topic),
        prefix_(config.homeassistant.prefix),
        client_(options(config, std::move(client_id)),
                [this](mqtt::ClientEvent event) { events_.post(std::move(event)); }) {}
  ~Session() { client_.disconnect(300ms); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  base::Status connect() {
    client_.connect("");
    return wait("the MQTT broker did not answer", [](const mqtt::ClientEvent& event) {
      return std::holds_alternative<mqtt::Connected>(event);
    });
  }

  // Everything that matches the filters and is retained.
  base::Result<std::vector<mqtt::Message>> read(const std::vector<std::string>& filters) {
    const auto mark_topic = topics_.bridge("response/" + mark_);
    auto all = filters;
    all.push_back(mark_topic);
    if (auto done = client_.subscribe(all, mqtt::Qos::kAtMostOnce); !done) return done.error();
    // What comes back after them: the end.
    if (auto done =
            client_.publish({mark_topic, R"({"status":"ok"})", mqtt::Qos::kAtLeastOnce, false}, 1);
        !done)
      return done.error();
    std::vector<mqtt::Message> messages;
    const auto ended =
        wait(fmt::format("a message to {} did not come back: may this user publish and read below "
                         "\"{}/#\"?",
                         mark_topic, topics_.base()),
             [&](const mqtt::ClientEvent& event) {
               const auto* received = std::get_if<mqtt::Received>(&event);
               if (received == nullptr) return false;
               if (received->message.retain) messages.push_back(received->message);
               return received->message.topic == mark_topic;
             });
    if (!ended) return ended.error();
    return messages;
  }

  // What the bridge answers to a command; nothing where none does.
  base::Result<std::optional<base::Json>> ask(std::string_view command, bool dry_run) {
    const auto answer_topic = topics_.bridge(fmt::format("response/{}", command));
    if (auto done = client_.subscribe({answer_topic}, mqtt::Qos::kAtLeastOnce); !done)
      return done.error();
    base::JsonWriter request;
    request.begin_object().key("dry_run").boolean(dry_run).member("transaction", mark_);
    const mqtt::Message message{topics_.bridge(fmt::format("request/{}", command)),
                                request.end_object().take(), mqtt::Qos::kAtLeastOnce, false};
    if (auto done = client_.publish(message, 2); !done) return done.error();
    std::optional<base::Json> answer;
    const auto answered = wait("", [&](const mqtt::ClientEvent& event) {
      const auto* received = std::get_if<mqtt::Received>(&event);
      if (received == nullptr || received->message.topic != answer_topic) return false;
      auto json = base::Json::parse(received->message.payload);
      const auto* transaction = json ? (*json)["transaction"].string() : nullptr;
      if (transaction == nullptr || *transaction != mark_) return false;
      answer = *std::move(json);
      return true;
    });
    if (!answered && !answered.error().what.empty()) return answered.error();
    return answer;
  }

  base::Status clear(const std::vector<std::string>& topics) {
    // One at a time: a broker takes only so many at once, and there is no hurry.
    for (const auto& topic : topics) {
      if (auto done = client_.publish({topic, "", mqtt::Qos::kAtLeastOnce, true}, 3); !done)
        return done;
      int reason_code = 0;
      auto taken =
          wait("the MQTT broker did not take a message", [&](const mqtt::ClientEvent& event) {
            const auto* acknowledged = std::get_if<mqtt::Acknowledged>(&event);
            if (acknowledged == nullptr || acknowledged->token != 3) return false;
            reason_code = acknowledged->reason_code;
            return true;
          });
      if (!taken) return taken;
      if (reason_code >= kRefused) {
        return base::auth_error(fmt::format(
            "the broker refused {} (reason code {:#x}): allow this user to publish there", topic,
            reason_code));
      }
    }
    return base::success();
  }

  [[nodiscard]] const mqtt::Topics& topics() const { return topics_; }
  [[nodiscard]] std::string announcements() const {
    return homeassistant::config_topic(prefix_, "+");
  }

 private:
  static io::PahoOptions options(const Config& config, std::string client_id) {
    auto options = paho_options(config);
    options.client_id = std::move(client_id);
    options.last_will = {};
    return options;
  }

  // Until `is_it` says so; an empty `late` where nothing came in time, which may be no failure.
  base::Status wait(std::string late, const std::function<bool(const mqtt::ClientEvent&)>& is_it) {
    const auto deadline = read_clocks().steady + kPatience;
    while (read_clocks().steady < deadline) {
      for (const auto& event : events_.take(deadline, 0).control) {
        if (const auto* failed = std::get_if<mqtt::ConnectFailed>(&event)) return failed->error;
        if (const auto* lost = std::get_if<mqtt::ConnectionLost>(&event))
          return base::transient_error("connection to the MQTT broker lost: " + lost->reason);
        if (is_it(event)) return base::success();
      }
    }
    return base::transient_error(std::move(late));
  }

  mqtt::Topics topics_;
  std::string prefix_;
  std::string mark_ = fmt::format("{:016x}", random_number());
  Mailbox<mqtt::ClientEvent, int> events_{1};
  io::PahoClient client_;
};

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

base::Result<int> clear_all(Session& session, const std::vector<mqtt::Message>& messages,
                            bool dry_run) {
  std::vector<std::string> topics;
  for (const auto& message : messages) {
    if (is_ours(message, session.topics())) topics.push_back(message.topic);
  }
  if (!dry_run) {
    if (auto done = session.clear(topics); !done) return done.error();
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
  Session session(config, config.mqtt.client_id + "-cleanup");
  if (auto connected = session.connect(); !connected) return connected.error();
  const auto& topics = session.topics();
  const auto messages = session.read({topics.base() + "/#", session.announcements()});
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
