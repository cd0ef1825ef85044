#include "io/url.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace iometer;
using io::Url;

namespace {

constexpr std::array<std::string_view, 2> kHttp{"http", "https"};
constexpr std::array<std::string_view, 2> kMqtt{"mqtt", "mqtts"};

std::string error_of(std::string_view text) {
  const auto url = io::parse_url(text, kHttp);
  return url ? "none: " + url->to_string() : url.error().what;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("url: parts, known ports, text form") {
    CHECK(*io::parse_url("https://partner.prod.iometer.cloud/api/v1/query", kHttp) ==
          Url{"https", "partner.prod.iometer.cloud", 443, "/api/v1/query"});
    CHECK(*io::parse_url("HTTP://127.0.0.1:8080", kHttp) == Url{"http", "127.0.0.1", 8080, "/"});
    CHECK(*io::parse_url("http://[::1]:81/a?b=c", kHttp) == Url{"http", "[::1]", 81, "/a?b=c"});
    CHECK(*io::parse_url("mqtt://broker", kMqtt) == Url{"mqtt", "broker", 1883, "/"});
    CHECK(io::parse_url("mqtts://broker", kMqtt)->port == 8883);
    for (const std::string text : {"https://host/", "http://[::1]:81/a?b=c", "http://host/x"}) {
      CHECK(io::parse_url(text, kHttp)->to_string() == text);
    }
  }

  TEST_CASE("url: the WebSocket's is derived") {
    CHECK(io::websocket_url(*io::parse_url("https://host/api/v1/query", kHttp)).to_string() ==
          "wss://host/api/v1/query");
    CHECK(io::websocket_url(*io::parse_url("http://host:8080/q", kHttp)).to_string() ==
          "ws://host:8080/q");
  }

  TEST_CASE("url: what is refused, and why") {
    CHECK(error_of("ftp://host/") == "not a usable URL: it must begin with http:// or https://");
    CHECK(error_of("host/path") == "not a usable URL: it must begin with http:// or https://");
    CHECK(error_of("").find("it must begin with") != std::string::npos);
    CHECK(error_of("https://user:pass@host/").find("keys of their own") != std::string::npos);
    CHECK(error_of("https://user:pass@host/").find("pass@") == std::string::npos);
    CHECK(error_of("https://host/#x").find("fragment") != std::string::npos);
    CHECK(error_of("https:///path").starts_with("not a usable URL"));
    CHECK(error_of("https://host:99999/").starts_with("not a usable URL"));
    CHECK(error_of("https://host:0/").starts_with("not a usable URL"));
    CHECK(error_of("https://ho st/").find("blank") != std::string::npos);
    CHECK(error_of("https://host/\r\nX: y").find("control") != std::string::npos);
    CHECK(io::parse_url("x", kHttp).error().kind == base::ErrorKind::kConfig);
  }
}
