#include "io/half_open_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

namespace iometer::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

HalfOpenProxy::HalfOpenProxy(std::uint16_t broker_port) : broker_port_(broker_port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(0);
  socklen_t length = sizeof address;
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
      listen(listener_, 16) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

HalfOpenProxy::~HalfOpenProxy() {
  stopping_ = true;
  thread_.join();
  close(listener_);
  for (const auto& pair : pairs_) {
    close(pair.client);
    close(pair.broker);
  }
  for (const int socket : abandoned_) close(socket);
}

void HalfOpenProxy::abandon_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& pair : pairs_) {
    close(pair.client);
    abandoned_.push_back(pair.broker);
  }
  pairs_.clear();
}

bool HalfOpenProxy::break_one() {
  const std::lock_guard lock(mutex_);
  if (abandoned_.empty()) return false;
  close(abandoned_.front());
  abandoned_.erase(abandoned_.begin());
  return true;
}

std::size_t HalfOpenProxy::abandoned() const {
  const std::lock_guard lock(mutex_);
  return abandoned_.size();
}

void HalfOpenProxy::run() {
  while (!stopping_) {
    if (!step()) std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
}

bool HalfOpenProxy::step() {
  const std::lock_guard lock(mutex_);
  std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
  for (const auto& pair : pairs_) {
    waiting.push_back({pair.client, POLLIN, 0});
    waiting.push_back({pair.broker, POLLIN, 0});
  }
  if (poll(waiting.data(), waiting.size(), 0) <= 0) return false;
  for (std::size_t i = pairs_.size(); i-- > 0;) {
    const auto pair = pairs_[i];
    const bool alive = (waiting[1 + 2 * i].revents == 0 || move_bytes(pair.client, pair.broker)) &&
                       (waiting[2 + 2 * i].revents == 0 || move_bytes(pair.broker, pair.client));
    if (alive) continue;
    close(pair.client);
    close(pair.broker);
    pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (waiting[0].revents != 0) accept_one();
  return true;
}

void HalfOpenProxy::accept_one() {
  const int client = accept(listener_, nullptr, nullptr);
  if (client < 0) return;
  const int broker = socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(broker_port_);
  if (connect(broker, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(broker);
    return;
  }
  for (const int end : {client, broker}) {
    const int on = 1;
    setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  pairs_.push_back({client, broker});
}

bool HalfOpenProxy::move_bytes(int from, int to) {
  std::array<char, 65536> bytes;
  const auto size = recv(from, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size <= 0) return false;
  return send(to, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
}

}  // namespace iometer::test
