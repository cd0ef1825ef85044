// What `check` found, step by step, for people and as JSON, and the exit code that stands for it.
// One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iometer::app {

// What can be wrong, in the order in which it is looked for; the number is the exit code. 1 stays
// for what has no class of its own, 2 for usage and configuration, as in every command.
enum class Trouble {
  kNone = 0,
  kOther = 1,
  kConfiguration = 2,
  kApiName = 10,
  kApiConnection = 11,
  kApiCertificate = 12,
  kClock = 13,
  kCredentials = 14,
  kApiAnswer = 15,
  kNothingLinked = 16,
  kDevice = 17,
  kBrokerName = 20,
  kBrokerConnection = 21,
  kBrokerCertificate = 22,
  kBrokerLogin = 23,
  kBrokerPermission = 24,
  kBrokerRetain = 25,
  kNobodyListens = 26,
};

struct Finding {
  enum class Result { kGood, kNote, kBad };
  Result result = Result::kGood;
  std::string step;  // one or two words
  std::string what;
  std::string next;  // what to do about it; "" where nothing has to be done
  Trouble trouble = Trouble::kNone;
};

class Diagnosis {
 public:
  // `shown`: each finding is printed on the standard output as it comes.
  explicit Diagnosis(bool shown) : shown_(shown) {}

  void good(std::string step, std::string what);
  // Worth knowing, and nothing that keeps values from coming.
  void note(std::string step, std::string what, std::string next = {});
  void bad(Trouble trouble, std::string step, std::string what, std::string next);

  // Of the first thing that is bad: what comes after it may be because of it.
  [[nodiscard]] Trouble trouble() const;
  [[nodiscard]] int exit_code() const { return static_cast<int>(trouble()); }
  // {"ok":…,"exit_code":…,"findings":[{"step":…,"result":"ok|note|failed","what":…,"next":…}]}
  [[nodiscard]] std::string json() const;

 private:
  void add(Finding finding);

  bool shown_;
  std::vector<Finding> findings_;
};

}  // namespace iometer::app
