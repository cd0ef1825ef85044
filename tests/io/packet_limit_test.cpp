// A broker with a packet limit, in both protocols: it ends the connection over what is larger.
#include <doctest/doctest.h>

#include "io/link_runner.hpp"
#include "io/mosquitto.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using mqtt::Qos;

TEST_SUITE("io") {
  TEST_CASE("link: a broker's packet limit costs what is larger, and nothing else") {
    for (const bool mqtt5 : {false, true}) {
      CAPTURE(mqtt5);
      test::Mosquitto broker;
      broker.start("allow_anonymous true\nmax_packet_size 20000\n");
      io::PahoOptions options;
      options.host = "127.0.0.1";
      options.port = broker.port();
      options.mqtt5 = mqtt5;
      options.client_id = "bridge";
      test::LinkRunner link(options, "here");
      link.wanted = {{"iometer/a", "small", Qos::kAtLeastOnce, true},
                     {"iometer/big", std::string(30'000, 'x'), Qos::kAtLeastOnce, true},
                     {"iometer/c", std::string(15'000, 'x'), Qos::kAtLeastOnce, true}};
      link.start();
      std::size_t downs = 0;
      CHECK(test::run_until({&link}, [&] {
        const auto before = std::exchange(downs, link.count<mqtt::LinkDown>());
        if (downs != before) link.skip_to_deadline();
        return link.is_settled();
      }));
      CHECK(link.count<mqtt::ParcelRefused>() == 1);
      CHECK(link.count<mqtt::LinkDown>() == (mqtt5 ? 0 : 3));
    }
  }
}
