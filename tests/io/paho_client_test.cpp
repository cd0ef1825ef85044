#include "io/paho_client.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "io/paho_lab.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using io::PahoClient;
using io::PahoOptions;
using mqtt::Qos;
using test::contains;
using test::Mosquitto;
using test::no_broker;
using test::options_for;
using test::PahoLab;
using test::publish_and_expect;

TEST_SUITE("io") {
  TEST_CASE("paho: publish tokens come back acknowledged, all and in order") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      PahoLab lab(options_for(broker, mqtt5));
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
      PahoLab lab(options_for(broker, mqtt5));
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
      PahoLab lab(options_for(broker, mqtt5));
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
      PahoLab lab(options);
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
      PahoLab lab(options_for(broker, mqtt5));
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

  TEST_CASE("paho: a killed broker is found lost, and connect() again works") {
    if (no_broker()) return;
    Mosquitto broker;
    broker.start();
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      PahoLab lab(options_for(broker, mqtt5));
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
    PahoLab lab(options_for(broker));
    lab.connect();
    REQUIRE(lab.client.subscribe({"t/#"}, Qos::kAtLeastOnce).ok());
    PahoLab other([&] {
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
    PahoLab watcher(options);
    watcher.connect();
    REQUIRE(watcher.client.subscribe({"t/will"}, Qos::kAtLeastOnce).ok());
    {
      PahoLab lab(options_for(broker));
      lab.connect();
      lab.client.disconnect(1s);
      CHECK(watcher.events.stays_empty(200ms));
      // Another connection with the same client id throws the first one out.
      lab.connect();
      PahoLab usurper(options_for(broker));
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
      PahoLab lab(options);
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
    PahoLab lab(options);
    CHECK_FALSE(lab.client.publish({"t/a", "x", Qos::kAtLeastOnce, false}, 1).ok());
    CHECK_FALSE(lab.client.subscribe({"t"}, Qos::kAtLeastOnce).ok());
    lab.client.disconnect(1s);
    CHECK(lab.events.stays_empty(10ms));
  }
}
