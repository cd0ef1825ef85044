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
  directory_.set(parse_all(household.installations()));
  if (!household.meters().empty()) household_ = std::move(household);
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

std::string Service::execute(const GraphqlPlan& plan) {
  return execute_graphql(plan.fields, ApiRoot(directory_, options_.partner_id));
}

Feed Service::subscribe(GraphqlPlan plan, std::int64_t now_ms) {
  stats_.last_start_time.clear();
  const auto start = start_time_ms(plan, stats_.last_start_time);
  const auto from = std::clamp(start.value_or(now_ms), now_ms - kHistoryMs, now_ms);
  Feed feed;
  feed.fields = std::move(plan.fields);
  feed.pushed = start ? HistoryKey{from, 0} : history_.seen(now_ms);
  feed.joined = history_.seen(now_ms).sequence;
  if (household_)
    feed.next_reading = household_->first_received_at_or_after(start ? from : now_ms + 1);
  return feed;
}

bool Service::skip_disabled(Feed& feed) const {
  const auto count = static_cast<std::int64_t>(household_->meters().size());
  for (std::int64_t i = 0; i < count; ++i) {
    if (directory_.is_disabled(household_->meter_of(feed.next_reading + i).installation_id))
      continue;
    feed.next_reading += i;
    return true;
  }
  return false;
}

std::optional<std::string> Service::next(Feed& feed, std::int64_t now_ms) {
  history_.forget_before(now_ms - kHistoryMs);
  const auto* pushed = history_.after(feed.pushed, feed.joined);
  if (pushed != nullptr && pushed->first.received_ms > now_ms) pushed = nullptr;
  std::optional<std::int64_t> own;
  if (household_) {
    // A client that stayed away too long has lost what the server no longer keeps.
    feed.next_reading =
        std::max(feed.next_reading, household_->first_received_at_or_after(now_ms - kHistoryMs));
    const bool any = skip_disabled(feed);
    const auto received = household_->received_unix_ms(feed.next_reading);
    if (any && received <= now_ms) own = received;
  }
  if (pushed == nullptr && !own) return std::nullopt;
  ++stats_.sent;
  if (pushed != nullptr && (!own || pushed->first.received_ms <= *own)) {
    feed.pushed = pushed->first;
    return pushed->second.payload;
  }
  const auto reading = household_->reading(feed.next_reading++);
  return execute_graphql(feed.fields,
                         ReadingEvent(directory_, reading, options_.household.obis_format));
}

void Service::settle(Feed& feed, std::int64_t now_ms) const {
  const auto* pushed = history_.after(feed.pushed, feed.joined);
  if (pushed == nullptr || pushed->first.received_ms > now_ms)
    feed.pushed = std::max(feed.pushed, history_.seen(now_ms));
}

std::optional<std::int64_t> Service::next_event_ms(std::int64_t now_ms) const {
  if (!household_) return std::nullopt;
  return household_->received_unix_ms(household_->first_received_at_or_after(now_ms + 1));
}

}  // namespace iometer::sim
