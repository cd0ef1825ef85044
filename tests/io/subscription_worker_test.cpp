#include "app/subscription_worker.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/sanitizer.hpp"
#include "io/fault_server.hpp"
#include "io/test_certificates.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using partner::LinkPhase;
using test::FaultServer;
using test::Peer;

namespace {

constexpr std::string_view kProtocol = "graphql-transport-ws";

// A server that plays one subscription: answers until the client unsubscribes or closes.
class Script {
 public:
  void operator()(Peer& peer) {
    peer.accept_upgrade(kProtocol);
    for (auto frame = peer.read_frame(); frame.opcode >= 0; frame = peer.read_frame()) {
      if (frame.opcode == 8) {
        note("close");  // before the answer, which the client waits for
        peer.send_frame(8, frame.payload);
        return;
      }
      if (contains(frame, "connection_init")) peer.send_text(R"({"type":"connection_ack"})");
      if (contains(frame, "\"ping\"")) peer.send_text(R"({"type":"pong"})");
      if (contains(frame, "\"complete\"")) note("complete");
      if (contains(frame, "\"subscribe\"")) {
        note(contains(frame, "startTime\":\"2023-11-14T22:13:20Z") ? "subscribe from"
                                                                   : "subscribe");
        const bool ends = cut.exchange(false);  // before the client may have seen the last one
        for (int i = 0; i < readings; ++i) peer.send_text(reading(i));
        if (ends) return;
      }
    }
  }
  std::string heard() {
    const std::lock_guard lock(mutex_);
    return fmt::format("{}", fmt::join(heard_, ", "));
  }
  static std::string reading(int i) {
    return R"({"id":"1","type":"next","payload":{"data":{"meterReadings":{"meter":{"id":"m)" +
           std::to_string(i) + R"("},"time":"2026-11-24T12:00:00Z","values":[]}}}})";
  }

  int readings = 0;
  std::atomic<bool> cut = false;  // end abruptly after the readings, once

 private:
  static bool contains(const Peer::Frame& frame, std::string_view text) {
    return frame.payload.find(text) != std::string::npos;
  }
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(std::move(what));
  }
  std::mutex mutex_;
  std::vector<std::string> heard_;
};

struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> meters;
  std::vector<partner::LinkState> links;
  std::size_t room = 1'000'000;

  app::SubscriptionWorkerHooks hooks() {
    return {[this](const partner::Delivery& d) {
              const std::lock_guard lock(mutex);
              meters.push_back(d.reading.meter.id);
              changed.notify_all();
              return meters.size() < room;
            },
            [this](const partner::LinkState& link) {
              const std::lock_guard lock(mutex);
              links.push_back(link);
              changed.notify_all();
            },
            [] { return base::WallTime(1'700'000'000s); }, [](const base::Error&) {}, [] {}};
  }
  template <class Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 30s, predicate);
  }
  bool wait_phase(LinkPhase phase) {
    return wait([&] { return !links.empty() && links.back().phase == phase; });
  }
  bool wait_meters(std::size_t count) {
    return wait([&] { return meters.size() >= count; });
  }
};

app::SubscriptionWorkerConfig config_for(const std::string& url) {
  return {{"", url, {"id", base::Secret("secret")}, partner::Transport::kTransportWs, 60s}, ""};
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("subscription worker: live, suspended and live again, a polite end") {
    Script script;
    script.readings = 3;
    FaultServer server([&](Peer& peer) { script(peer); });
    Seen seen;
    {
      app::SubscriptionWorker worker(config_for(server.url("ws")), seen.hooks());
      REQUIRE(worker.start().ok());
      CHECK(script.heard().empty());
      worker.want(true);
      REQUIRE(seen.wait_meters(3));
      worker.want(false);
      REQUIRE(seen.wait_phase(LinkPhase::kSuspended));
      worker.want(true);
      REQUIRE(seen.wait_meters(6));
    }
    CHECK(seen.links.back().phase == LinkPhase::kSuspended);
    CHECK(script.heard() == "subscribe from, complete, close, subscribe from, complete, close");
  }

  TEST_CASE("subscription worker: renewed, it subscribes again and says so") {
    Script script;
    script.readings = 3;
    FaultServer server([&](Peer& peer) { script(peer); });
    Seen seen;
    {
      app::SubscriptionWorker worker(config_for(server.url("ws")), seen.hooks());
      worker.renew();  // not started: nothing
      REQUIRE(worker.start().ok());
      worker.want(true);
      REQUIRE(seen.wait_phase(LinkPhase::kLive));
      REQUIRE(seen.wait_meters(3));
      worker.renew();
      REQUIRE(seen.wait_meters(6));
      REQUIRE(seen.wait_phase(LinkPhase::kLive));
    }
    std::vector<LinkPhase> phases;  // no back-off among them
    for (const auto& link : seen.links) phases.push_back(link.phase);
    CHECK(phases == std::vector<LinkPhase>{LinkPhase::kConnecting, LinkPhase::kLive,
                                           LinkPhase::kConnecting, LinkPhase::kLive,
                                           LinkPhase::kSuspended});
    CHECK(script.heard() == "subscribe from, complete, close, subscribe from, complete, close");
  }

  TEST_CASE("subscription worker: back-pressure and a connection that breaks, nothing is lost") {
    Script script;
    script.readings = 3000;
    FaultServer server([&](Peer& peer) { script(peer); });
    Seen seen;
    seen.room = 10;
    app::SubscriptionWorker worker(config_for(server.url("ws")), seen.hooks());
    REQUIRE(worker.start().ok());
    worker.want(true);
    REQUIRE(seen.wait_meters(10));
    std::this_thread::sleep_for(300ms);
    {
      const std::lock_guard lock(seen.mutex);
      CHECK(seen.meters.size() < 500);  // what one read of the socket held
      seen.room = 1'000'000;
    }
    worker.resume_reading();
    REQUIRE(seen.wait_meters(3000));
    for (std::size_t i = 0; i < 3000; ++i) {
      REQUIRE(seen.meters[i] == "m" + std::to_string(i));
    }
    script.cut = true;
    worker.want(false);
    REQUIRE(seen.wait_phase(LinkPhase::kSuspended));
    worker.want(true);
    // Cut, then connected again by itself.
    REQUIRE(seen.wait([&] {
      const auto lives = std::count_if(seen.links.begin(), seen.links.end(), [](const auto& link) {
        return link.phase == LinkPhase::kLive;
      });
      return lives == 3 && seen.meters.size() >= 6000 && seen.meters.back() == "m2999";
    }));
    CHECK_FALSE(script.cut);
  }

  TEST_CASE("subscription worker: stops soon whatever hangs") {
    FaultServer silent([](Peer& peer) { peer.wait_for_end(); });
    FaultServer deaf([](Peer& peer) {
      peer.accept_upgrade(kProtocol);
      peer.send_text(R"({"type":"connection_ack"})");
      peer.wait_for_end();
    });
    const auto urls = {silent.url("ws"), deaf.url("ws"), std::string("wss://partner.invalid/")};
    for (const auto& url : urls) {
      CAPTURE(url);
      Seen seen;
      std::chrono::steady_clock::time_point start;
      {
        app::SubscriptionWorker worker(config_for(url), seen.hooks());
        REQUIRE(worker.start().ok());
        worker.want(true);
        REQUIRE(seen.wait_phase(LinkPhase::kConnecting));
        std::this_thread::sleep_for(100ms);
        start = std::chrono::steady_clock::now();
      }
      CHECK(std::chrono::steady_clock::now() - start < 5s * base::kSanitizerSlowdown);
    }
  }

  TEST_CASE("subscription worker: failures reach the hook, configuration errors the caller") {
    FaultServer server([](Peer& peer) {
      peer.read_head();
      peer.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
      peer.wait_for_end();
    });
    Seen seen;
    app::SubscriptionWorker worker(config_for(server.url("ws")), seen.hooks());
    REQUIRE(worker.start().ok());
    worker.want(true);
    REQUIRE(seen.wait_phase(LinkPhase::kWaiting));
    {
      const std::lock_guard lock(seen.mutex);
      CHECK(seen.links.back().error->kind == base::ErrorKind::kAuth);
      REQUIRE(seen.links.back().retry_in.has_value());
      CHECK(*seen.links.back().retry_in > 59s);
      CHECK(*seen.links.back().retry_in <= 1min);
    }
    auto bad_ca = config_for(server.url("ws"));
    bad_ca.ca_file = "/nonexistent/ca.pem";
    CHECK(app::SubscriptionWorker(bad_ca, seen.hooks()).start().error().kind ==
          base::ErrorKind::kConfig);
    auto bad_id = config_for(server.url("ws"));
    bad_id.subscription.credentials.id = "a\nb";
    CHECK(app::SubscriptionWorker(bad_id, seen.hooks())
              .start()
              .error()
              .what.starts_with("partner.id"));
  }
}
