// Where to resume the subscription so that no reading is lost: the arrival time of the oldest
// reading that the broker has not acknowledged, or with none pending the last proof that the stream
// is complete up to then. Only a live reading is one: servers lose subscriptions without a word and
// go on answering. The API replays by the time it received a reading, up to 24 hours back. All
// times are on the API's clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/time.hpp"

namespace iometer::bridge {

struct ResumeOptions {
  // How far before the cursor a subscription starts: covers clocks that differ and readings that
  // overtake each other.
  base::Duration overlap = std::chrono::minutes{10};
  // What a first start asks for.
  base::Duration first_start = std::chrono::hours{1};
};

class Cursor {
 public:
  explicit Cursor(const ResumeOptions& options = {}) : options_(options) {}

  // The API's 24 hours, less a little for the way there.
  static constexpr base::Duration kFurthest = std::chrono::hours{23} + std::chrono::minutes{55};

  void pending(std::uint64_t commit_id, base::WallTime arrival);
  void committed(std::uint64_t commit_id) { pending_.erase(commit_id); }

  // The stream has brought everything that the API received before `at`.
  void complete_until(base::WallTime at);

  // Nothing came up to `at` though the link lived: no proof, but no gap either.
  void quiet_until(base::WallTime at);
  // What a subscription that begins at `start` leaves out: from when, if anything is known to be
  // missing.
  [[nodiscard]] std::optional<base::WallTime> gap_before(base::WallTime start) const;

  // As it was before a restart.
  void restore(const std::optional<base::WallTime>& position,
               const std::optional<base::WallTime>& quiet);
  // The API's clock is known to be `now`: what was noted later was noted by a wrong one, so nobody
  // knows when it was.
  void correct(base::WallTime now);
  // The API's clock was set back by that much: what was noted by it, as later than `after`, is
  // earlier, too.
  void set_back(base::Duration by, base::WallTime after);
  // Up to when the broker has everything; none until the first replay is complete.
  [[nodiscard]] std::optional<base::WallTime> position() const;
  // What quiet_until() noted, where everything is at the broker.
  [[nodiscard]] std::optional<base::WallTime> quiet() const;

  // The startTime of a subscription that begins now.
  [[nodiscard]] base::WallTime resume_from(base::WallTime now) const;
  // Readings that arrived before this will not be asked for again.
  [[nodiscard]] base::WallTime oldest_of_interest(base::WallTime now) const;
  [[nodiscard]] std::size_t pending_count() const { return pending_.size(); }

 private:
  ResumeOptions options_;
  std::map<std::uint64_t, base::WallTime>
      pending_;  // commit ids grow with arrival: the first is the oldest
  std::optional<base::WallTime> complete_until_;
  std::optional<base::WallTime> quiet_until_;
};

}  // namespace iometer::bridge
