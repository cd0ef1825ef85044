#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/random.hpp"
#include "mqtt/outbox.hpp"

using namespace iometer::mqtt;
using iometer::test::Random;

namespace {

Message value(const std::string& topic, const std::string& payload) {
  return {topic, payload, Qos::kAtMostOnce, true};
}
Message retained(const std::string& topic, const std::string& payload) {
  return {topic, payload, Qos::kAtLeastOnce, true};
}
Message reading(const std::string& payload) {
  return {"reading", payload, Qos::kAtLeastOnce, false};
}
void mark(Message& message) { message.payload += " resent"; }

// A broker at the end of a wire, and everything that a random run checks.
class Run {
 public:
  explicit Run(Random& random) : random_(random) {
    limits_ = {static_cast<std::size_t>(random_.number(1, 6)),
               static_cast<std::size_t>(random_.number(4, 16)), 512};
    outbox_.set_limits(limits_);
  }

  void step() {
    switch (random_.number(0, 9)) {
      case 0:
      case 1:
      case 2:
        return push();
      case 3:
      case 4:
        return send();
      case 5:
        return read();
      case 6:
      case 7:
        return answer(random_.chance(10) ? kQuota : kTaken);
      case 8:
        return random_.chance(30) ? lose() : send();
      default:
        return random_.chance(10) ? outbox_.replay_retained() : answer(kTaken);
    }
  }

  void finish() {
    for (int round = 0; round < 10'000 && !outbox_.is_empty(); ++round) {
      send();
      read_all();
      while (!unanswered_.empty()) answer(kTaken);
    }
    REQUIRE(outbox_.is_empty());
    CHECK(committed_.size() == readings_);
    CHECK(retained_ == newest_);
  }

 private:
  enum Verdict { kTaken, kQuota };
  static constexpr int kTopics = 3;

  void push() {
    ++number_;
    const auto topic = "v" + std::to_string(random_.number(1, kTopics));
    const auto payload = std::to_string(number_);
    newest_[topic] = number_;
    if (random_.chance(30)) return outbox_.push({{retained(topic, payload)}, std::nullopt});
    Parcel parcel{{value(topic, payload)}, static_cast<std::uint64_t>(number_)};
    const auto second = "w" + std::to_string(random_.number(1, kTopics));
    newest_[second] = number_;
    parcel.messages.push_back(value(second, payload));
    parcel.messages.push_back(reading(payload));
    ++readings_;
    outbox_.push(std::move(parcel));
  }

  void send() {
    for (int i = random_.number(1, 8); i > 0; --i) {
      auto outgoing = outbox_.next();
      if (!outgoing) return;
      REQUIRE_FALSE(outgoing->message.topic.empty());
      ++unfinished_;
      if (outgoing->token) sizes_[*outgoing->token] = std::exchange(unfinished_, 0);
      wire_.push_back(*std::move(outgoing));
      check_window();
    }
  }

  void check_window() {
    REQUIRE(outbox_.in_flight() <= limits_.parcels_in_flight);
    std::size_t messages = unfinished_;
    for (const auto& [token, size] : sizes_) messages += size;
    const bool alone = sizes_.size() + (unfinished_ > 0 ? 1 : 0) == 1;
    REQUIRE((alone || messages <= limits_.messages_in_flight));
  }

  // The broker reads one message; what it retains never goes back to something older.
  void read() {
    if (wire_.empty()) return;
    const auto outgoing = std::move(wire_.front());
    wire_.pop_front();
    const auto& message = outgoing.message;
    if (message.retain) {
      const int payload = std::stoi(message.payload);
      REQUIRE(payload >= retained_[message.topic]);
      retained_[message.topic] = payload;
    } else {
      const bool repeated = !readings_read_.insert(std::stoi(message.payload)).second;
      const bool marked = message.payload.ends_with(" resent");
      if (repeated) REQUIRE(marked);
      REQUIRE(message.payload.find(" resent") == message.payload.rfind(" resent"));
    }
    if (outgoing.token) unanswered_.push_back(*outgoing.token);
  }
  void read_all() {
    while (!wire_.empty()) read();
  }

  void answer(Verdict verdict) {
    if (unanswered_.empty()) return;
    const auto token = unanswered_.front();
    unanswered_.pop_front();
    sizes_.erase(token);
    if (verdict == kQuota) {
      orderly_ = false;
      return outbox_.put_back(token);
    }
    const auto commit = outbox_.acknowledged(token);
    if (!commit) return;
    REQUIRE(committed_.insert(*commit).second);
    // In the order of pushing, unless a quota made one wait while others passed.
    if (orderly_) REQUIRE(*committed_.rbegin() == *commit);
  }

  void lose() {
    for (int i = random_.number(0, 5); i > 0; --i) read();
    wire_.clear();
    unanswered_.clear();
    sizes_.clear();
    unfinished_ = 0;
    outbox_.connection_lost();
    REQUIRE(outbox_.in_flight() == 0);
    outbox_.replay_retained();
  }

  Random& random_;
  Outbox outbox_{mark};
  OutboxLimits limits_;
  int number_ = 0;
  std::size_t readings_ = 0;
  std::map<std::string, int> newest_;
  std::map<std::string, int> retained_;  // by the broker
  std::set<int> readings_read_;
  std::set<std::uint64_t> committed_;
  bool orderly_ = true;
  std::deque<Outbox::Outgoing> wire_;
  std::deque<std::uint64_t> unanswered_;
  std::map<std::uint64_t, std::size_t> sizes_;  // messages of each parcel in flight
  std::size_t unfinished_ = 0;                  // messages of the parcel that is being handed out
};

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("whatever happens to the connection, the outbox loses nothing and keeps the order") {
    Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 400; ++i) {
      CAPTURE(i);
      Run run(random);
      for (int steps = random.number(1, 300); steps > 0; --steps) run.step();
      run.finish();
    }
  }
}
