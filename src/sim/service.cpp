#include "sim/service.hpp"

#include <algorithm>
#include <utility>

#include "base/time.hpp"
#include "sim/api_objects.hpp"

namespace iometer::sim {
namespace {

std::vector<base::Json> parse_all(const std::vector<std::string>& texts) {
  std::vector<base::Json> result;
  result.reserve(texts.size());
  for (const auto& text : texts) {
    if (auto json = base::Json::parse(text)) result.push_back(*std::move(json));
  }
  return result;
}

// The plan has only times that can be read.
std::optional<std::int64_t> start_time_ms(const GraphqlPlan& plan, std::string& text) {
  const auto* argument = plan.fields.front().argument("startTime");
  if (argument == nullptr || argument->kind != GraphqlValue::Kind::kString) return std::nullopt;
  text = argument->text;
  const auto time = base::parse_rfc3339(text);
  if (!time) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

}  // namespace

Service::Service(SimulatorOptions options) : options_(std::move(options)), sign_in_(options_) {
  if (!options_.household_enabled) return;
  Household household(options_.household);
  installations_ = options_.household.installations;
  directory_.set(parse_all(household.installations()));
  if (!household.meters().empty()) sources_.push_back({std::move(household), 0});
}

std::optional<std::string> Service::add_installation(std::int64_t now_ms) {
  constexpr int kMostAdded = 1000;
  if (installations_ - options_.household.installations >= kMostAdded) return std::nullopt;
  auto one = options_.household;
  one.installations = 1;
  Household household(one, installations_++);
  auto installation = parse_all(household.installations()).front();
  auto id = *installation["id"].string();
  directory_.add(std::move(installation));
  if (options_.household_enabled && !household.meters().empty())
    sources_.push_back({std::move(household), now_ms});
  return id;
}

std::optional<Refusal> Service::take_refusal() {
  if (refusal_.count <= 0) return std::nullopt;
  --refusal_.count;
  return refusal_;
}

std::optional<PreparedAnswer> Service::take_prepared(std::string_view field) {
  if (prepared_.count <= 0 || prepared_.field != field) return std::nullopt;
  --prepared_.count;
  return prepared_;
}

std::string Service::execute(const GraphqlPlan& plan, std::int64_t now_ms) {
  for (const auto& field : plan.fields) {
    if (options_.introspection || !field.field->name.starts_with("__")) continue;
    if (field.field->name != "__typename")
      return failed_response({{"introspection disabled", {field.key}, {}, ""}});
  }
  return execute_graphql(plan.fields, ApiRoot({directory_, linking_, options_, origin_, now_ms}));
}

Feed Service::subscribe(GraphqlPlan plan, std::int64_t now_ms) {
  stats_.last_start_time.clear();
  const auto start = start_time_ms(plan, stats_.last_start_time);
  const auto from = std::clamp(start.value_or(now_ms), now_ms - kHistoryMs, now_ms);
  Feed feed;
  feed.fields = std::move(plan.fields);
  feed.pushed = start ? HistoryKey{from, 0} : history_.seen(now_ms);
  feed.joined = history_.seen(now_ms).sequence;
  for (const auto& [household, since_ms] : sources_) {
    feed.next_readings.push_back(
        household.first_received_at_or_after(std::max(start ? from : now_ms + 1, since_ms)));
  }
  return feed;
}

bool Service::skip_disabled(const Household& household, std::int64_t& reading) const {
  const auto count = static_cast<std::int64_t>(household.meters().size());
  for (std::int64_t i = 0; i < count; ++i) {
    if (directory_.is_disabled(household.meter_of(reading + i).installation_id)) continue;
    reading += i;
    return true;
  }
  return false;
}

Service::Source* Service::next_source(Feed& feed, std::int64_t now_ms) {
  Source* next = nullptr;
  std::int64_t next_received = now_ms;
  feed.next_readings.resize(sources_.size(), 0);  // households that came later begin at their time
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto& [household, since_ms] = sources_[i];
    auto& reading = feed.next_readings[i];
    // A client that stayed away too long has lost what the server no longer keeps.
    const auto oldest = std::max(now_ms - kHistoryMs, since_ms);
    reading = std::max(reading, household.first_received_at_or_after(oldest));
    if (!skip_disabled(household, reading)) continue;
    const auto received = household.received_unix_ms(reading);
    if (received > next_received || (next != nullptr && received == next_received)) continue;
    next = &sources_[i];
    next_received = received;
  }
  return next;
}

std::optional<std::string> Service::next(Feed& feed, std::int64_t now_ms) {
  history_.forget_before(now_ms - kHistoryMs);
  const auto* pushed = history_.after(feed.pushed, feed.joined);
  if (pushed != nullptr && pushed->first.received_ms > now_ms) pushed = nullptr;
  auto* source = next_source(feed, now_ms);
  if (pushed == nullptr && source == nullptr) return std::nullopt;
  ++stats_.sent;
  const auto number = [&]() -> std::int64_t& {
    return feed.next_readings[static_cast<std::size_t>(source - sources_.data())];
  };
  if (pushed != nullptr &&
      (source == nullptr ||
       pushed->first.received_ms <= source->household.received_unix_ms(number()))) {
    feed.pushed = pushed->first;
    return pushed->second.payload;
  }
  const auto reading = source->household.reading(number()++);
  return execute_graphql(feed.fields,
                         ReadingEvent(directory_, reading, options_.household.obis_format));
}

void Service::settle(Feed& feed, std::int64_t now_ms) const {
  const auto* pushed = history_.after(feed.pushed, feed.joined);
  if (pushed == nullptr || pushed->first.received_ms > now_ms)
    feed.pushed = std::max(feed.pushed, history_.seen(now_ms));
}

std::optional<std::int64_t> Service::next_event_ms(std::int64_t now_ms) const {
  std::optional<std::int64_t> next;
  for (const auto& [household, since_ms] : sources_) {
    const auto received =
        household.received_unix_ms(household.first_received_at_or_after(now_ms + 1));
    next = std::min(next.value_or(received), received);
  }
  return next;
}

}  // namespace iometer::sim
