// The part of Bridge that carries out commands over MQTT, and answers them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "bridge/bridge.hpp"
#include "bridge/cleanup.hpp"
#include "bridge/requests.hpp"

namespace iometer::bridge {
namespace {

// Many answers may wait for the broker, and it has limits of its own.
constexpr std::size_t kMostCorrelationData = 1024;
// Brokers end the connection of who publishes to what they find too deep (mosquitto: 200 levels).
constexpr std::size_t kLongestTopic = 256;
constexpr std::ptrdiff_t kMostLevels = 20;

bool is_reasonable(const std::string& topic) {
  return mqtt::is_topic(topic) && base::is_valid_utf8(topic) && topic.front() != '$' &&
         topic.size() <= kLongestTopic && std::count(topic.begin(), topic.end(), '/') < kMostLevels;
}

}  // namespace

// Where the answer goes: to the response topic that the request names (MQTT 5 section 4.10), unless
// that is one on which the bridge itself, or an announcement, has something else to say.
base::Result<Reply> Bridge::reply_to(const RequestReceived& event) const {
  Reply reply{topics_.bridge("response/" + event.command), event.correlation_data, std::nullopt};
  if (reply.correlation_data.size() > kMostCorrelationData) {
    return base::protocol_error(fmt::format(
        "the correlation data are longer than {} bytes: send fewer, or a transaction in "
        "the payload",
        kMostCorrelationData));
  }
  const auto& wanted = event.response_topic;
  // Who may command nothing shall not have us publish anywhere else.
  if (wanted.empty() || commands_allowed_ == CommandsAllowed::kNone) return reply;
  const auto is_below = [&](const std::string& first) {
    return wanted.starts_with(first + "/") || wanted == first;
  };
  const bool is_taken = (is_below(topics_.base()) && !is_below(topics_.bridge("response"))) ||
                        (!discovery_prefix_.empty() && is_below(discovery_prefix_));
  if (!is_reasonable(wanted) || is_taken) {
    const auto also =
        discovery_prefix_.empty() ? std::string() : fmt::format(" and \"{}\"", discovery_prefix_);
    return base::protocol_error(fmt::format(
        "the response topic \"{}\" is not one to answer on: leave it out, or name one outside "
        "\"{}\"{}, without wildcards, of at most {} bytes and {} levels",
        base::printable(wanted, 100), topics_.base(), also, kLongestTopic, kMostLevels));
  }
  reply.topic = wanted;
  return reply;
}

void Bridge::answer(const Reply& reply, const base::Result<std::string>& data, Effects& effects) {
  mqtt::Message message{reply.topic, response(data, reply.transaction), mqtt::Qos::kAtLeastOnce,
                        false};
  message.correlation_data = reply.correlation_data;
  // Lost with the connection: it would end the next one, too, where the broker takes offence at it.
  effects.parcels.push_back({{std::move(message)}, std::nullopt, false});
}

void Bridge::on_request(const RequestReceived& event, const base::Now& now, Effects& effects) {
  // Its answer's topic has the command in it: what is none gets no answer.
  if (!mqtt::is_slug(event.command)) return;
  const auto parsed = parse_request(event.command, event.payload, commands_allowed_);
  auto reply = reply_to(event);
  if (!reply) {
    return answer(
        {topics_.bridge("response/" + event.command),
         event.correlation_data.substr(0, kMostCorrelationData), parsed.request.transaction},
        reply.error(), effects);
  }
  reply->transaction = parsed.request.transaction;
  if (!parsed.status) return answer(*reply, parsed.status.error(), effects);
  carry_out(parsed.request, *reply, now, effects);
}

void Bridge::carry_out(const Request& request, const Reply& reply, const base::Now& now,
                       Effects& effects) {
  switch (request.command) {
    case Command::kCleanup:
      return answer(reply, clean_up(request.dry_run, now, effects), effects);
    case Command::kHealthCheck:
      return answer(reply, service_.health_check(), effects);
    case Command::kLinkUrl:
      return ask_api(ApiCommand::Kind::kLinkUrl, "", reply, effects);
    case Command::kLogLevel:
      effects.log_level = request.argument;
      return answer(reply, fmt::format(R"({{"level":"{}"}})", request.argument), effects);
    case Command::kRediscover:
      announcements_.again(now.steady);
      effects.replay_retained = true;
      return answer(reply, std::string("{}"), effects);
    case Command::kRefresh:
      return ask_api(ApiCommand::Kind::kRefresh, "", reply, effects);
    case Command::kUnlink:
      return ask_api(ApiCommand::Kind::kUnlink, known_spelling(request.argument), reply, effects);
  }
}

void Bridge::ask_api(ApiCommand::Kind kind, std::string installation, const Reply& reply,
                     Effects& effects) {
  effects.api_commands.push_back({kind, std::move(installation), reply, ++last_api_command_});
}

// An id as the API writes it, whatever the case of its hexadecimal digits here.
std::string Bridge::known_spelling(const std::string& installation) const {
  auto known = meters_.installation_ids();
  known.merge(devices_.installation_ids());
  const auto found = std::find_if(known.begin(), known.end(), [&](const std::string& id) {
    return base::to_lower(id) == base::to_lower(installation);
  });
  return found != known.end() ? *found : installation;
}

void Bridge::on_done(const ApiCommandDone& event, const base::Now& now, Effects& effects) {
  const auto& command = event.command;
  answer(command.reply, event.data, effects);
  if (command.kind != ApiCommand::Kind::kUnlink || !event.data) return;
  // The API itself says so: no list has to prove it.
  listings_.disabled(command.installation, now.steady);
  set_linked({command.installation}, false, now, effects);
}

std::string Bridge::clean_up(bool dry_run, const base::Now& now, Effects& effects) {
  const CleanupScope scope{meters_.removable(), devices_.removable(), at_broker_};
  const auto plan = plan_cleanup(memory(now, false), scope);
  if (!dry_run) {
    for (const auto& id : scope.meters) meters_.remove(id, announcements_, effects);
    for (const auto& id : scope.devices) devices_.remove(id, announcements_, effects);
    effects.removed.insert(effects.removed.end(), plan.strays.begin(), plan.strays.end());
    std::erase_if(at_broker_, [&](const auto& topic) { return plan.topics.contains(topic); });
    effects.record = true;
  }
  return cleanup_json(plan, dry_run);
}

}  // namespace iometer::bridge
