// What the Date header of a response says of our clock.
#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "partner/fake_http.hpp"
#include "partner/partner_client.hpp"

using namespace iometer;
using namespace std::chrono_literals;

namespace {

// Answers after some time, and the wall clock may be set meanwhile.
class SlowHttp final : public partner::Http {
 public:
  base::Result<partner::HttpResponse> post(const partner::HttpRequest& request) override {
    now.steady += takes;
    now.wall += takes + wall_step;
    return answers.post(request);
  }
  base::Result<partner::HttpResponse> get(const partner::HttpRequest& request) override {
    return answers.get(request);
  }
  test::FakeHttp answers;
  base::Duration takes{0};
  base::Duration wall_step{0};
  base::Now now{{}, *base::parse_rfc3339("2026-11-24T12:00:00Z")};
};

struct Fixture {
  SlowHttp http;
  std::vector<base::Duration> offsets;
  partner::PartnerClient client{
      {"https://host/api/v1/query",
       {"id", base::Secret("secret")},
       [this] { return http.now; },
       [] { return partner::Nonce{}; },
       [this](base::Duration offset, const base::Now&) { offsets.push_back(offset); }},
      http};

  void answer(int status, std::string body, std::optional<base::WallTime> date) {
    http.answers.answer(status, std::move(body));
    (*http.answers.answers.back()).date = date;
  }
};

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture, "server clock: the middle of the second, at half of the request") {
    const auto wall = http.now.wall;
    http.takes = 3s;
    answer(200, R"({"data":{"installations":[]}})", wall + 90s);
    CHECK(client.installations().ok());
    CHECK(offsets == std::vector<base::Duration>{90s + 500ms - 1500ms});
  }

  TEST_CASE_FIXTURE(Fixture, "server clock: a clock that is set meanwhile does no harm") {
    const auto wall = http.now.wall;
    http.takes = 1s;
    http.wall_step = 1h;
    answer(200, R"({"data":{"installations":[]}})", wall - 10s);
    CHECK(client.installations().ok());
    CHECK(offsets == std::vector<base::Duration>{-10s});
  }

  TEST_CASE_FIXTURE(Fixture, "server clock: within a second wherever the header was written") {
    const auto start = http.now.wall;
    const auto offset = 77s + 300ms;
    http.takes = 800ms;
    for (const auto written : {0ms, 100ms, 400ms, 799ms}) {
      const auto began = http.now.wall;
      answer(200, R"({"data":{"installations":[]}})",
             std::chrono::floor<std::chrono::seconds>(began + written + offset));
      CHECK(client.installations().ok());
      CHECK(std::chrono::abs(offsets.back() - offset) < 1s);
    }
    CHECK(http.now.wall == start + 3200ms);
  }

  TEST_CASE_FIXTURE(Fixture,
                    "server clock: told by each response, also of a failure, if it tells") {
    const auto wall = http.now.wall;
    answer(401, "", wall);
    CHECK_FALSE(client.partner().ok());
    answer(502, "<html>", wall + 1s);
    CHECK_FALSE(client.installations().ok());
    answer(200, R"({"data":{"partner":{"id":"p","name":"Example"}}})", wall + 2s);
    CHECK(client.partner().ok());
    answer(200, R"({"data":{"installations":[]}})", std::nullopt);
    CHECK(client.installations().ok());
    http.answers.answers.emplace_back(base::transient_error("no connection"));
    CHECK_FALSE(client.installations().ok());
    CHECK(offsets == std::vector<base::Duration>{500ms, 1500ms, 2500ms});
  }
}
