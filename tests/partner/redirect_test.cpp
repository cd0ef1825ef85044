#include "partner/redirect.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace iometer::partner;

namespace {

constexpr std::string_view kState = "00112233445566778899aabbccddeeff";
constexpr std::string_view kId = "578936dc-8020-4022-a560-2f59d2dca9ee";

Redirect read(std::string query) { return read_redirect(query, kState); }

std::string with_state(std::string query) { return query + "&state=" + std::string(kState); }

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE("redirect: linked") {
    const Redirect linked{RedirectOutcome::kLinked, std::string(kId), LinkError::kOther};
    CHECK(read(with_state("installation_id=" + std::string(kId))) == linked);
    CHECK(read("state=" + std::string(kState) + "&other=1&&installation_id=" + std::string(kId)) ==
          linked);
    // Escaped, as a browser may do it.
    CHECK(read(with_state("installation%5Fid=578936dc%2d8020-4022-a560-2f59d2dca9ee")) == linked);
  }

  TEST_CASE("redirect: refused, each reason with words of its own") {
    const auto reason = [](const std::string& word) {
      const auto redirect = read(with_state("error=" + word));
      CHECK(redirect.outcome == RedirectOutcome::kRefused);
      return redirect.error;
    };
    CHECK(reason("access_denied") == LinkError::kAccessDenied);
    CHECK(reason("unauthorized_client") == LinkError::kUnauthorizedClient);
    CHECK(reason("server_error") == LinkError::kServerError);
    CHECK(reason("temporarily_unavailable") == LinkError::kOther);
    CHECK(explanation(LinkError::kAccessDenied).find("declined") != std::string_view::npos);
    CHECK(explanation(LinkError::kUnauthorizedClient).find("partner") != std::string_view::npos);
    CHECK(explanation(LinkError::kServerError).find("problem") != std::string_view::npos);
    CHECK(explanation(LinkError::kOther).find("not documented") != std::string_view::npos);
  }

  TEST_CASE("redirect: a state that is not ours is forged, whatever else it says") {
    const std::string id = "installation_id=" + std::string(kId);
    for (const auto& query :
         {id, id + "&state=", id + "&state=0", id + "&state=00112233445566778899aabbccddeefe",
          with_state(id) + "0", id + "&state=00112233445566778899AABBCCDDEEFF",
          with_state(id) + "&state=" + std::string(kState), std::string(), std::string("state"),
          std::string("error=access_denied"), with_state(id) + "&x=%2", with_state(id) + "&x=%zz",
          with_state(id) + "&x=" + std::string(2048, 'a')}) {
      CAPTURE(query);
      CHECK(read(query).outcome == RedirectOutcome::kForged);
    }
    CHECK(read_redirect(id + "&state=", "").outcome == RedirectOutcome::kForged);
    std::string many;
    for (int i = 0; i < 40; ++i) many += "a" + std::to_string(i) + "=1&";
    CHECK(read(many + with_state(id)).outcome == RedirectOutcome::kForged);
  }

  TEST_CASE("redirect: ours, but without sense") {
    for (const auto* query : {"", "installation_id=", "installation_id=short",
                              "installation_id=578936dc%0a8020", "installation_id=<script>alert(1)",
                              "installation_id=578936dc-8020&error=access_denied", "error="}) {
      CAPTURE(query);
      const auto redirect = read(with_state(query));
      CHECK(redirect.outcome == RedirectOutcome::kInvalid);
      CHECK(redirect.installation_id.empty());
    }
    CHECK(read(with_state("installation_id=" + std::string(65, 'a'))).outcome ==
          RedirectOutcome::kInvalid);
  }
}
