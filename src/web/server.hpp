// The web server: libwebsockets on a thread of its own, which hands each request to Pages. Bounded
// in connections, time and size, one request a connection; no TLS, which belongs to a proxy before
// it (Home Assistant's ingress is one).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/result.hpp"
#include "net/address.hpp"
#include "web/status_board.hpp"

namespace iometer::web {

struct ServerOptions {
  net::Endpoint listen;           // port 0: a free one
  std::set<std::string> allowed;  // peers; empty = all
  // A request that is not there by then is given up.
  std::chrono::seconds request_time{10};
};

class Server {
 public:
  // `board` must outlive the server. Errors begin with "web.listen".
  static base::Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                                     StatusBoard& board);
  // Ends the thread; what is being answered is cut off.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Loop;
  explicit Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace iometer::web
