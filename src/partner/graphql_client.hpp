// One GraphQL request at a time over HTTP: signs in, sends, reads the answer, and says what a
// failure means for the next attempt. Blocking calls on a given Http; no clock, no thread and no
// retry of its own.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "partner/auth.hpp"
#include "partner/decode.hpp"
#include "partner/failure.hpp"
#include "partner/http.hpp"
#include "partner/queries.hpp"

namespace iometer::partner {

struct GraphqlClientConfig {
  std::string url;  // http:// or https://
  Credentials credentials;
  std::function<base::Now()> now;
  std::function<Nonce()> nonce;  // a new one for each request
  // The server's clock − our wall clock as it was `at` that time, from each response that tells,
  // right to about a second where the request is short. May be empty.
  std::function<void(base::Duration, const base::Now& at)> on_clock = {};
};

// It is about who asks.
inline bool is_auth(const Failure& failure) { return failure.error.kind == base::ErrorKind::kAuth; }

class GraphqlClient {
 public:
  GraphqlClient(GraphqlClientConfig config, Http& http);

  // An answer whose `data` is not null, perhaps with errors beside it.
  base::Result<GraphqlAnswer> query(const Query& query, std::span<const Variable> variables = {});

  // What errors of an answer mean, in a message that names the server.
  [[nodiscard]] Failure refused(std::span<const GraphqlError> errors) const;
  // The answer came, but what `error` says of it is not as the API documents it: a failure whose
  // message names the server. Becomes the last one.
  base::Error misshapen(base::Error error);
  // Makes `failure` the last one, and gives its error.
  base::Error failed(Failure failure);

  // The reason of the newest error returned, with what it asks of the next attempt.
  [[nodiscard]] const Failure& last_failure() const { return last_failure_; }
  // Of the newest query: it failed by errors of fields, not of the request.
  [[nodiscard]] bool last_failure_is_data() const { return last_failure_is_data_; }
  // The HTTP status of the newest query, 0 where no answer came.
  [[nodiscard]] int last_status() const { return last_status_; }
  // The GraphQL errors of the newest query that failed by them.
  [[nodiscard]] const std::vector<GraphqlError>& last_errors() const { return last_errors_; }

 private:
  base::Result<GraphqlAnswer> read(const HttpResponse& response);
  [[nodiscard]] std::string without_credentials(std::string text) const;
  void note_clock(base::WallTime date, const base::Now& asked);

  GraphqlClientConfig config_;
  Http& http_;
  std::string where_;           // host:port for messages
  base::Secret authorization_;  // the newest
  std::optional<base::Duration> server_clock_offset_;
  Failure last_failure_;
  bool last_failure_is_data_ = false;
  int last_status_ = 0;
  std::vector<GraphqlError> last_errors_;
};

}  // namespace iometer::partner
