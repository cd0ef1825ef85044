#include "sim/simulator_options.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/text.hpp"

namespace iometer::sim {
namespace {

base::Status check_household(const HouseholdOptions& household) {
  constexpr int kMostMeters = 1'000'000;
  const bool counts = household.installations >= 0 && household.meters_per_installation >= 0 &&
                      household.devices_per_installation >= 0;
  if (!counts ||
      std::int64_t{household.installations} * household.meters_per_installation > kMostMeters) {
    return base::config_error(
        fmt::format("installations and meters: use 0 to {} in all", kMostMeters));
  }
  if (household.cadence < std::chrono::milliseconds(10))
    return base::config_error("cadence: use 10 ms or more");
  return base::success();
}

}  // namespace

std::optional<SignInKind> parse_sign_in_kind(std::string_view word) {
  if (word == "any") return SignInKind::kAny;
  if (word == "basic") return SignInKind::kBasic;
  if (word == "wsse") return SignInKind::kWsse;
  return std::nullopt;
}

base::Result<Transports> parse_transports(std::string_view list) {
  Transports transports{false, false, false};
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto word = base::trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? "" : list.substr(comma + 1);
    if (word == "graphql-transport-ws") {
      transports.graphql_transport_ws = true;
    } else if (word == "graphql-ws") {
      transports.graphql_ws = true;
    } else if (word == "sse") {
      transports.sse = true;
    } else {
      return base::config_error(
          fmt::format("\"{}\" is none: use graphql-transport-ws, graphql-ws, sse, with commas "
                      "between them",
                      base::printable(word)));
    }
  }
  return transports;
}

base::Status check_options(const SimulatorOptions& options) {
  if (const auto good = check_household(options.household); !good) return good.error();
  if (options.control && options.host != "127.0.0.1" && options.host != "::1") {
    return base::config_error(
        "control: has no authentication, use it with host 127.0.0.1 or ::1 only");
  }
  if (options.partner_id.find_first_of(":\"") != std::string::npos)
    return base::config_error("partner_id: a colon or a quote cannot be part of it");
  if (options.keep_alive.count() != 0 && options.keep_alive < std::chrono::milliseconds(10))
    return base::config_error("keep_alive: use 10 ms or more, or 0 for none");
  if (options.wsse_window < std::chrono::seconds(1) ||
      options.wsse_window > std::chrono::hours(24)) {
    return base::config_error("wsse_window: use 1 s to 24 h");
  }
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return base::config_error("certificate_file and key_file: give both or none");
  }
  for (const auto& file : {options.certificate_file, options.key_file}) {
    if (!file.empty() && !std::filesystem::exists(file))
      return base::config_error(file + ": no such file");
  }
  return base::success();
}

}  // namespace iometer::sim
