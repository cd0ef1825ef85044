// Sessions in tests: settings, and what they ask for in words that a test can compare.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "partner/session.hpp"

namespace iometer::test {

inline partner::SessionSettings session_settings(
    std::function<std::optional<base::WallTime>()> resume_from,
    base::Duration idle_timeout = std::chrono::seconds(60)) {
  partner::SessionSettings settings;
  settings.url = "https://h/api";
  settings.authorization = [] { return std::string("Basic abc"); };
  settings.resume_from = std::move(resume_from);
  settings.idle_timeout = idle_timeout;
  settings.where = "h:443";
  return settings;
}

inline std::string words(const partner::Actions& actions) {
  std::string text;
  for (const auto& action : actions) {
    if (!text.empty()) text += " | ";
    if (const auto* send = std::get_if<partner::SendText>(&action)) text += send->text;
    if (std::get_if<partner::SendPing>(&action) != nullptr) text += "ping frame";
    if (std::get_if<partner::Reopen>(&action) != nullptr) text += "reopen";
    if (std::get_if<partner::Answered>(&action) != nullptr) text += "answered";
    if (const auto* live = std::get_if<partner::Subscribed>(&action)) {
      text += "live from " + (live->start_time ? base::format_rfc3339(*live->start_time) : "now");
    }
    if (const auto* d = std::get_if<partner::Deliver>(&action)) {
      text += "deliver " + d->delivery.reading.meter.id;
    }
    if (std::get_if<partner::Report>(&action) != nullptr) text += "report";
    if (std::get_if<partner::ArmTimer>(&action) != nullptr) text += "timer";
    if (const auto* end = std::get_if<partner::EndLink>(&action)) {
      text += end->close_code ? "close " + std::to_string(*end->close_code) : "cut";
    }
  }
  return text;
}

inline const partner::Failure& failure_of(const partner::Actions& actions) {
  return std::get<partner::EndLink>(actions.back()).failure;
}

// An execution result with a reading of that meter, without values.
inline std::string result_of(const std::string& meter) {
  return R"({"data":{"meterReadings":{"meter":{"id":")" + meter +
         R"("},"time":"2026-11-24T12:00:00Z","values":[]}}})";
}

}  // namespace iometer::test
