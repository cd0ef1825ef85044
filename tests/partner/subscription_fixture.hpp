// A Subscription on a fake stream, with everything that its hooks were told.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "partner/fake_stream.hpp"
#include "partner/subscription.hpp"

namespace iometer::test {

inline constexpr std::string_view kAck = R"({"type":"connection_ack"})";
inline constexpr std::string_view kPong = R"({"type":"pong"})";

inline std::string reading(std::string_view meter) {
  return R"({"id":"1","type":"next","payload":{"data":{"meterReadings":{"meter":{"id":")" +
         std::string(meter) + R"(","number":"n"},"time":"2026-11-24T12:00:00Z",)" +
         R"("values":[{"obisCode":"1-0:1.8.0","value":1.2345678e+06,"unit":"Wh"}]}}}})" + "\n";
}

struct SubscriptionFixture {
  explicit SubscriptionFixture(
      partner::AuthPlace place = partner::AuthPlace::kBoth,
      std::optional<partner::Transport> transport = partner::Transport::kTransportWs,
      partner::AuthMethod method = partner::AuthMethod::kBasic)
      : subscription({"https://host/api",
                      "wss://host/api",
                      {"id", base::Secret("secret"), method, place},
                      transport,
                      std::chrono::seconds(60)},
                     hooks(), stream) {}

  partner::SubscriptionHooks hooks() {
    return {[this](const partner::Delivery& d) {
              delivered.push_back(d.reading.meter.id);
              return has_room;
            },
            [this](const partner::LinkState& link) { links.push_back(link); },
            [this] { return resume_from; },
            [this](const base::Error& error) { dropped.push_back(error); },
            [this] { ++answers; },
            [this] { return stream.now(); },
            [this] { return random_value; }};
  }
  void go_live() {
    stream.accept();
    stream.text(kAck);
    stream.text(kPong);
    REQUIRE(links.back().phase == partner::LinkPhase::kLive);
  }
  // Advances to the next attempt and checks when that is.
  void expect_retry_after(base::Duration delay) {
    REQUIRE(links.back().phase == partner::LinkPhase::kWaiting);
    CHECK(*links.back().retry_in == delay);
    const auto before = stream.requests.size();
    stream.advance(delay - base::Duration(1));
    CHECK(stream.requests.size() == before);
    stream.advance(base::Duration(1));
    CHECK(stream.requests.size() == before + 1);
    CHECK(links.back().phase == partner::LinkPhase::kConnecting);
  }

  FakeStream stream;
  int answers = 0;
  std::vector<std::string> delivered;
  std::vector<partner::LinkState> links;
  std::vector<base::Error> dropped;
  bool has_room = true;
  std::optional<base::WallTime> resume_from;
  std::uint64_t random_value = 0;  // the shortest transient delay: half of 1, 2, 4 … s
  partner::Subscription subscription;
};

}  // namespace iometer::test
