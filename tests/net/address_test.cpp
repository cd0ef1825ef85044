#include "net/address.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace iometer;

TEST_SUITE("net") {
  TEST_CASE("an address has one form, whatever it is written like") {
    struct Row {
      const char* text;
      const char* canonical;  // "" = no address
    };
    for (const auto& [text, canonical] :
         {Row{"127.0.0.1", "127.0.0.1"}, Row{"::1", "::1"}, Row{"0:0:0:0:0:0:0:1", "::1"},
          Row{"2001:DB8::00ff", "2001:db8::ff"}, Row{"::ffff:172.30.32.2", "172.30.32.2"},
          Row{"::ffff:ac1e:2002", "172.30.32.2"}, Row{"", ""}, Row{"localhost", ""},
          Row{"127.0.0.1 ", ""}, Row{"127.0.0", ""}, Row{"127.0.0.256", ""}, Row{"[::1]", ""},
          Row{"172.30.32.0/23", ""}}) {
      CAPTURE(text);
      CHECK(net::canonical_address(text).value_or("") == canonical);
    }
  }

  TEST_CASE("an endpoint is an address with its port") {
    const auto good = [](const char* text, const char* host, std::uint16_t port) {
      CAPTURE(text);
      const auto endpoint = net::parse_endpoint(text);
      REQUIRE(endpoint.ok());
      CHECK(*endpoint == net::Endpoint{host, port});
      CHECK(*net::parse_endpoint(net::endpoint_text(*endpoint)) == *endpoint);
    };
    good("127.0.0.1:8099", "127.0.0.1", 8099);
    good("0.0.0.0:1", "0.0.0.0", 1);
    good("localhost:65535", "127.0.0.1", 65535);
    good("[::1]:8099", "::1", 8099);
    good("[::]:8099", "::", 8099);
  }

  TEST_CASE("what is no endpoint is refused with what to write") {
    for (const char* text :
         {"", "8099", ":8099", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
          "127.0.0.1:80x", "127.0.0.1:-1", "::1:8099", "[127.0.0.1]:8099", "[localhost]:8099",
          "[]:8099", "example.org:80", "http://127.0.0.1:8099"}) {
      CAPTURE(text);
      const auto endpoint = net::parse_endpoint(text);
      REQUIRE_FALSE(endpoint.ok());
      CHECK(endpoint.error().kind == base::ErrorKind::kConfig);
      CHECK(endpoint.error().what.find("0.0.0.0:8099") != std::string::npos);
    }
  }
}
