// A TCP proxy that loses the client's side of a connection and keeps the broker's: what a host that
// lost power, or a NAT that forgot, leaves behind. The broker learns of it when the test says so.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace iometer::test {

class HalfOpenProxy {
 public:
  explicit HalfOpenProxy(std::uint16_t broker_port);
  ~HalfOpenProxy();
  HalfOpenProxy(const HalfOpenProxy&) = delete;
  HalfOpenProxy& operator=(const HalfOpenProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // From now on nothing that the clients of now do reaches the broker, not even their end.
  void abandon_all();
  // The broker finds one abandoned connection broken: it says its last will. False: there is none.
  bool break_one();
  [[nodiscard]] std::size_t abandoned() const;

 private:
  struct Pair {
    int client;
    int broker;
  };
  void run();
  bool step();  // false: nothing was there to do
  void accept_one();
  // Moves what is there; false: one side ended.
  static bool move_bytes(int from, int to);

  std::uint16_t broker_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  mutable std::mutex mutex_;
  std::vector<Pair> pairs_;
  std::vector<int> abandoned_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace iometer::test
