#include "mqtt/outbox.hpp"

#include <doctest/doctest.h>

using namespace iometer::mqtt;

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

  TEST_CASE("all but the last message of a parcel go as QoS 0: Receive Maximum counts parcels") {
    Outbox outbox(mark);
    outbox.push({{retained("a", ""), retained("b", ""), value("c", "")}, std::nullopt});
    const auto sent = drain(outbox);
    REQUIRE(sent.size() == 3);
    CHECK(sent[0].message.qos == Qos::kAtMostOnce);
    CHECK(sent[1].message.qos == Qos::kAtMostOnce);
    CHECK(sent[2].message.qos == Qos::kAtLeastOnce);
    CHECK_FALSE(sent[1].token);
    CHECK(sent[2].token);
  }

  TEST_CASE("of answers that a slow broker does not take the newest 256 wait") {
    Outbox outbox(mark);
    outbox.set_limits({1, 256, 512});
    outbox.push(reading_parcel(1, "10"));
    CHECK(drain(outbox).size() == 2);  // and the window is full
    outbox.push(reading_parcel(2, "20"));
    for (int i = 0; i < 300; ++i)
      outbox.push({{{"answer", std::to_string(i), Qos::kAtLeastOnce, false}}, std::nullopt});
    CHECK(outbox.waiting() == 257);
    outbox.acknowledged(1);
    const auto next = drain(outbox);
    REQUIRE(next.size() == 2);
    CHECK(next[1].message.payload == "r2");
    outbox.acknowledged(2);
    CHECK(texts(drain(outbox)) == Texts{"answer=44"});
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

  TEST_CASE("what is resent does not step back where its last message was replaced") {
    Outbox outbox(mark);
    outbox.push({{value("power", "1"), retained("last_reading", "1")}, 1});
    drain(outbox);
    outbox.push({{value("power", "2"), retained("last_reading", "2")}, 2});
    outbox.connection_lost();
    // The first one's acknowledgement is still wanted: it carries what holds now.
    CHECK(texts(drain(outbox)) == Texts{"last_reading=2", "power=2", "last_reading=2"});
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

  TEST_CASE("what a parcel clears, the replay before it does not clear, too") {
    Outbox outbox(mark);
    RetainedReading at_broker({"#"});
    at_broker.arrived(retained("gone", "device"));
    at_broker.arrived(retained("other", "old"));
    outbox.begin_replay(std::move(at_broker));
    outbox.push_while_away({{retained("other", "")}, std::nullopt});
    outbox.push_while_away({{retained("gone", "")}, 7});
    const auto sent = drain(outbox);
    CHECK(texts(sent) == Texts{"other=", "gone="});
    REQUIRE(sent.back().token);
    CHECK(outbox.acknowledged(*sent.back().token) == 7);
  }

  TEST_CASE("what changes while all is published once more goes out, too") {
    Outbox outbox(mark);
    for (const auto* topic : {"a", "b", "c"}) outbox.push({{retained(topic, "1")}, std::nullopt});
    for (const auto& one : drain(outbox)) outbox.acknowledged(*one.token);
    outbox.connection_lost();
    outbox.begin_replay(RetainedReading({"#"}));
    const auto first = outbox.next();
    REQUIRE(first);
    outbox.replay_retained();  // asked for in the middle of it
    while (outbox.is_replaying()) outbox.acknowledged(*outbox.next()->token);
    outbox.push_while_away({{retained("a", "2")}, std::nullopt});
    CHECK(texts(drain(outbox)) == Texts{"a=2"});
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
