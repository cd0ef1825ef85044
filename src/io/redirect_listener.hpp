// Waits for the one request that the IOmeter app's redirect makes of a telephone's browser after
// linking: a small HTTP server for one path on a thread of its own. Bounded in size, time and
// connections; answers with short fixed pages that repeat nothing of the request. No TLS: what
// comes here is checked by its `state`, and is no secret.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "io/url.hpp"

namespace iometer::io {

struct RedirectPage {
  int status = 200;
  std::string text;  // plain, without markup
};

class RedirectListener {
 public:
  // Listens on the URL's port: on its own address where that is of the loopback interface, else on
  // all. `on_redirect` gets the query of each GET for the URL's path, percent-encoded; it is
  // called on the listener's thread and must not block.
  static base::Result<std::unique_ptr<RedirectListener>> start(
      const Url& url, std::function<RedirectPage(const std::string& query)> on_redirect);
  // Lets a page that is being sent go out (half a second at most), then ends the thread.
  ~RedirectListener();
  RedirectListener(const RedirectListener&) = delete;
  RedirectListener& operator=(const RedirectListener&) = delete;

  // The port that it listens on: the URL's, or a free one where that is 0.
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Server;
  explicit RedirectListener(std::unique_ptr<Server> server);
  std::unique_ptr<Server> server_;
};

}  // namespace iometer::io
