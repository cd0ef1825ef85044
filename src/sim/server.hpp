// The simulator's libwebsockets context with its loop: accepts, refuses upgrades as gqlgen and the
// partner's front would, and hands everything else to HttpConnection and WsConnection. All of it
// happens on the thread that calls run(); other threads only use stop() and control().
#pragma once

#include <libwebsockets.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.hpp"
#include "sim/control.hpp"
#include "sim/http_connection.hpp"
#include "sim/service.hpp"
#include "sim/upgrade.hpp"
#include "sim/ws_connection.hpp"

namespace iometer::sim {

class Server {
 public:
  static base::Result<std::unique_ptr<Server>> create(SimulatorOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  void run();
  void stop();
  base::Result<std::string> control(std::string request);
  [[nodiscard]] std::uint16_t port() const { return port_; }

  // For the callbacks of libwebsockets.
  int on_http(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length);
  int on_websocket(lws* wsi, lws_callback_reasons reason, void* in, std::size_t length);

 private:
  struct WakeTimer {
    lws_sorted_usec_list_t sul{};  // first member: the callback finds the rest by it
    Server* server = nullptr;
  };
  struct ControlRequest {
    std::string text;
    std::promise<base::Result<std::string>> answer;
  };

  explicit Server(SimulatorOptions options);
  base::Status listen();
  [[nodiscard]] std::int64_t now_ms() const;
  HttpConnection& http_connection(lws* wsi);
  ApiAnswer handle(const std::string& path, const ApiRequest& request);
  int confirm_upgrade(lws* wsi);
  int establish(lws* wsi);
  void forget(lws* wsi);
  ControlOutcome apply(std::string_view request);
  TransportCounts count_connections(std::int64_t now_ms);
  void apply_to(lws* wsi, WsConnection& connection, const ControlEffect& effect) const;
  void apply_to(lws* wsi, HttpConnection& connection, const ControlEffect& effect) const;
  void run_control_requests();
  void wake_all();
  std::optional<std::int64_t> next_keep_alive_ms();
  void arm_timer();
  int armed(int result);
  static void on_timer(lws_sorted_usec_list_t* sul);

  Service service_;
  // Steps of the machine's clock must not move readings: what is received is ordered by this one.
  std::chrono::system_clock::time_point wall_start_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point steady_start_ = std::chrono::steady_clock::now();
  std::uint16_t port_ = 0;
  WakeTimer timer_;
  std::int64_t silent_until_ms_ = 0;
  // libwebsockets looks the client's subprotocols up in this table; what it finds there under the
  // second name is decided anew for each upgrade.
  std::array<char, 64> subprotocol_{"-"};
  std::array<lws_protocols, 3> protocols_;
  std::unordered_map<lws*, Upgrade> upgrades_;  // under way
  std::unordered_map<lws*, std::unique_ptr<HttpConnection>> http_;
  std::unordered_map<lws*, std::unique_ptr<WsConnection>> websockets_;

  std::mutex mutex_;
  bool stopping_ = false;
  std::deque<ControlRequest> requests_;

  lws_context* context_ = nullptr;
};

}  // namespace iometer::sim
