// Commands over MQTT, bridge/request/<command>: what they ask for, and how they are answered on
// bridge/response/<command>. Pure functions.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace iometer::bridge {

enum class Command {
  kCleanup,
  kHealthCheck,
  kLinkUrl,
  kLogLevel,
  kRediscover,
  kRefresh,
  kUnlink,
};

// Which of them whoever can publish may give (mqtt.commands). Safe are those that reach no further
// than the broker does anyway.
enum class CommandsAllowed { kNone, kSafe, kAll };

inline constexpr std::array<std::string_view, 5> kLogLevels{"trace", "debug", "info", "warning",
                                                            "error"};

struct Request {
  Command command = Command::kRefresh;
  bool dry_run = false;                   // say what would be done
  std::string argument;                   // the level of log_level, the installation's id of unlink
  std::optional<base::Json> transaction;  // given back in the answer, whatever that is
};

// The payload is nothing, a JSON object, or the bare argument of a command that has one. The error
// is for the one who asked; `transaction` is there all the same.
struct ParsedRequest {
  base::Status status = base::success();
  Request request;
};
ParsedRequest parse_request(std::string_view command, std::string_view payload,
                            CommandsAllowed allowed);

// {"status":"ok","data":…,"transaction":…} or {"status":"error","error":…,"transaction":…}; `data`
// is a JSON document.
std::string response(const base::Result<std::string>& data,
                     const std::optional<base::Json>& transaction);

}  // namespace iometer::bridge
