#include "io/redirect_listener.hpp"

#include <doctest/doctest.h>

#include <mutex>
#include <semaphore>
#include <thread>
#include <vector>

#include "sim/http_call.hpp"

using namespace iometer;

namespace {

struct Fixture {
  std::mutex mutex;
  std::vector<std::string> queries;
  std::unique_ptr<io::RedirectListener> listener;

  Fixture() {
    const io::Url url{"http", "127.0.0.1", 0, "/linked"};
    auto started = io::RedirectListener::start(url, [this](const std::string& query) {
      const std::lock_guard lock(mutex);
      queries.push_back(query);
      return io::RedirectPage{query.empty() ? 400 : 200, "Fixed text."};
    });
    REQUIRE(started.ok());
    listener = *std::move(started);
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(listener->port()) + path;
  }
  std::string last_query() {
    const std::lock_guard lock(mutex);
    return queries.empty() ? "none" : queries.back();
  }
};

}  // namespace

TEST_SUITE("io") {
  TEST_CASE_FIXTURE(Fixture,
                    "redirect listener: hands the query on and answers with a fixed page") {
    const auto page = sim::test::http({.url = url("/linked?installation_id=abc&state=12%2034")});
    CHECK(page.status == 200);
    CHECK(page.body.find("Fixed text.") != std::string::npos);
    CHECK(page.body.find("abc") == std::string::npos);
    CHECK(page.head.find("Content-Security-Policy: default-src 'none'") != std::string::npos);
    CHECK(last_query() == "installation_id=abc&state=12%2034");
    CHECK(sim::test::http({.url = url("/linked")}).status == 400);
    CHECK(last_query().empty());
  }

  TEST_CASE_FIXTURE(Fixture, "redirect listener: an escaped separator stays inside its value") {
    sim::test::http({.url = url("/linked?x=1%26state%3Dy&b")});
    CHECK(last_query() == "x=1%26state%3Dy&b");
  }

  TEST_CASE_FIXTURE(Fixture, "redirect listener: any other request is none of its business") {
    CHECK(sim::test::http({.url = url("/")}).status == 404);
    CHECK(sim::test::http({.url = url("/linked/more")}).status == 404);
    CHECK(sim::test::http({.url = url("/favicon.ico")}).status == 404);
    CHECK(sim::test::http({.url = url("/linked?state=1"), .post = "state=1"}).status == 405);
    CHECK(last_query() == "none");
    // Larger than any redirect.
    CHECK(sim::test::http({.url = url("/linked?x=" + std::string(8000, 'a'))}).status != 200);
    CHECK(last_query() == "none");
    CHECK(sim::test::http({.url = url("/linked?still=there")}).status == 200);
  }

  TEST_CASE("redirect listener: who ends it because of a redirect does not cut its page off") {
    for (int i = 0; i < 20; ++i) {
      std::binary_semaphore told{0};
      const io::Url url{"http", "127.0.0.1", 0, "/linked"};
      auto started = io::RedirectListener::start(url, [&](const std::string&) {
        told.release();
        std::this_thread::yield();
        return io::RedirectPage{200, "Fixed text."};
      });
      REQUIRE(started.ok());
      const auto port = std::to_string((*started)->port());
      std::thread owner([&, listener = *std::move(started)]() mutable {
        told.acquire();
        listener.reset();
      });
      const auto page = sim::test::http({.url = "http://127.0.0.1:" + port + "/linked?a=b"});
      owner.join();
      CHECK(page.status == 200);
      CHECK(page.body.find("Fixed text.") != std::string::npos);
    }
  }

  TEST_CASE("redirect listener: on a loopback address it is there for this machine alone") {
    struct Row {
      std::string host, there, elsewhere;
    };
    for (const auto& [host, there, elsewhere] :
         {Row{"127.0.0.1", "127.0.0.1", "127.0.0.2"}, Row{"localhost", "127.0.0.1", "127.0.0.2"},
          Row{"127.0.0.2", "127.0.0.2", "127.0.0.1"}, Row{"127.0.0.1", "127.0.0.1", "[::1]"},
          Row{"[::1]", "[::1]", "127.0.0.1"}}) {
      CAPTURE(host);
      const auto started = io::RedirectListener::start(
          {"http", host, 0, "/linked"}, [](const std::string&) { return io::RedirectPage{}; });
      REQUIRE(started.ok());
      const auto rest = ":" + std::to_string((*started)->port()) + "/linked";
      CHECK(sim::test::http({.url = "http://" + there + rest}).status == 200);
      CHECK(sim::test::http({.url = "http://" + elsewhere + rest}).status == 0);
    }
  }

  TEST_CASE_FIXTURE(Fixture, "redirect listener: a port in use is said with the remedy") {
    const io::Url url{"http", "127.0.0.1", listener->port(), "/linked"};
    const auto second =
        io::RedirectListener::start(url, [](const std::string&) { return io::RedirectPage{}; });
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().kind == base::ErrorKind::kConfig);
    CHECK(second.error().what.find("partner.redirect_url") != std::string::npos);
  }
}
