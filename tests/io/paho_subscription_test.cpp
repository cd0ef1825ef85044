#include <doctest/doctest.h>

#include <mutex>

#include "io/fault_server.hpp"
#include "io/link_runner.hpp"
#include "io/mosquitto.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using iometer::test::FaultServer;
using iometer::test::Mosquitto;
using iometer::test::run_until;
using mqtt::Qos;

namespace {

struct Lab {
  explicit Lab(std::uint16_t port)
      : client(options(port), [this](mqtt::ClientEvent event) {
          const std::lock_guard lock(mutex);
          events.push_back(std::move(event));
        }) {}
  ~Lab() { client.disconnect(0ms); }
  static io::PahoOptions options(std::uint16_t port) {
    io::PahoOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.client_id = "bridge";
    return options;
  }
  template <class T>
  T wait_for() {
    std::optional<T> found;
    REQUIRE(run_until({}, [&] {
      const std::lock_guard lock(mutex);
      for (const auto& event : events) {
        if (const auto* wanted = std::get_if<T>(&event)) found = *wanted;
      }
      return found.has_value();
    }));
    return *found;
  }
  std::vector<std::string> payloads() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> payloads;
    for (const auto& event : events) {
      if (const auto* received = std::get_if<mqtt::Received>(&event))
        payloads.push_back(received->message.payload);
    }
    return payloads;
  }

  std::mutex mutex;
  std::vector<mqtt::ClientEvent> events;
  io::PahoClient client;
};

// One packet with a length below 128: its type, then its body.
std::string read_packet(test::Peer& peer) {
  const auto head = peer.read(2);
  if (head.size() < 2) return {};
  return head.substr(0, 1) + peer.read(static_cast<unsigned char>(head[1]));
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("paho: a refused subscription names its filter, and the client id has its suffix") {
    std::string connect;
    FaultServer server([&](test::Peer& peer) {
      connect = read_packet(peer);
      peer.write(std::string("\x20\x02\x00\x00", 4));
      for (int i = 0; i < 2; ++i) {
        const auto subscribe = read_packet(peer);
        const bool refused = subscribe.find("secret/#") != std::string::npos;
        peer.write("\x90\x03" + subscribe.substr(1, 2) + (refused ? "\x80" : std::string(1, '\0')));
      }
      peer.wait_for_end();
    });
    {
      Lab lab(server.port());
      lab.client.connect("-1f");
      lab.wait_for<mqtt::Connected>();
      REQUIRE(lab.client.subscribe({"open/#", "secret/#"}, Qos::kAtMostOnce).ok());
      const auto failed = lab.wait_for<mqtt::SubscribeFailed>();
      CHECK(failed.filter == "secret/#");
      CHECK_FALSE(failed.reason.empty());
    }
    server.stop();
    CHECK(connect.ends_with("bridge-1f"));
  }

  TEST_CASE("paho: what is unsubscribed is heard no more, the rest still is") {
    if (!Mosquitto::is_installed()) {
      MESSAGE("SKIPPED: /usr/sbin/mosquitto is not installed");
      return;
    }
    Mosquitto broker;
    broker.start();
    Lab lab(broker.port());
    CHECK_FALSE(lab.client.unsubscribe({"a/#"}).ok());
    lab.client.connect("");
    lab.wait_for<mqtt::Connected>();
    REQUIRE(lab.client.subscribe({"a/#", "b"}, Qos::kAtLeastOnce).ok());
    const auto say = [&](const std::string& topic, const std::string& payload) {
      REQUIRE(lab.client.publish({topic, payload, Qos::kAtLeastOnce, false}, std::nullopt).ok());
    };
    say("a/1", "1");
    REQUIRE(lab.client.unsubscribe({"a/#"}).ok());
    say("a/1", "2");
    say("b", "3");
    CHECK(run_until({}, [&] { return lab.payloads().size() >= 2; }));
    CHECK(lab.payloads() == std::vector<std::string>{"1", "3"});
  }
}
