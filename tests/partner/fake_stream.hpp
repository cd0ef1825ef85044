// A full Stream without sockets and with a clock that the test moves. It records what was sent and
// plays the server by the listener that open() was given.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "partner/stream.hpp"

namespace iometer::test {

class FakeStream final : public partner::Stream {
 public:
  void open(const partner::StreamRequest& request, partner::StreamListener& listener) override {
    requests.push_back(request);
    listener_ = &listener;
    reading = true;
    closing.reset();
    sent.clear();
  }
  void send_text(std::string text) override { sent.push_back(std::move(text)); }
  void send_ping() override { sent.emplace_back("(ping frame)"); }
  void close(std::uint16_t code, std::string reason) override {
    closing.emplace(code, std::move(reason));
  }
  void drop() override {
    ++drops;
    listener_ = nullptr;
  }
  void set_reading(bool on) override { reading = on; }
  void arm_timer(base::SteadyTime when, std::function<void()> callback) override {
    due_ = when;
    callback_ = std::move(callback);
  }

  // The server's side.
  void accept(std::optional<base::WallTime> date = std::nullopt) { listener_->on_open(date); }
  void text(std::string_view message) { listener_->on_text(message, true); }
  void pong() { listener_->on_pong(); }
  void piece(std::string_view part, bool final) { listener_->on_text(part, final); }
  void end(const partner::StreamClosed& closed) {
    std::exchange(listener_, nullptr)->on_closed(closed);
  }
  [[nodiscard]] bool in_use() const { return listener_ != nullptr; }

  // The clock: runs the timers that fall due on the way.
  void advance(base::Duration time) {
    const auto end_time = now_ + time;
    while (due_ && *due_ <= end_time) {
      now_ = std::max(now_, *due_);
      due_.reset();
      ++timers;
      std::exchange(callback_, nullptr)();
    }
    now_ = end_time;
  }
  [[nodiscard]] base::Now now() const {
    return {now_, base::WallTime(now_.time_since_epoch()) + std::chrono::hours(24 * 365 * 50)};
  }

  std::vector<partner::StreamRequest> requests;
  std::vector<std::string> sent;  // since the newest open()
  std::optional<std::pair<std::uint16_t, std::string>> closing;
  bool reading = true;
  int drops = 0;
  int timers = 0;  // that fell due

 private:
  partner::StreamListener* listener_ = nullptr;
  base::SteadyTime now_{std::chrono::seconds(1000)};
  std::optional<base::SteadyTime> due_;
  std::function<void()> callback_;
};

}  // namespace iometer::test
