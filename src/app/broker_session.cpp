#include "app/broker_session.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "app/clock.hpp"
#include "app/paho_options.hpp"
#include "app/supervisor_worker.hpp"
#include "io/curl_http.hpp"
#include "io/signals.hpp"

namespace iometer::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kBrokerPatience = 10s;

io::PahoOptions options(const Config& config, std::string_view suffix) {
  auto options = paho_options(config);
  // Two at once would throw each other out.
  options.client_id += fmt::format("{}-{:04x}", suffix, random_number() & 0xffffU);
  options.last_will = {};
  return options;
}

}  // namespace

BrokerSession::BrokerSession(const Config& config, std::string_view suffix)
    : topics_(config.mqtt.base_topic),
      mark_(fmt::format("{:016x}", random_number())),
      client_(options(config, suffix),
              [this](mqtt::ClientEvent event) { events_.post(std::move(event)); }) {}

BrokerSession::~BrokerSession() { client_.disconnect(300ms); }

base::Status BrokerSession::connect() {
  {
    // The library's threads start here. A signal is for the thread that waits for them.
    const io::SignalsHeld held;
    client_.connect("");
  }
  return wait("the MQTT broker did not answer", [](const mqtt::ClientEvent& event) {
    return std::holds_alternative<mqtt::Connected>(event);
  });
}

base::Result<std::vector<mqtt::Message>> BrokerSession::read(
    const std::vector<std::string>& filters) {
  return read_until_back(filters, own_topic());
}

base::Status BrokerSession::comes_back(const std::string& topic) {
  const auto read = read_until_back({}, topic);
  return read ? base::success() : base::Status(read.error());
}

base::Result<std::vector<mqtt::Message>> BrokerSession::read_until_back(
    std::vector<std::string> filters, const std::string& topic) {
  filters.push_back(topic);
  if (auto done = client_.subscribe(filters, mqtt::Qos::kAtMostOnce); !done) return done.error();
  // What comes back after them: the end.
  const mqtt::Message end{topic, R"({"status":"ok"})", mqtt::Qos::kAtLeastOnce, false};
  if (auto done = client_.publish(end, 1); !done) return done.error();
  std::vector<mqtt::Message> messages;
  const auto ended =
      wait(fmt::format("a message to {} did not come back: may this user publish and read below "
                       "\"{}/#\"?",
                       topic, topics_.base()),
           [&](const mqtt::ClientEvent& event) {
             const auto* received = std::get_if<mqtt::Received>(&event);
             if (received == nullptr) return false;
             if (received->message.retain) messages.push_back(received->message);
             return received->message.topic == topic && !received->message.retain;
           });
  if (!ended) return ended.error();
  return messages;
}

base::Result<std::optional<base::Json>> BrokerSession::ask(std::string_view command, bool dry_run) {
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

bool BrokerSession::receives(const std::string& topic, base::Duration patience) {
  return wait_until(read_clocks().steady + patience, "",
                    [&](const mqtt::ClientEvent& event) {
                      const auto* received = std::get_if<mqtt::Received>(&event);
                      return received != nullptr && received->message.topic == topic;
                    })
      .ok();
}

base::Result<int> BrokerSession::publish(mqtt::Message message) {
  message.qos = mqtt::Qos::kAtLeastOnce;
  if (auto done = client_.publish(message, 3); !done) return done.error();
  int reason_code = 0;
  const auto taken =
      wait("the MQTT broker did not take a message", [&](const mqtt::ClientEvent& event) {
        const auto* acknowledged = std::get_if<mqtt::Acknowledged>(&event);
        if (acknowledged == nullptr || acknowledged->token != 3) return false;
        reason_code = acknowledged->reason_code;
        return true;
      });
  if (!taken) return taken.error();
  return reason_code;
}

// Until `is_it` says so; an empty `late` where nothing came in time, which may be no failure.
base::Status BrokerSession::wait(std::string late, const Question& is_it) {
  return wait_until(read_clocks().steady + kBrokerPatience, std::move(late), is_it);
}

base::Status BrokerSession::wait_until(base::SteadyTime deadline, std::string late,
                                       const Question& is_it) {
  do {
    for (auto& event : events_.take(deadline, 0).control) taken_.push_back(std::move(event));
    while (!taken_.empty()) {
      const auto event = std::move(taken_.front());
      taken_.pop_front();
      if (const auto* failed = std::get_if<mqtt::ConnectFailed>(&event)) return failed->error;
      if (const auto* lost = std::get_if<mqtt::ConnectionLost>(&event))
        return base::transient_error("connection to the MQTT broker lost: " + lost->reason);
      if (is_it(event)) return base::success();
    }
  } while (read_clocks().steady < deadline);
  return base::transient_error(std::move(late));
}

base::Status find_broker(Config::Mqtt& mqtt) {
  if (!mqtt.supervisor) return base::success();
  const auto http = io::CurlHttp::create(supervisor_http_options());
  if (!http) return http.error();
  auto answer = ask_for_broker(**http, *mqtt.supervisor);
  if (!answer) return answer.error();
  if (!*answer)
    return base::transient_error("Home Assistant has no MQTT broker: start the broker add-on");
  auto& broker = **answer;
  mqtt.url = {broker.tls ? "mqtts" : "mqtt", std::move(broker.host), broker.port, "/"};
  mqtt.username = std::move(broker.username);
  mqtt.password = std::move(broker.password);
  return base::success();
}

}  // namespace iometer::app
