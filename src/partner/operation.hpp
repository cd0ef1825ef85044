// The meterReadings subscription itself, whatever transport carries it: what to ask with, what an
// execution result holds, and what to ask for after a refusal. A refused startTime is tried with
// less history, at last with none; a refused form of the OBIS codes is left out. Without I/O.
#pragma once

#include <optional>
#include <string>

#include "base/json.hpp"
#include "partner/session.hpp"

namespace iometer::partner {

class Operation {
 public:
  explicit Operation(const SessionSettings& settings);

  // A new subscription, from resume_from.
  void begin();
  // The body of the request (GraphQL over HTTP), also the payload of a subscribe message.
  [[nodiscard]] std::string body() const;
  [[nodiscard]] std::optional<base::WallTime> start_time() const { return start_time_; }

  // An execution result. True: it has data, so the subscription stands.
  bool on_result(const base::Json& payload, Actions& actions);
  // The request was refused for this reason. True: it is to be asked for again, otherwise: by
  // body().
  bool ask_otherwise(const Failure& failure, base::WallTime now, Actions& actions);
  // The server refused it with these errors. None: to be asked for again.
  std::optional<Failure> on_refused(Failure failure, base::WallTime now, Actions& actions);
  // The server ended it without a word; what came before tells whether that was a refusal.
  std::optional<Failure> on_complete(base::WallTime now, Actions& actions);

 private:
  std::optional<base::WallTime> later_start(base::WallTime now);

  std::function<std::optional<base::WallTime>()> resume_from_;
  std::string where_;
  std::optional<CodeForm> code_form_;
  std::optional<base::WallTime> start_time_;
  std::size_t step_ = 0;  // the next of the later start times to try
  std::optional<Failure>
      refusal_;  // the newest answer, where it has no data: what a following end means
};

}  // namespace iometer::partner
