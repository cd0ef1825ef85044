#include "mqtt/broker_link.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "base/random.hpp"
#include "base/sanitizer.hpp"
#include "io/half_open_proxy.hpp"
#include "io/link_runner.hpp"
#include "io/mosquitto.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using iometer::test::HalfOpenProxy;
using iometer::test::LinkRunner;
using iometer::test::Mosquitto;
using iometer::test::run_until;
using mqtt::Qos;

namespace {

bool no_broker() {
  if (Mosquitto::is_installed()) return false;
  MESSAGE("SKIPPED: /usr/sbin/mosquitto is not installed");
  return true;
}

io::PahoOptions options_for(std::uint16_t port, const std::string& client_id, bool mqtt5 = false) {
  io::PahoOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.mqtt5 = mqtt5;
  options.client_id = client_id;
  options.last_will = {"iometer/bridge/state", "offline", Qos::kAtLeastOnce, true};
  return options;
}

// Sees everything below the base topic.
class Watcher {
 public:
  explicit Watcher(const Mosquitto& broker)
      : client_(options(broker), [this](mqtt::ClientEvent event) { handle(std::move(event)); }) {
    client_.connect("");
    REQUIRE(wait_for([&] { return connected_; }));
    REQUIRE(client_.subscribe({"iometer/#"}, Qos::kAtMostOnce).ok());
    sync();
  }
  ~Watcher() { client_.disconnect(1s); }

  // What was published before has been seen when this returns.
  void sync() {
    const auto mark = "mark" + std::to_string(++marks_);
    REQUIRE(
        client_.publish({"iometer/watcher", mark, Qos::kAtLeastOnce, false}, std::nullopt).ok());
    REQUIRE(wait_for([&] { return last_["iometer/watcher"] == mark; }));
  }
  std::string last(const std::string& topic) {
    const std::lock_guard lock(mutex_);
    return last_[topic];
  }
  int take_offlines() {
    const std::lock_guard lock(mutex_);
    return std::exchange(offlines_, 0);
  }
  std::map<std::string, int> take_live() {
    const std::lock_guard lock(mutex_);
    live_.erase("iometer/watcher");
    return std::exchange(live_, {});
  }

 private:
  static io::PahoOptions options(const Mosquitto& broker) {
    auto options = options_for(broker.port(), "watcher");
    options.last_will = {};
    return options;
  }
  bool wait_for(const std::function<bool()>& condition) {
    return run_until({}, [&] {
      const std::lock_guard lock(mutex_);
      return condition();
    });
  }
  void handle(mqtt::ClientEvent event) {
    const std::lock_guard lock(mutex_);
    if (std::holds_alternative<mqtt::Connected>(event)) connected_ = true;
    const auto* received = std::get_if<mqtt::Received>(&event);
    if (received == nullptr) return;
    last_[received->message.topic] = received->message.payload;
    if (received->message.topic == "iometer/bridge/state" && received->message.payload == "offline")
      ++offlines_;
    if (!received->message.retain) ++live_[received->message.topic];
  }

  std::mutex mutex_;
  bool connected_ = false;
  int marks_ = 0;
  std::map<std::string, std::string> last_;
  int offlines_ = 0;
  std::map<std::string, int> live_;
  io::PahoClient client_;
};

std::vector<mqtt::Message> topics(int count) {
  std::vector<mqtt::Message> messages;
  for (int i = 0; i < count; ++i) {
    messages.push_back({"iometer/meter/m/value/v" + std::to_string(i), std::to_string(i),
                        Qos::kAtLeastOnce, true});
  }
  return messages;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE(
      "link: a restart with nothing changed publishes bridge/state and nothing else retained") {
    if (no_broker()) return;
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      Mosquitto broker;
      broker.start();
      // Far more retained messages than a stock broker's queue of 1,000: all of them arrive, and
      // within the five seconds that the probe has to come back.
      for (const int count : {30, base::kSanitizerSlowdown > 1 ? 1500 : 5000}) {
        CAPTURE(count);
        const auto start = [&](LinkRunner& link) {
          link.wanted = topics(count);
          link.says_info = false;
          link.start();
          REQUIRE(run_until({&link}, [&] { return link.is_settled(); }));
          const auto* read = std::get_if<mqtt::RetainedRead>(&link.events.front());
          REQUIRE(read != nullptr);
          CHECK(read->complete);
          const auto messages = read->messages.size();
          link.leave();
          return messages;
        };
        LinkRunner first(options_for(broker.port(), "bridge", mqtt5), "home");
        start(first);
        Watcher watcher(broker);
        LinkRunner second(options_for(broker.port(), "bridge", mqtt5), "home");
        CHECK(start(second) == static_cast<std::size_t>(count) + 1);
        watcher.sync();
        CHECK(watcher.take_live() ==
              std::map<std::string, int>{{"iometer/bridge/probe", 1}, {"iometer/bridge/state", 2}});
      }
    }
  }

  TEST_CASE("link: a broker that lost its data is filled again") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    LinkRunner link(options_for(broker.port(), "bridge"), "home");
    link.wanted = topics(30);
    link.start();
    REQUIRE(run_until({&link}, [&] { return link.is_settled(); }));
    broker.kill();
    REQUIRE(run_until({&link}, [&] { return !link.is_up(); }));
    broker.start();
    REQUIRE(run_until({&link}, [&] { return link.is_settled(); }));
    Watcher watcher(broker);
    for (const auto& message : link.wanted) CHECK(watcher.last(message.topic) == message.payload);
    CHECK(watcher.last("iometer/bridge/state") == "online");
  }

  TEST_CASE("link: of two bridges on one base one is up, and the other takes over at its end") {
    if (no_broker()) return;
    for (const bool same_client_id : {false, true}) {
      for (const bool at_once : {true, false}) {
        CAPTURE(same_client_id);
        CAPTURE(at_once);
        Mosquitto broker;
        broker.start();
        const auto port = broker.port();
        LinkRunner a(options_for(port, "bridge"), "a");
        LinkRunner b(options_for(port, same_client_id ? "bridge" : "bridge-b"),
                     same_client_id ? "a" : "b");
        a.start();
        if (!at_once) REQUIRE(run_until({&a}, [&] { return a.is_settled(); }));
        b.start();
        const auto yielded = [](const LinkRunner& link) {
          return link.count<mqtt::SecondBridge>() > 0 && !link.is_up();
        };
        const auto decided = [&] {
          return (a.is_settled() && yielded(b)) || (b.is_settled() && yielded(a));
        };
        REQUIRE(run_until({&a, &b}, decided));
        auto& winner = a.is_up() ? a : b;
        auto& loser = a.is_up() ? b : a;
        Watcher watcher(broker);
        REQUIRE(run_until({&winner, &loser}, [&] {
          return watcher.last("iometer/bridge/info").find(winner.run()) != std::string::npos;
        }));
        // It asks again, is answered, and leaves the other alone.
        const auto downs = winner.count<mqtt::LinkDown>();
        watcher.sync();
        watcher.take_offlines();
        const auto connections = loser.connections();
        const auto downs_of_loser = loser.count<mqtt::LinkDown>();
        loser.skip_to_deadline();
        // Until it has yielded, its time must not be moved again: it would wait half a minute more.
        REQUIRE(run_until({&winner, &loser},
                          [&] { return loser.connections() > connections && loser.waits(); }));
        CHECK(loser.count<mqtt::LinkDown>() == downs_of_loser);
        CHECK(run_until({&winner, &loser}, [&] { return winner.count<mqtt::RivalSeen>() >= 1; }));
        watcher.sync();
        CHECK(run_until({&winner, &loser}, [&] {
          return watcher.last("iometer/bridge/probe") == winner.run() + " a here" ||
                 watcher.last("iometer/bridge/probe") == winner.run() + " b here";
        }));
        CHECK(winner.is_settled());
        CHECK(winner.count<mqtt::LinkDown>() == downs);
        watcher.sync();
        // Not even by its last will.
        CHECK(watcher.take_offlines() == 0);
        CHECK(watcher.last("iometer/bridge/state") == "online");
        winner.leave();
        loser.skip_to_deadline();
        REQUIRE(run_until({&loser}, [&] { return loser.is_settled(); }));
        watcher.sync();
        CHECK(watcher.last("iometer/bridge/state") == "online");
        CHECK(watcher.last("iometer/bridge/info").find(loser.run()) != std::string::npos);
      }
    }
  }

  TEST_CASE("link: over 20 half-open takeovers bridge/state always ends online") {
    if (no_broker()) return;
    test::Random random;
    CAPTURE(random.seed());
    Mosquitto broker;
    broker.start();
    HalfOpenProxy proxy(broker.port());
    Watcher watcher(broker);
    for (int round = 0; round < 20; ++round) {
      CAPTURE(round);
      // A client id of its own leaves the will to the moment when the broker finds out; with the
      // same one the broker says it before CONNACK.
      const auto id = random.chance(70) ? "bridge-" + std::to_string(round) : "bridge";
      LinkRunner link(options_for(proxy.port(), id), "home");
      link.wanted = topics(5);
      link.says_info = false;
      link.start();
      const auto late = std::chrono::milliseconds(random.number(0, 30));
      const auto when = std::chrono::steady_clock::now() + late;
      bool broken = false;
      REQUIRE(run_until({&link}, [&] {
        if (!broken && std::chrono::steady_clock::now() >= when) {
          broken = true;
          for (int i = random.number(0, 2); i > 0; --i) proxy.break_one();
        }
        return broken && link.is_settled();
      }));
      REQUIRE(run_until({&link}, [&] { return watcher.last("iometer/bridge/state") == "online"; }));
      proxy.abandon_all();
    }
    // All that are left, under a last one that is up.
    LinkRunner link(options_for(proxy.port(), "last"), "home");
    link.start();
    REQUIRE(run_until({&link}, [&] { return link.is_settled(); }));
    CHECK(proxy.abandoned() > 0);
    while (proxy.break_one()) {
    }
    watcher.sync();
    REQUIRE(run_until({&link}, [&] {
      return link.is_settled() && watcher.last("iometer/bridge/state") == "online";
    }));
    CHECK(link.is_up());
  }
}
