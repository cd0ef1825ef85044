// A client of lws_stream for tests: the stream with its loop's thread, and what its listener was
// told.
#pragma once

#include <doctest/doctest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "io/fault_server.hpp"
#include "io/lws_stream.hpp"

namespace iometer::test {

inline constexpr std::string_view kProtocol = "graphql-transport-ws";

// What a stream told its listener, to be waited for from the test's thread.
class Recorder : public partner::StreamListener {
 public:
  bool wait_open() {
    return wait([this] { return opened_ > 0; });
  }
  std::string wait_message(std::size_t index) {
    if (!wait([&] { return messages_.size() > index; })) return "none";
    const std::lock_guard lock(mutex_);
    return messages_[index];
  }
  // Of what is not final, so far: an event stream.
  bool wait_partial(std::string_view text) {
    return wait([&] { return partial_.find(text) != std::string::npos; });
  }
  partner::StreamClosed wait_closed() {
    if (!wait([this] { return !closed_.empty(); })) return {-1, -1, {}, "never closed"};
    const std::lock_guard lock(mutex_);
    return closed_.back();
  }
  bool wait_pong() {
    return wait([this] { return pongs_ > 0; });
  }
  std::optional<base::WallTime> date() {
    const std::lock_guard lock(mutex_);
    return date_;
  }
  std::string partial() {
    const std::lock_guard lock(mutex_);
    return partial_;
  }
  std::size_t message_count() {
    const std::lock_guard lock(mutex_);
    return messages_.size();
  }
  std::size_t closed_count() {
    const std::lock_guard lock(mutex_);
    return closed_.size();
  }
  bool was_opened() {
    const std::lock_guard lock(mutex_);
    return opened_ > 0;
  }

 protected:
  void forget_open() {
    const std::lock_guard lock(mutex_);
    opened_ = 0;
  }

 private:
  template <class Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), predicate);
  }
  void on_open(std::optional<base::WallTime> date) override {
    const std::lock_guard lock(mutex_);
    ++opened_;
    date_ = date;
    changed_.notify_all();
  }
  void on_pong() override {
    const std::lock_guard lock(mutex_);
    ++pongs_;
    changed_.notify_all();
  }
  void on_text(std::string_view piece, bool final) override {
    const std::lock_guard lock(mutex_);
    partial_ += piece;
    if (final) messages_.push_back(std::exchange(partial_, ""));
    changed_.notify_all();
  }
  void on_closed(const partner::StreamClosed& closed) override {
    const std::lock_guard lock(mutex_);
    closed_.push_back(closed);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int opened_ = 0;
  int pongs_ = 0;
  std::optional<base::WallTime> date_;
  std::string partial_;
  std::vector<std::string> messages_;
  std::vector<partner::StreamClosed> closed_;
};

class StreamClient final : public Recorder {
 public:
  explicit StreamClient(io::LwsStreamOptions options = {}) {
    auto created = io::LwsStream::create(std::move(options));
    REQUIRE_MESSAGE(created.ok(), (created.ok() ? "" : created.error().what));
    stream = std::move(*created);
    thread_ = std::thread([this] { stream->run(); });
  }
  ~StreamClient() override {
    stream->quit();
    thread_.join();
  }
  StreamClient(const StreamClient&) = delete;
  StreamClient& operator=(const StreamClient&) = delete;

  void open(std::string url, partner::Headers headers = {{"Authorization", "Basic abc"}}) {
    forget_open();
    on_loop([this, request = partner::StreamRequest{std::move(url), std::string(kProtocol),
                                                    std::nullopt, std::move(headers)}] {
      stream->open(request, *this);
    });
  }
  void on_loop(std::function<void()> task) { stream->post(std::move(task)); }

  std::unique_ptr<io::LwsStream> stream;

 private:
  std::thread thread_;
};

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

inline void echo(Peer& peer) {
  peer.accept_upgrade(kProtocol);
  while (true) {
    const auto frame = peer.read_frame();
    if (frame.opcode == 8) peer.send_frame(8, frame.payload);
    if (frame.opcode != 1) return;
    peer.send_text(frame.payload);
  }
}

}  // namespace iometer::test
