#include "web/pages.hpp"

#include <doctest/doctest.h>

#include <string>

#include "web/assets.hpp"
#include "web/example_snapshot.hpp"

using namespace iometer;
using namespace iometer::web;
using namespace std::chrono_literals;

namespace {

constexpr base::SteadyTime kBegin{
    -100'000h};  // long before the real clock's: nothing is waited for

struct Fixture {
  StatusBoard board{[] {}, kBegin};
  Pages pages{board, {}};

  [[nodiscard]] Response get(const std::string& path, base::SteadyTime now = kBegin) const {
    return pages.answer({"GET", path, "localhost:8099", "127.0.0.1"}, now);
  }
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_SUITE("web") {
  TEST_CASE_FIXTURE(Fixture, "/health is about the program alone") {
    CHECK(get("/health").status == 200);
    CHECK(get("/health").body == "ok\n");
    auto snapshot = test::example_snapshot();
    snapshot.api = {false, "waiting", "refused", std::nullopt};
    snapshot.broker = {false, "down", "not reachable", std::nullopt};
    snapshot.problem = "auth_failed";
    board.show(snapshot, kBegin);
    CHECK(get("/health").status == 200);
    CHECK(get("/health", kBegin + 61s).status == 503);
    CHECK(contains(get("/health", kBegin + 61s).body, "stood still"));
    board.beat(kBegin + 61s);
    CHECK(get("/health", kBegin + 61s).status == 200);
  }

  TEST_CASE_FIXTURE(Fixture, "/ready is about both links") {
    CHECK(get("/ready").status == 503);  // no word of the brain yet
    board.show(test::example_snapshot(), kBegin);
    CHECK(get("/ready").status == 200);
    CHECK(get("/ready").type == "application/json");
    CHECK(get("/ready").body == R"({"ready":true,"reasons":[]})");
    auto snapshot = test::example_snapshot();
    snapshot.broker = {false, "down", "not reachable", std::nullopt};
    board.show(snapshot, kBegin);
    CHECK(get("/ready").status == 503);
    CHECK(contains(get("/ready").body, "not reachable"));
  }

  TEST_CASE_FIXTURE(Fixture, "/status is a snapshot of now, or none") {
    board.show(test::example_snapshot(), kBegin);
    CHECK(get("/status").status == 200);
    CHECK(contains(get("/status").body, "1EMH1"));
    const auto late = get("/status", kBegin + 10s);
    CHECK(late.status == 503);
    CHECK_FALSE(contains(late.body, "1EMH1"));
  }

  TEST_CASE_FIXTURE(Fixture, "the page and its files are there, and nothing else") {
    CHECK(contains(get("/").body, "<!doctype html>"));
    CHECK(get("/").type == "text/html; charset=utf-8");
    CHECK(get("/page.js").type == "text/javascript; charset=utf-8");
    CHECK(get("/style.css").type == "text/css; charset=utf-8");
    CHECK(get("/icon.svg").type == "image/svg+xml");
    for (const char* path : {"", "*", "//", "/..", "/../etc/passwd", "/assets/page.js", "/page.js/",
                             "/PAGE.JS", "/status/", "/health/x", "status.js"}) {
      CAPTURE(path);
      CHECK(get(path).status == 404);
    }
  }

  TEST_CASE("all that the page loads is relative and is there") {
    // Behind Home Assistant's ingress it lives below a path that it does not know.
    for (const auto& one : assets()) {
      CAPTURE(one.name);
      CHECK_FALSE(one.content.empty());
      for (const char* absolute : {"=\"/", "='/", "url(", "\"http", "innerHTML", "eval("}) {
        const bool is_name_of_svg = one.name.ends_with(".svg") && std::string(absolute) == "\"http";
        if (!is_name_of_svg) CHECK_FALSE(contains(one.content, absolute));
      }
    }
    const auto page = asset("index.html");
    for (const char* name : {"page.js", "style.css", "icon.svg"}) {
      CHECK(contains(page, name));
      CHECK_FALSE(asset(name).empty());
    }
    CHECK(contains(asset("page.js"), "\"./texts.js\""));
    CHECK(contains(asset("page.js"), "\"./format.js\""));
    CHECK_FALSE(asset("texts.js").empty());
    CHECK_FALSE(asset("format.js").empty());
    // What the policy forbids would silently do nothing.
    CHECK_FALSE(contains(page, "style="));
    CHECK_FALSE(contains(page, "<style"));
    CHECK_FALSE(contains(page, "onclick"));
  }

  TEST_CASE_FIXTURE(Fixture, "only reading is possible, and only with a Host") {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "other", ""})
      CHECK(pages.answer({method, "/status", "localhost", "127.0.0.1"}, kBegin).status == 405);
    CHECK(pages.answer({"HEAD", "/health", "localhost", "127.0.0.1"}, kBegin).status == 200);
    CHECK(pages.answer({"GET", "/health", "", "127.0.0.1"}, kBegin).status == 400);
  }

  TEST_CASE_FIXTURE(Fixture, "only those peers that may are answered") {
    const Pages some(board, {"172.30.32.2", "::1"});
    const auto from = [&](const char* peer) {
      return some.answer({"GET", "/health", "localhost", peer}, kBegin).status;
    };
    CHECK(from("172.30.32.2") == 200);
    CHECK(from("::1") == 200);
    CHECK(from("172.30.32.3") == 403);
    CHECK(from("127.0.0.1") == 403);
    CHECK(from("") == 403);
  }

  TEST_CASE("a response says how it may be used") {
    const auto text = http_text({200, "application/json", "{\"a\":1}"}, true);
    CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(text.ends_with("\r\n\r\n{\"a\":1}"));
    for (const char* line :
         {"Content-Type: application/json\r\n", "Content-Length: 7\r\n",
          "Content-Security-Policy: default-src 'none';", "X-Content-Type-Options: nosniff\r\n",
          "Cache-Control: no-store\r\n", "Connection: close\r\n"})
      CHECK(contains(text, line));
    CHECK_FALSE(contains(text, "unsafe-inline"));
    CHECK(http_text({405, "text/plain", ""}, true).find("Allow: GET, HEAD\r\n") !=
          std::string::npos);
    // HEAD: the length of what GET would bring.
    const auto head = http_text({200, "application/json", "{\"a\":1}"}, false);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(contains(head, "Content-Length: 7\r\n"));
  }
}
