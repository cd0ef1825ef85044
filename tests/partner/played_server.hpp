// A server of any transport, played on a fake stream for an hour of simulated time: a behaviour
// says what each of its connections does; what the subscription makes of it is counted and
// compared.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "partner/fake_stream.hpp"
#include "partner/session_words.hpp"
#include "partner/subscription.hpp"

namespace iometer::test {

// Attempts in an hour at most, by what fails: the table in README, "How often the API is asked".
inline constexpr std::size_t kTransientHour = 127;  // 1 s, doubling to 60 s, less half
inline constexpr std::size_t kCodeHour = 121;       // 30 s at least
inline constexpr std::size_t kProtocolHour = 61;    // a minute at least
inline constexpr std::size_t kAuthHour = 5;         // 1, 5, 15, then each 30 min
inline constexpr std::size_t kPermanentHour = 2;    // once more, then hourly

class PlayedServer {
 public:
  // None: auto.
  explicit PlayedServer(std::optional<partner::Transport> transport)
      : subscription_({"https://host/api",
                       "wss://host/api",
                       {"id", base::Secret("secret")},
                       transport,
                       std::chrono::seconds(60)},
                      hooks(), stream_) {}

  // --- what a connection does ---
  void accept() { stream_.accept(); }
  // Up to where the subscription stands.
  void serve() {
    accept();
    acknowledge();
    show_life();
    alive_ = true;
  }
  void acknowledge() { raw(is_sse() ? ":\n\n" : R"({"type":"connection_ack"})"); }
  void show_life() {
    if (is_sse()) raw(": ping\n\n");
    if (transport() == partner::Transport::kTransportWs) raw(R"({"type":"pong"})");
    if (transport() == partner::Transport::kLegacyWs) stream_.pong();
  }
  void result(const std::string& payload) {
    const bool legacy = transport() == partner::Transport::kLegacyWs;
    message(legacy ? "data" : "next", payload);
  }
  void reading() { result(result_of("m1")); }
  // The operation is refused, with an array of errors, as each transport says that (gqlgen).
  void refuse(const std::string& errors) {
    if (is_sse()) {
      result(R"({"errors":)" + errors + R"(,"data":null})");
      complete();
    } else {
      message("error", errors);
    }
  }
  void complete() {
    if (is_sse()) {
      raw("event: complete\n\n");
    } else {
      raw(R"({"type":"complete","id":")" + id() + R"("})");
    }
  }
  void raw(std::string_view bytes) {
    if (stream_.in_use() && !stream_.closing) stream_.text(bytes);
  }
  void end(const partner::StreamClosed& closed) {
    if (stream_.in_use()) stream_.end(closed);
  }
  void answer(int status, std::string type = "text/html", std::string body = "<html>") {
    partner::StreamClosed closed;
    closed.http_status = status;
    closed.content_type = std::move(type);
    closed.body = std::move(body);
    end(closed);
  }
  // It does not answer signs of life any more.
  void fall_silent() { alive_ = false; }
  // Later in this connection.
  void after(base::Duration delay, std::function<void(PlayedServer&)> what) {
    later_.emplace_back(stream_.now().steady + delay, std::move(what));
  }
  // What the newest request asked for.
  [[nodiscard]] bool asks_for_history() const {
    const auto& request = stream_.requests.back();
    const auto& body = request.body ? *request.body : stream_.sent.at(stream_.sent.size() - 2);
    return body.find("\"startTime\":\"") != std::string::npos;
  }

  // --- the hour ---
  void play(const std::function<void(PlayedServer&)>& connection, base::Duration time) {
    subscription_.want(true);
    for (base::Duration passed{}; passed < time; passed += kStep) {
      if (stream_.requests.size() > served_) {
        later_.clear();
        alive_ = false;
        connection(*this);
        served_ = stream_.requests.size();
      }
      answer_pings();
      finish_close();
      run_later();
      stream_.advance(kStep);
    }
  }

  [[nodiscard]] const FakeStream& stream() const { return stream_; }
  [[nodiscard]] const std::vector<partner::LinkState>& links() const { return links_; }
  // How the link was when it first stood still: live, or waiting for the next attempt.
  [[nodiscard]] std::optional<partner::LinkState> settled() const {
    for (const auto& link : links_) {
      if (link.phase == partner::LinkPhase::kWaiting) return link;
    }
    if (links_.empty() || links_.back().phase != partner::LinkPhase::kLive) return std::nullopt;
    return links_.back();
  }
  std::size_t delivered = 0;
  std::size_t dropped = 0;

 private:
  static constexpr base::Duration kStep = std::chrono::milliseconds(100);

  // Of the newest connection.
  [[nodiscard]] partner::Transport transport() const {
    const auto& request = stream_.requests.back();
    if (request.body) return partner::Transport::kEventStream;
    return partner::transport_of_name(request.subprotocol).value();
  }
  [[nodiscard]] bool is_sse() const { return transport() == partner::Transport::kEventStream; }
  [[nodiscard]] std::string id() const {
    for (auto sent = stream_.sent.rbegin(); sent != stream_.sent.rend(); ++sent) {
      const auto at = sent->find(R"("id":")");
      if (at == 1) return sent->substr(at + 6, sent->find('"', at + 6) - at - 6);
    }
    return "1";
  }
  void message(const std::string& type, const std::string& payload) {
    if (is_sse()) {
      raw("event: " + type + "\ndata: " + payload + "\n\n");
    } else {
      raw(R"({"type":")" + type + R"(","id":")" + id() + R"(","payload":)" + payload + "}\n");
    }
  }
  void answer_pings() {
    const auto& sent = stream_.sent;
    const bool asked =
        !sent.empty() && (sent.back() == R"({"type":"ping"})" || sent.back() == "(ping frame)");
    const bool due =
        is_sse() ? stream_.now().steady >= next_comment_ : sent.size() != answered_ && asked;
    if (!alive_ || !stream_.in_use() || stream_.closing || !due) return;
    answered_ = sent.size();
    next_comment_ = stream_.now().steady + std::chrono::seconds(12);
    show_life();
  }
  void finish_close() {
    if (stream_.closing && stream_.in_use()) stream_.end({stream_.closing->first, 0, {}, ""});
  }
  void run_later() {
    for (auto it = later_.begin(); it != later_.end();) {
      if (it->first > stream_.now().steady) {
        ++it;
        continue;
      }
      const auto what = std::move(it->second);
      it = later_.erase(it);
      what(*this);
    }
  }
  partner::SubscriptionHooks hooks() {
    return {[this](const partner::Delivery&) {
              ++delivered;
              return true;
            },
            [this](const partner::LinkState& link) { links_.push_back(link); },
            [this] { return stream_.now().wall - std::chrono::hours(23); },
            [this](const base::Error&) { ++dropped; },
            [] {},
            [this] { return stream_.now(); },
            [] { return std::uint64_t{0}; }};  // the shortest delays: the most attempts
  }

  FakeStream stream_;
  std::vector<partner::LinkState> links_;
  std::vector<std::pair<base::SteadyTime, std::function<void(PlayedServer&)>>> later_;
  std::size_t served_ = 0;
  std::size_t answered_ = 0;
  base::SteadyTime next_comment_{};
  bool alive_ = false;
  partner::Subscription subscription_;
};

struct Expected {
  std::optional<base::ErrorKind> kind;  // none: live
  std::string message = {};             // a part of it
  base::Duration next_attempt{};        // the first one
  std::size_t attempts_an_hour = 1;     // at most
};

struct Behaviour {
  std::string name;
  std::function<void(PlayedServer&)> connection;
  Expected expected;
};

// Plays each for an hour, and checks state, message, next attempt, number of attempts and that
// nothing is done without a reason. Without a transport (auto) the first two attempts may come
// sooner, as those with the next ones do.
void check_behaviours(std::optional<partner::Transport> transport,
                      const std::vector<Behaviour>& behaviours);

// What every transport may meet; and both WebSocket protocols; and event streams.
std::vector<Behaviour> common_behaviours();
std::vector<Behaviour> websocket_behaviours();
std::vector<Behaviour> event_stream_behaviours();

}  // namespace iometer::test
