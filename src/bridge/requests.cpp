#include "bridge/requests.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace iometer::bridge {
namespace {

constexpr base::Json::Limits kLimits{16U << 10U, 8};

struct CommandSpec {
  std::string_view name;
  Command command;
  CommandsAllowed needs;
  std::string_view argument = {};
  bool has_dry_run = false;
};

constexpr std::array kCommands{
    CommandSpec{"cleanup", Command::kCleanup, CommandsAllowed::kSafe, "", true},
    CommandSpec{"health_check", Command::kHealthCheck, CommandsAllowed::kSafe},
    CommandSpec{"link_url", Command::kLinkUrl, CommandsAllowed::kAll},
    CommandSpec{"log_level", Command::kLogLevel, CommandsAllowed::kSafe, "level"},
    CommandSpec{"rediscover", Command::kRediscover, CommandsAllowed::kSafe},
    CommandSpec{"refresh", Command::kRefresh, CommandsAllowed::kSafe},
    CommandSpec{"unlink", Command::kUnlink, CommandsAllowed::kAll, "id"},
};

base::Error unknown_command() {
  std::string names;
  for (const auto& spec : kCommands)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", spec.name);
  return base::protocol_error("there is no such command; known: " + names);
}

base::Status check_allowed(const CommandSpec& spec, CommandsAllowed allowed) {
  if (allowed >= spec.needs) return base::success();
  return base::auth_error(
      allowed == CommandsAllowed::kNone
          ? std::string("commands are not allowed here: mqtt.commands is off")
          : fmt::format("{} is not allowed here: it needs mqtt.commands: all", spec.name));
}

base::Status check_argument(const CommandSpec& spec, std::string_view argument) {
  if (spec.command == Command::kUnlink && !base::is_uuid(argument)) {
    return base::protocol_error(
        "\"id\" must be an installation's id; iometer2mqtt installations lists them");
  }
  if (spec.command == Command::kLogLevel &&
      std::find(kLogLevels.begin(), kLogLevels.end(), argument) == kLogLevels.end()) {
    return base::protocol_error(
        fmt::format("\"level\" must be one of: {}", fmt::join(kLogLevels, ", ")));
  }
  return base::success();
}

base::Error unknown_member(const CommandSpec& spec) {
  const auto argument =
      spec.argument.empty() ? std::string() : fmt::format("\"{}\" (text), ", spec.argument);
  return base::protocol_error(fmt::format("the payload may have {}{}\"transaction\", nothing else",
                                          argument,
                                          spec.has_dry_run ? "\"dry_run\" (true or false), " : ""));
}

base::Status read_members(const CommandSpec& spec, const base::Json& json, Request& request) {
  for (const auto& [key, value] : json.members()) {
    if (key == "transaction") continue;
    if (spec.has_dry_run && key == "dry_run" && value.boolean() != nullptr) {
      request.dry_run = *value.boolean();
    } else if (!spec.argument.empty() && key == spec.argument && value.string() != nullptr) {
      request.argument = *value.string();
    } else {
      return unknown_member(spec);
    }
  }
  return base::success();
}

base::Status read_payload(const CommandSpec& spec, std::string_view payload, Request& request) {
  const auto text = base::trim(payload);
  const bool is_bare = !spec.argument.empty() && !text.empty() && text.front() != '{';
  if (is_bare) {
    request.argument = text;
  } else if (!text.empty()) {
    const auto json = base::Json::parse(text, kLimits);
    if (!json) return base::protocol_error("the payload is no JSON: " + json.error().what);
    if (!json->is_object())
      return base::protocol_error("the payload is no JSON object: send {} or nothing");
    for (const auto& [key, value] : json->members()) {
      if (key == "transaction") request.transaction = value;
    }
    if (auto read = read_members(spec, *json, request); !read) return read;
  }
  return check_argument(spec, request.argument);
}

}  // namespace

ParsedRequest parse_request(std::string_view command, std::string_view payload,
                            CommandsAllowed allowed) {
  ParsedRequest parsed;
  const auto* const spec =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [&](const CommandSpec& one) { return one.name == command; });
  const bool is_known = spec != kCommands.end();
  if (is_known) parsed.request.command = spec->command;
  parsed.status = read_payload(is_known ? *spec : CommandSpec{}, payload, parsed.request);
  if (!is_known) {
    parsed.status = unknown_command();
  } else if (auto may = check_allowed(*spec, allowed); !may) {
    parsed.status = std::move(may);
  }
  return parsed;
}

std::string response(const base::Result<std::string>& data,
                     const std::optional<base::Json>& transaction) {
  base::JsonWriter out;
  out.begin_object().member("status", data ? "ok" : "error");
  if (data) {
    out.key("data").raw(*data);
  } else {
    out.member("error", data.error().what);
  }
  if (transaction) out.key("transaction").json(*transaction);
  return out.end_object().take();
}

}  // namespace iometer::bridge
