// Which installations the API still has. Lists come in part, empty or wrong: only one that has been
// missing from several complete lists, and that the API does not have when asked for it by its id,
// counts as unlinked.
#pragma once

#include <map>
#include <set>
#include <string>

#include "bridge/events.hpp"

namespace iometer::bridge {

// How long what has been unlinked is kept, so that nothing is lost where it comes back.
inline constexpr base::Duration kUnlinkedKept = std::chrono::hours{7 * 24};

class Listings {
 public:
  struct Changes {
    std::set<std::string> unlinked;
    std::set<std::string> linked;  // again
    std::set<std::string> gone;    // unlinked, also before this start, and this list lacks them
  };
  // `known` are the installations that we show something of; "" stands for those whose id is not
  // known because only the broker's messages tell of them: nobody can be asked about them.
  Changes poll(const InstallationsPolled& poll, const std::set<std::string>& known,
               base::SteadyTime now);
  // Something of it came: it is linked. True where it was not.
  bool heard(const std::string& installation, base::SteadyTime now);
  // It was unlinked before the start.
  void remember_unlinked(const std::string& installation);
  // It has been unlinked by us: what comes of it in the next half minute was on its way.
  void disabled(const std::string& installation, base::SteadyTime now);

  // To be asked for by id with the next polls.
  [[nodiscard]] std::set<std::string> doubtful() const;

 private:
  static constexpr unsigned kAbsences = 3;
  static constexpr base::Duration kOnItsWay = std::chrono::seconds(30);
  struct Known {
    unsigned absences = 0;  // from complete lists, in a row
    bool unlinked = false;
    base::SteadyTime deaf_until = {};
  };
  std::map<std::string, Known> known_;  // by id; only those that have been missing
};

}  // namespace iometer::bridge
