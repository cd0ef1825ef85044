// The simulated server without its network: credentials, requests, and what each subscription gets
// next. A subscription is only a place in the history; it takes one event when its connection can
// send one, so nothing queues up for a slow client. Used on the server's thread alone; times are
// Unix milliseconds of the caller's clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/directory.hpp"
#include "sim/graphql_plan.hpp"
#include "sim/history.hpp"
#include "sim/household.hpp"
#include "sim/linking.hpp"
#include "sim/sign_in.hpp"
#include "sim/simulator_options.hpp"

namespace iometer::sim {

// Where a subscription stands.
struct Feed {
  std::vector<PlannedField> fields;
  std::vector<std::int64_t> next_readings;  // of each household
  HistoryKey pushed;                        // the last one seen
  std::uint64_t joined = 0;  // what was live only before this is none of its business
};

// Answers to the next requests with a refusal.
struct Refusal {
  int status = 503;
  int retry_after = 0;  // seconds; 0 = not said
  int count = 0;        // how many more
};

// What the next queries of one root field are answered with instead.
struct PreparedAnswer {
  std::string field;
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  int count = 0;  // how many more
};

struct ServiceStats {
  std::uint64_t sent = 0;
  std::uint64_t http_requests = 0;
  std::string last_start_time;  // of the last subscription; empty = it had none
};

class Service {
 public:
  explicit Service(SimulatorOptions options);

  [[nodiscard]] const SimulatorOptions& options() const { return options_; }
  // The value of an Authorization header or of the init payload.
  bool accepts(std::string_view authorization, std::int64_t now_ms) {
    return sign_in_.accepts(authorization, now_ms);
  }
  // The refusal to give to this request, if one is due; counts it.
  std::optional<Refusal> take_refusal();
  // The prepared answer to a query of this root field, if there is one; counts it.
  std::optional<PreparedAnswer> take_prepared(std::string_view field);

  // Queries and mutations: the whole response.
  std::string execute(const GraphqlPlan& plan, std::int64_t now_ms);

  Feed subscribe(GraphqlPlan plan, std::int64_t now_ms);
  // The next event, a whole execution result; none until more is received.
  std::optional<std::string> next(Feed& feed, std::int64_t now_ms);
  // Takes what was received until now as seen, if nothing is left to send.
  void settle(Feed& feed, std::int64_t now_ms) const;
  // When the household's next reading is received.
  [[nodiscard]] std::optional<std::int64_t> next_event_ms(std::int64_t now_ms) const;

  // A household more, whose readings begin now: its installation's id, or nothing where there are
  // too many.
  std::optional<std::string> add_installation(std::int64_t now_ms);
  // http(s)://host:port, which connectUrl's addresses begin with.
  void set_origin(std::string origin) { origin_ = std::move(origin); }

  Linking& linking() { return linking_; }
  Directory& directory() { return directory_; }
  History& history() { return history_; }
  ServiceStats& stats() { return stats_; }
  Refusal& refusal() { return refusal_; }
  PreparedAnswer& prepared() { return prepared_; }

 private:
  struct Source {
    Household household;  // with at least one meter
    std::int64_t since_ms;
  };

  // The household whose reading is the next one for this feed; nullptr where none is due.
  Source* next_source(Feed& feed, std::int64_t now_ms);
  // Moves on to a meter whose installation is enabled; false where all are disabled.
  bool skip_disabled(const Household& household, std::int64_t& reading) const;

  SimulatorOptions options_;
  SignIn sign_in_;
  std::string origin_;
  std::vector<Source> sources_;
  int installations_ = 0;  // that households were made for
  Linking linking_;
  Directory directory_;
  History history_;
  ServiceStats stats_;
  Refusal refusal_;
  PreparedAnswer prepared_;
};

}  // namespace iometer::sim
