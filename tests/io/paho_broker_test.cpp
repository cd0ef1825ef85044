// PahoClient is told another broker or login between two connections.
#include <doctest/doctest.h>

#include <chrono>
#include <optional>

#include "app/mailbox.hpp"
#include "io/mosquitto.hpp"
#include "io/paho_client.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::Mosquitto;

namespace {

struct Lab {
  explicit Lab(const io::PahoOptions& options)
      : client(options, [this](mqtt::ClientEvent event) { events.post(std::move(event)); }) {}

  mqtt::ClientEvent connect() {
    client.connect("");
    auto taken = events.take(std::chrono::steady_clock::now() + 20s, 0);
    REQUIRE(taken.control.size() == 1);
    return std::move(taken.control.front());
  }

  app::Mailbox<mqtt::ClientEvent, int> events{1};
  io::PahoClient client;  // its threads post until it is gone
};

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("paho: another broker is connected to from the next time on") {
    if (!Mosquitto::is_installed()) {
      MESSAGE("SKIPPED: /usr/sbin/mosquitto is not installed");
      return;
    }
    Mosquitto closed;
    closed.start("password_file " + closed.write("passwords", "") + "\n");
    Mosquitto open;
    open.start();
    io::PahoOptions options;
    options.host = "127.0.0.1";
    options.port = closed.port();
    options.client_id = "test-client";
    options.username = "somebody";
    options.password = base::Secret("geheim");
    options.login_remedy = "ask the janitor";
    Lab lab(options);
    const auto event = lab.connect();
    const auto* refused = std::get_if<mqtt::ConnectFailed>(&event);
    REQUIRE(refused != nullptr);
    CHECK(refused->error.kind == base::ErrorKind::kAuth);
    CHECK(refused->error.what.ends_with("ask the janitor"));
    lab.client.set_broker({"127.0.0.1", open.port(), false, "", {}});
    CHECK(std::holds_alternative<mqtt::Connected>(lab.connect()));
    CHECK(lab.client.publish({"t", "x", mqtt::Qos::kAtMostOnce, false}, std::nullopt).ok());
    // Not before the next connect(): what is connected stays as it is.
    lab.client.set_broker({"127.0.0.1", closed.port(), false, "somebody", base::Secret("geheim")});
    CHECK(lab.client.publish({"t", "x", mqtt::Qos::kAtMostOnce, false}, std::nullopt).ok());
    lab.client.disconnect(1s);
    CHECK(std::holds_alternative<mqtt::ConnectFailed>(lab.connect()));
  }
}
