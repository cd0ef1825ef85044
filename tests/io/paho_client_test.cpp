#include "io/paho_client.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <sstream>

#include "io/mosquitto.hpp"
#include "io/test_certificates.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using iometer::io::PahoClient;
using iometer::io::PahoOptions;
using iometer::test::Mosquitto;
using iometer::test::TestCertificates;
using mqtt::Qos;

namespace {

// Where the client's threads post to.
class Events {
 public:
  void post(mqtt::ClientEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  // The next event, which must be a T.
  template <class T>
  T expect(std::chrono::seconds patience = 20s) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, patience, [&] { return !events_.empty(); }));
    auto event = std::move(events_.front());
    events_.pop_front();
    CAPTURE(event.index());
    REQUIRE(std::holds_alternative<T>(event));
    return std::get<T>(std::move(event));
  }
  bool stays_empty(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [&] { return !events_.empty(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<mqtt::ClientEvent> events_;
};

struct Lab {
  explicit Lab(const PahoOptions& options)
      : client(options, [this](mqtt::ClientEvent event) { events.post(std::move(event)); }) {}
  ~Lab() { client.disconnect(1s); }
  void connect() {
    client.connect("");
    connected = events.expect<mqtt::Connected>();
  }
  base::Error fail_to_connect() {
    client.connect("");
    return events.expect<mqtt::ConnectFailed>().error;
  }

  Events events;
  mqtt::Connected connected;
  PahoClient client;  // its threads post until it is gone
};

PahoOptions options_for(const Mosquitto& broker, bool mqtt5 = false) {
  PahoOptions options;
  options.host = "127.0.0.1";
  options.port = broker.port();
  options.mqtt5 = mqtt5;
  options.client_id = "test-client";
  options.last_will = {"t/will", "offline", Qos::kAtLeastOnce, true};
  return options;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool no_broker() {
  if (Mosquitto::is_installed()) return false;
  MESSAGE("SKIPPED: /usr/sbin/mosquitto is not installed");
  return true;
}

std::string content_of(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

// The listener's TLS lines; the key is copied where the broker may read it.
std::string tls_listener(const Mosquitto& broker, const test::FaultServer::Tls& tls) {
  const auto certificate = broker.write("server.pem", content_of(tls.certificate_file));
  const auto key = broker.write("server.key", content_of(tls.key_file));
  return "certfile " + certificate + "\nkeyfile " + key + "\nallow_anonymous true\n";
}

PahoOptions tls_options(const Mosquitto& broker, const std::string& ca_file) {
  auto options = options_for(broker);
  options.tls = true;
  options.ca_file = ca_file;
  return options;
}

void publish_and_expect(Lab& lab, std::uint64_t token) {
  REQUIRE(lab.client.publish({"t/a", "x", Qos::kAtLeastOnce, false}, token).ok());
  const auto acknowledged = lab.events.expect<mqtt::Acknowledged>();
  CHECK(acknowledged.token == token);
  CHECK(acknowledged.reason_code == 0);
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("paho: publish tokens come back acknowledged, all and in order") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      Lab lab(options_for(broker, mqtt5));
      lab.connect();
      CHECK(lab.connected.receive_maximum.has_value() == mqtt5);
      if (mqtt5) CHECK(*lab.connected.receive_maximum == 20);
      for (std::uint64_t token = 1; token <= 15; ++token) {
        REQUIRE(lab.client.publish({"t/v", "1", Qos::kAtMostOnce, true}, std::nullopt).ok());
        REQUIRE(lab.client.publish({"t/r", "1", Qos::kAtLeastOnce, false}, token).ok());
      }
      for (std::uint64_t token = 1; token <= 15; ++token) {
        const auto acknowledged = lab.events.expect<mqtt::Acknowledged>();
        CHECK(acknowledged.token == token);
        CHECK(acknowledged.reason_code == 0);
      }
      CHECK(lab.events.stays_empty(100ms));
      // Without a token nobody is told.
      REQUIRE(lab.client.publish({"t/r", "1", Qos::kAtLeastOnce, false}, std::nullopt).ok());
      CHECK(lab.events.stays_empty(100ms));
    }
  }

  TEST_CASE(
      "paho: response topic and correlation data go both ways in MQTT 5, and nowhere in 3.1.1") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      Lab lab(options_for(broker, mqtt5));
      lab.connect();
      REQUIRE(lab.client.subscribe({"q/#"}, Qos::kAtLeastOnce).ok());
      mqtt::Message sent{"q/1", "x",         Qos::kAtLeastOnce,
                         false, "answers/1", std::string("\0\xff", 2)};
      REQUIRE(lab.client.publish(sent, std::nullopt).ok());
      const auto seen = lab.events.expect<mqtt::Received>().message;
      if (!mqtt5) sent.response_topic = sent.correlation_data = "";
      CHECK(seen == sent);
    }
  }

  TEST_CASE("paho: subscriptions give what is retained and what comes, exactly") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      Lab lab(options_for(broker, mqtt5));
      lab.connect();
      const std::string payload("a\0é", 4);
      REQUIRE(lab.client.publish({"t/kept", payload, Qos::kAtLeastOnce, true}, 1).ok());
      lab.events.expect<mqtt::Acknowledged>();
      REQUIRE(lab.client.subscribe({"t/#"}, Qos::kAtLeastOnce).ok());
      CHECK(lab.events.expect<mqtt::Received>().message ==
            mqtt::Message{"t/kept", payload, Qos::kAtLeastOnce, true});
      REQUIRE(lab.client.publish({"t/live", "", Qos::kAtMostOnce, false}, std::nullopt).ok());
      CHECK(lab.events.expect<mqtt::Received>().message ==
            mqtt::Message{"t/live", "", Qos::kAtMostOnce, false});
    }
  }

  TEST_CASE("paho: a refused login is an auth error that names what to check") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start("password_file " + broker.write("passwords", "") + "\n");
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      auto options = options_for(broker, mqtt5);
      options.username = "somebody";
      options.password = base::Secret("geheim");
      Lab lab(options);
      const auto error = lab.fail_to_connect();
      CAPTURE(error.what);
      CHECK(error.kind == base::ErrorKind::kAuth);
      CHECK(contains(error.what, "mqtt.username and mqtt.password"));
      CHECK(contains(error.what, std::to_string(broker.port())));
      CHECK_FALSE(contains(error.what, "geheim"));
    }
  }

  TEST_CASE("paho: MQTT 5 tells of a denied publish, MQTT 3.1.1 acknowledges it") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start("allow_anonymous true\nacl_file " +
                 broker.write("acl", "topic readwrite allowed/#\n") + "\n");
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      Lab lab(options_for(broker, mqtt5));
      lab.connect();
      REQUIRE(lab.client.publish({"denied/a", "x", Qos::kAtLeastOnce, false}, 1).ok());
      auto acknowledged = lab.events.expect<mqtt::Acknowledged>();
      CHECK(acknowledged.token == 1);
      CHECK(acknowledged.reason_code == (mqtt5 ? 0x87 : 0));
      REQUIRE(lab.client.publish({"allowed/a", "x", Qos::kAtLeastOnce, false}, 2).ok());
      acknowledged = lab.events.expect<mqtt::Acknowledged>();
      CHECK(acknowledged.token == 2);
      CHECK(acknowledged.reason_code == 0);
    }
  }

  TEST_CASE("paho: TLS with the right authority") {
    if (no_broker()) return;
    const TestCertificates certificates;
    Mosquitto broker;
    broker.start(tls_listener(broker, certificates.localhost()));
    for (const auto* host : {"127.0.0.1", "localhost"}) {
      auto options = tls_options(broker, certificates.ca_file());
      options.host = host;
      Lab lab(options);
      lab.connect();
      publish_and_expect(lab, 1);
    }
  }

  TEST_CASE("paho: TLS with a wrong authority or a wrong name is refused, and the reason said") {
    if (no_broker()) return;
    const TestCertificates certificates;
    Mosquitto right_name;
    right_name.start(tls_listener(right_name, certificates.localhost()));
    Mosquitto wrong_name;
    wrong_name.start(tls_listener(wrong_name, certificates.wrong_name()));
    const auto refused = [](const PahoOptions& options, const std::string& reason) {
      Lab lab(options);
      const auto error = lab.fail_to_connect();
      CAPTURE(error.what);
      CHECK(error.kind == base::ErrorKind::kTransient);
      CHECK(contains(error.what, "TLS"));
      CHECK(contains(error.what, reason));
      CHECK(contains(error.what, "mqtt.ca_file"));
    };
    refused(tls_options(right_name, certificates.other_ca_file()), "unknown CA");
    refused(tls_options(right_name, ""), "unknown CA");
    refused(tls_options(wrong_name, certificates.ca_file()), "another host name");
    refused(tls_options(right_name, "/nonexistent/ca.pem"), "CA file cannot be read");
    // And not refused, to see that it is the certificate that decides.
    Lab lab(tls_options(right_name, certificates.ca_file()));
    lab.connect();
  }

  TEST_CASE("paho: TLS towards a plain listener, and plain towards a TLS one, fail") {
    if (no_broker()) return;
    const TestCertificates certificates;
    Mosquitto plain;
    plain.start();
    Lab tls_client(tls_options(plain, certificates.ca_file()));
    CHECK(contains(tls_client.fail_to_connect().what, "TLS"));
    Mosquitto tls;
    tls.start(tls_listener(tls, certificates.localhost()));
    Lab plain_client(options_for(tls));
    CHECK(plain_client.fail_to_connect().kind == base::ErrorKind::kTransient);
  }

  TEST_CASE("paho: a killed broker is found lost, and connect() again works") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      Lab lab(options_for(broker, mqtt5));
      lab.connect();
      publish_and_expect(lab, 1);
      broker.kill();
      CHECK_FALSE(lab.events.expect<mqtt::ConnectionLost>().reason.empty());
      lab.client.disconnect(0ms);
      CHECK(lab.fail_to_connect().kind == base::ErrorKind::kTransient);
      broker.start();
      lab.connect();
      publish_and_expect(lab, 2);
    }
  }

  TEST_CASE("paho: nothing is heard after disconnect()") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    Lab lab(options_for(broker));
    lab.connect();
    REQUIRE(lab.client.subscribe({"t/#"}, Qos::kAtLeastOnce).ok());
    Lab other([&] {
      auto options = options_for(broker);
      options.client_id = "other";
      return options;
    }());
    other.connect();
    lab.client.disconnect(1s);
    REQUIRE(other.client.publish({"t/late", "x", Qos::kAtLeastOnce, false}, 1).ok());
    other.events.expect<mqtt::Acknowledged>();
    CHECK(lab.events.stays_empty(200ms));
    CHECK_FALSE(lab.client.publish({"t/a", "x", Qos::kAtLeastOnce, false}, 2).ok());
    CHECK_FALSE(lab.client.subscribe({"t/#"}, Qos::kAtLeastOnce).ok());
  }

  TEST_CASE("paho: the last will is not said on leaving and is said when the client is cut off") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    auto options = options_for(broker);
    options.client_id = "watcher";
    Lab watcher(options);
    watcher.connect();
    REQUIRE(watcher.client.subscribe({"t/will"}, Qos::kAtLeastOnce).ok());
    {
      Lab lab(options_for(broker));
      lab.connect();
      lab.client.disconnect(1s);
      CHECK(watcher.events.stays_empty(200ms));
      // Another connection with the same client id throws the first one out.
      lab.connect();
      Lab usurper(options_for(broker));
      usurper.connect();
      lab.events.expect<mqtt::ConnectionLost>();
      CHECK(watcher.events.expect<mqtt::Received>().message ==
            mqtt::Message{"t/will", "offline", Qos::kAtLeastOnce, false});
    }
  }

  TEST_CASE("paho: an unreachable port is told with what to check") {
    PahoOptions options;
    options.host = "127.0.0.1";
    options.port = test::free_port();
    options.client_id = "test-client";
    for (const bool mqtt5 : {false, true}) {
      options.mqtt5 = mqtt5;
      Lab lab(options);
      const auto error = lab.fail_to_connect();
      CAPTURE(error.what);
      CHECK(error.kind == base::ErrorKind::kTransient);
      CHECK(contains(error.what, "127.0.0.1:" + std::to_string(options.port)));
      CHECK(contains(error.what, "mqtt.url"));
      CHECK(lab.events.stays_empty(100ms));
    }
  }

  TEST_CASE("paho: without a connection nothing is taken") {
    PahoOptions options;
    options.host = "127.0.0.1";
    Lab lab(options);
    CHECK_FALSE(lab.client.publish({"t/a", "x", Qos::kAtLeastOnce, false}, 1).ok());
    CHECK_FALSE(lab.client.subscribe({"t"}, Qos::kAtLeastOnce).ok());
    lab.client.disconnect(1s);
    CHECK(lab.events.stays_empty(10ms));
  }
}
