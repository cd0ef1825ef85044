#include "partner/operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "partner/decode.hpp"
#include "partner/queries.hpp"

namespace iometer::partner {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr base::Duration kPauseAfterComplete = seconds(5);
constexpr std::array<hours, 3> kStartSteps{hours(23), hours(12), hours(1)};

std::optional<base::WallTime> whole_seconds(std::optional<base::WallTime> time) {
  if (!time) return std::nullopt;
  return std::chrono::floor<seconds>(*time);
}

}  // namespace

Operation::Operation(const SessionSettings& settings)
    : resume_from_(settings.resume_from), where_(settings.where), code_form_(settings.code_form) {}

void Operation::begin() {
  start_time_ = whole_seconds(resume_from_());
  step_ = 0;
}

std::string Operation::body() const {
  const auto document = meter_readings_subscription(start_time_.has_value(), code_form_);
  const Query query{kMeterReadingsOperation, document};
  if (!start_time_) return request_body(query, {});
  const auto text = base::format_rfc3339(*start_time_);
  return request_body(query, {{Variable{"startTime", text}}});
}

bool Operation::on_result(const base::Json& payload, Actions& actions) {
  const auto answer = decode_answer(payload);
  if (!answer) {
    actions.emplace_back(Report{answer.error()});
    return false;
  }
  if (!answer->errors.empty()) {
    actions.emplace_back(Report{base::protocol_error(
        fmt::format("{} reported {}", where_, describe_errors(answer->errors)))});
  }
  // Whether this ends the subscription shows only by what follows: gqlgen goes on after a reading
  // that it could not resolve, and sends `complete` after a refused argument.
  if (answer->data.is_null()) {
    refusal_ = classify_errors(answer->errors);
    return false;
  }
  refusal_.reset();
  const auto& reading = answer->data["meterReadings"];
  if (reading.is_null() && !answer->errors.empty()) return true;
  auto delivery = decode_reading(reading);
  if (delivery) {
    actions.emplace_back(Deliver{std::move(*delivery)});
  } else {
    actions.emplace_back(Report{delivery.error()});
  }
  return true;
}

bool Operation::ask_otherwise(const Failure& failure, base::WallTime now, Actions& actions) {
  refusal_.reset();
  const bool other_start = failure.refused_start_time && start_time_;
  const bool other_form = failure.permanent && !failure.refused_start_time && code_form_;
  if (!other_start && !other_form) return false;
  actions.emplace_back(Report{failure.error});
  if (other_start) start_time_ = later_start(now);
  if (other_form) code_form_.reset();
  return true;
}

std::optional<Failure> Operation::on_refused(Failure failure, base::WallTime now,
                                             Actions& actions) {
  if (ask_otherwise(failure, now, actions)) return std::nullopt;
  if (failure.refused_start_time) {
    failure.permanent = true;
    failure.error.kind = base::ErrorKind::kProtocol;
  }
  failure.error.what = fmt::format("{} ended the subscription: {}", where_, failure.error.what);
  failure.retry_no_sooner = std::max(failure.retry_no_sooner, kPauseAfterComplete);
  return failure;
}

std::optional<Failure> Operation::on_complete(base::WallTime now, Actions& actions) {
  if (refusal_) return on_refused(*refusal_, now, actions);
  Failure failure;
  failure.error.what = fmt::format("{} ended the subscription", where_);
  failure.retry_no_sooner = kPauseAfterComplete;
  return failure;
}

// After a refused start: the next of the steps that asks for less history than it did; at last
// none.
std::optional<base::WallTime> Operation::later_start(base::WallTime now) {
  // Each is tried once, however long the server takes to refuse it.
  while (step_ < kStartSteps.size()) {
    const auto candidate = whole_seconds(now - kStartSteps.at(step_++));
    if (*candidate > *start_time_) return candidate;
  }
  return std::nullopt;
}

}  // namespace iometer::partner
