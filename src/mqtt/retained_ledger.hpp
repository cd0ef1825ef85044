// What we want the broker to retain: the last payload of every retained topic, in the order of
// first publication. It is what the broker's data are compared with after a connect, and what
// decides whether an older message is still worth sending. A topic that is to be empty stays until
// the broker has acknowledged that. Owned by the outbox; no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "mqtt/message.hpp"

namespace iometer::mqtt {

class RetainedLedger {
 public:
  // Where a topic stands in the order of first publication.
  using Place = std::uint64_t;

  // Notes a retained message; an empty payload is a topic to clear.
  Place record(const Message& message);
  // Counts the records.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }

  // The broker retains nothing there, as of that revision: a topic to clear is done with, unless it
  // was recorded again since.
  void cleared(const std::string& topic, std::uint64_t revision);

  // The topic is not ours any more.
  void forget(const std::string& topic);

  // True where the ledger's payload for that topic is this one.
  [[nodiscard]] bool is_current(const Message& message) const;

  // The ledger's message of a topic; an empty one, which clears it, where there is none.
  [[nodiscard]] Message current(const std::string& topic) const;

  [[nodiscard]] std::vector<Place> places() const;
  // nullptr where the topic is gone.
  [[nodiscard]] const Message* at(Place place) const;

 private:
  struct Slot {
    Message message;
    std::uint64_t revision = 0;  // of its last record
  };
  std::map<Place, Slot> slots_;
  std::unordered_map<std::string, Place> places_;
  Place last_place_ = 0;
  std::uint64_t revision_ = 0;
};

}  // namespace iometer::mqtt
