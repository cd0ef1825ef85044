#include "mqtt/outbox.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>
#include <utility>

#include "base/random.hpp"

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
Parcel reading_parcel(int number, const std::string& power) {
  return {{value("power", power), reading("r" + std::to_string(number))},
          static_cast<std::uint64_t>(number)};
}
void mark(Message& message) { message.payload += " resent"; }

std::vector<Outbox::Outgoing> drain(Outbox& outbox) {
  std::vector<Outbox::Outgoing> all;
  while (auto outgoing = outbox.next()) all.push_back(*std::move(outgoing));
  return all;
}
std::vector<std::string> texts(const std::vector<Outbox::Outgoing>& all) {
  std::vector<std::string> result;
  for (const auto& one : all) result.push_back(one.message.topic + "=" + one.message.payload);
  return result;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("mqtt") {
  TEST_CASE("a parcel goes out in order, and only its last message wants an acknowledgement") {
    Outbox outbox(mark);
    outbox.push(reading_parcel(1, "10"));
    outbox.push({{retained("availability", "online")}, std::nullopt});
    outbox.push({});
    const auto sent = drain(outbox);
    CHECK(texts(sent) == Texts{"power=10", "reading=r1", "availability=online"});
    CHECK_FALSE(sent[0].token);
    REQUIRE(sent[1].token);
    REQUIRE(sent[2].token);
    CHECK(outbox.in_flight() == 2);
    CHECK(outbox.acknowledged(*sent[1].token) == 1U);
    CHECK_FALSE(outbox.acknowledged(*sent[1].token));
    CHECK_FALSE(outbox.is_empty());
    CHECK_FALSE(outbox.acknowledged(*sent[2].token));
    CHECK(outbox.is_empty());
    CHECK_FALSE(outbox.acknowledged(999));
  }

  TEST_CASE("on first sending every value goes out, also one that is superseded") {
    Outbox outbox(mark);
    for (int i = 1; i <= 3; ++i) outbox.push(reading_parcel(i, std::to_string(i)));
    CHECK(texts(drain(outbox)) ==
          Texts{"power=1", "reading=r1", "power=2", "reading=r2", "power=3", "reading=r3"});
  }

  TEST_CASE("what a lost connection took is sent again, marked, without superseded values") {
    Outbox outbox(mark);
    outbox.push(reading_parcel(1, "1"));
    outbox.push(reading_parcel(2, "2"));
    drain(outbox);
    outbox.push(reading_parcel(3, "3"));
    outbox.connection_lost();
    CHECK(outbox.in_flight() == 0);
    CHECK(texts(drain(outbox)) ==
          Texts{"reading=r1 resent", "reading=r2 resent", "power=3", "reading=r3"});
    outbox.connection_lost();
    CHECK(texts(drain(outbox)) ==
          Texts{"reading=r1 resent", "reading=r2 resent", "power=3", "reading=r3 resent"});
  }

  TEST_CASE("a parcel that was cut in the middle is sent again as a whole") {
    Outbox outbox(mark);
    outbox.push(reading_parcel(1, "1"));
    REQUIRE(outbox.next());
    outbox.connection_lost();
    CHECK(texts(drain(outbox)) == Texts{"power=1", "reading=r1 resent"});
  }

  TEST_CASE("after a replay nothing older comes back over the newest") {
    Outbox outbox(mark);
    outbox.push({{retained("availability", "offline")}, std::nullopt});
    outbox.push(reading_parcel(1, "1"));
    outbox.push({{retained("availability", "online")}, std::nullopt});
    outbox.push(reading_parcel(2, "2"));
    outbox.replay_retained();
    CHECK(outbox.is_replaying());
    CHECK(texts(drain(outbox)) == Texts{"availability=online", "power=2", "reading=r1",
                                        "availability=online", "power=2", "reading=r2"});
    CHECK_FALSE(outbox.is_replaying());
  }

  TEST_CASE("a replay asks for an acknowledgement of each message and is not sent again") {
    Outbox outbox(mark);
    outbox.push(reading_parcel(1, "1"));
    for (const auto& one : drain(outbox)) {
      if (one.token) outbox.acknowledged(*one.token);
    }
    outbox.replay_retained();
    const auto replayed = drain(outbox);
    REQUIRE(replayed.size() == 1);
    CHECK(replayed[0].token);
    CHECK(replayed[0].message == retained("power", "1"));
    CHECK_FALSE(outbox.is_empty());
    outbox.connection_lost();
    CHECK(outbox.is_empty());
  }

  TEST_CASE("a topic that is forgotten while the replay waits for it is passed over") {
    Outbox outbox(mark);
    outbox.push({{retained("a", "1")}, std::nullopt});
    outbox.push({{retained("b", "1")}, std::nullopt});
    outbox.push({{retained("c", "1")}, std::nullopt});
    drain(outbox);
    outbox.connection_lost();
    outbox.set_limits({1, 256, 512});
    outbox.replay_retained();
    auto outgoing = outbox.next();
    REQUIRE(outgoing);
    CHECK(outgoing->message.topic == "a");
    outbox.push({{retained("b", "")}, std::nullopt});
    outbox.acknowledged(*outgoing->token);
    outgoing = outbox.next();
    REQUIRE(outgoing);
    CHECK(outgoing->message.topic == "c");
    // The last one, too.
    outbox.replay_retained();
    outbox.push({{retained("a", "")}, std::nullopt});
    outbox.push({{retained("c", "")}, std::nullopt});
    CHECK_FALSE(outbox.is_replaying());
  }

  TEST_CASE("a quota puts parcels back into their places, also replayed ones") {
    Outbox outbox(mark);
    for (int i = 1; i <= 3; ++i) outbox.push(reading_parcel(i, std::to_string(i)));
    const auto sent = drain(outbox);
    outbox.put_back(*sent[1].token);
    outbox.put_back(*sent[3].token);
    outbox.put_back(77);
    CHECK(texts(drain(outbox)) == Texts{"reading=r1 resent", "reading=r2 resent"});

    Outbox replaying(mark);
    replaying.push({{retained("a", "1")}, std::nullopt});
    const auto first = drain(replaying);
    replaying.acknowledged(*first[0].token);
    replaying.replay_retained();
    const auto again = drain(replaying);
    replaying.put_back(*again[0].token);
    CHECK(texts(drain(replaying)) == Texts{"a=1"});
  }

  TEST_CASE("a refused parcel is given up") {
    Outbox outbox(mark);
    outbox.push(reading_parcel(1, "1"));
    const auto sent = drain(outbox);
    const auto parcel = outbox.refused(*sent[1].token);
    REQUIRE(parcel);
    CHECK(parcel->commit_id == 1U);
    CHECK(outbox.is_empty());
    CHECK_FALSE(outbox.refused(*sent[1].token));
  }

  TEST_CASE("everything retained can be taken back") {
    Outbox outbox(mark);
    outbox.push(reading_parcel(1, "1"));
    outbox.push({{retained("a", "1")}, std::nullopt});
    outbox.push({{retained("transient", "1")}, std::nullopt, false});
    drain(outbox);
    outbox.forget_retained();
    CHECK(texts(drain(outbox)) == Texts{"power=", "a="});
    outbox.replay_retained();
    CHECK_FALSE(outbox.is_replaying());
  }

  TEST_CASE("the window counts parcels and messages") {
    Outbox outbox(mark);
    outbox.set_limits({3, 5, 4});
    for (int i = 1; i <= 4; ++i) outbox.push(reading_parcel(i, std::to_string(i)));
    CHECK_FALSE(outbox.has_room());
    const auto sent = drain(outbox);
    CHECK(sent.size() == 4);  // a third parcel would make six messages
    CHECK(outbox.has_room());
    outbox.acknowledged(*sent[1].token);
    CHECK(drain(outbox).size() == 2);

    Outbox narrow(mark);
    narrow.set_limits({3, 1, 4});
    narrow.push(reading_parcel(1, "1"));
    narrow.push(reading_parcel(2, "2"));
    CHECK(drain(narrow).size() == 2);  // larger than the window, but alone
  }
}

namespace {

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
