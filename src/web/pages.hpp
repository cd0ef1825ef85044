// What the web server answers: a request in, a response out, without a socket. Reading only;
// nothing can be changed here, so there is nothing to be signed in for. Waits for the brain's
// snapshot where one is asked for (StatusBoard::fresh).
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "web/status_board.hpp"

namespace iometer::web {

struct Request {
  std::string method;  // as it came; only GET and HEAD are answered
  std::string path;    // without the query
  std::string host;    // the header, "" = absent
  std::string peer;    // numeric, as net::canonical_address() gives it
};

struct Response {
  int status = 200;
  std::string_view type = "text/plain; charset=utf-8";
  std::string body;
};

class Pages {
 public:
  // `allowed` are the peers that may ask, as net::canonical_address() gives them; empty = all.
  Pages(StatusBoard& board, std::set<std::string> allowed)
      : board_(board), allowed_(std::move(allowed)) {}

  [[nodiscard]] Response answer(const Request& request, base::SteadyTime now) const;

 private:
  [[nodiscard]] Response health(base::SteadyTime now) const;
  [[nodiscard]] Response ready(base::SteadyTime now) const;
  [[nodiscard]] Response status(base::SteadyTime now) const;
  [[nodiscard]] Response metrics(base::SteadyTime now) const;

  StatusBoard& board_;
  std::set<std::string> allowed_;
};

// The response as it goes over the wire (HTTP/1.1, the connection ends after it); without its body
// for HEAD.
std::string http_text(const Response& response, bool with_body);

}  // namespace iometer::web
