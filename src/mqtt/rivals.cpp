#include "mqtt/rivals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.hpp"

namespace iometer::mqtt {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostJuniors = 64;
constexpr base::Duration kReportPause = 1min;

}  // namespace

std::optional<ProbeCall> ProbeCall::parse(std::string_view payload) {
  const auto first = payload.find(' ');
  const auto last = payload.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  return ProbeCall{std::string(payload.substr(0, first)),
                   std::string(payload.substr(first + 1, last - first - 1)),
                   std::string(payload.substr(last + 1))};
}

std::string ProbeCall::text() const { return fmt::format("{} {} {}", run, instance, word); }

InfoAuthor InfoAuthor::parse(std::string_view payload) {
  InfoAuthor author;
  const auto info = base::Json::parse(payload);
  if (!info) return author;
  if (const auto* run = (*info)["run"].string()) author.run = *run;
  if (const auto* instance = (*info)["instance"].string()) author.instance = *instance;
  return author;
}

std::string Rivals::call(std::string word) const {
  return ProbeCall{run_, instance_, std::move(word)}.text();
}

void Rivals::probed_after_us(const ProbeCall& call) {
  std::erase(juniors_, call.run);
  juniors_.push_back(call.run);
  if (juniors_.size() > kMostJuniors) juniors_.pop_front();
}

bool Rivals::yields_to_answer(const ProbeCall& call, bool settled) const {
  if (std::find(juniors_.begin(), juniors_.end(), call.run) != juniors_.end())
    return settled && call.run > run_;
  return !settled || call.run > run_;
}

bool Rivals::is_likely(const std::string* state, const std::string* info) const {
  if (state == nullptr || info == nullptr || *state != "online") return false;
  const auto author = InfoAuthor::parse(*info);
  return (!author.run.empty() && author.run != run_) ||
         (!author.instance.empty() && author.instance != instance_);
}

bool Rivals::saw_info(std::string_view payload) {
  const auto run = InfoAuthor::parse(payload).run;
  if (run == run_) own_info_seen_ = true;
  return !run.empty() && run != run_;
}

std::optional<std::string> Rivals::take_usurper(const std::string* info) {
  if (!own_info_seen_ || info == nullptr) return std::nullopt;
  auto author = InfoAuthor::parse(*info);
  if (author.run.empty() || author.run == run_) return std::nullopt;
  own_info_seen_ = false;
  return std::move(author.instance);
}

bool Rivals::may_report(base::SteadyTime now) {
  if (reported_ && now - *reported_ < kReportPause) return false;
  reported_ = now;
  return true;
}

}  // namespace iometer::mqtt
