// The readings that the control interface pushed, kept for 24 hours by the time at which the server
// received them.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace iometer::sim {

inline constexpr std::int64_t kHistoryMs = 24LL * 3600 * 1000;

// Orders readings received in the same millisecond by arrival.
struct HistoryKey {
  std::int64_t received_ms = 0;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const HistoryKey&, const HistoryKey&) = default;
};

struct HistoryEntry {
  std::string payload;  // a whole execution result
  bool live_only = false;
};

class History {
 public:
  void add(std::int64_t received_ms, HistoryEntry entry) {
    entries_.emplace(HistoryKey{received_ms, ++sequence_}, std::move(entry));
  }
  void forget_before(std::int64_t received_ms) {
    entries_.erase(entries_.begin(), entries_.lower_bound(HistoryKey{received_ms, 0}));
  }

  using Entry = std::map<HistoryKey, HistoryEntry>::value_type;
  // The first one after `key`, without the live ones up to sequence `joined`; nullptr where there
  // is none.
  [[nodiscard]] const Entry* after(HistoryKey key, std::uint64_t joined) const {
    auto found = entries_.upper_bound(key);
    while (found != entries_.end() && found->second.live_only && found->first.sequence <= joined)
      ++found;
    return found != entries_.end() ? &*found : nullptr;
  }
  // The key of one who has seen everything that arrived until now.
  [[nodiscard]] HistoryKey seen(std::int64_t now_ms) const { return {now_ms, sequence_}; }

 private:
  std::map<HistoryKey, HistoryEntry> entries_;
  std::uint64_t sequence_ = 0;
};

}  // namespace iometer::sim
