#include "partner/auth.hpp"

#include <doctest/doctest.h>

using namespace iometer;
using partner::AuthMethod;
using partner::Credentials;

TEST_SUITE("partner") {
  // Both vectors are the examples of the API's documentation.
  TEST_CASE("basic authentication gives the documented header") {
    const Credentials credentials{"b1451a19-53c7-4e8a-87a0-7c45d3807e9d",
                                  base::Secret("JjNQKxIYugVSqCrxkbNfQ8Onpvd07K2G")};
    CHECK(partner::authorization_value(credentials, {}, {}) ==
          "Basic YjE0NTFhMTktNTNjNy00ZThhLTg3YTAtN2M0NWQzODA3ZTlkOkpqTlFLeElZdWdWU3FDcnhrYk5mUThPb"
          "nB2ZDA3SzJH");
  }

  TEST_CASE("WSSE gives the documented header") {
    const Credentials credentials{"0da56783-39b2-4b43-adaa-301d247fcd59",
                                  base::Secret("1NNbSclq0ULA364TZBB4Hr0EYoRK"), AuthMethod::kWsse};
    const partner::Nonce nonce{0xeb, 0x6c, 0x57, 0x4e, 0x12, 0xfc, 0xfa, 0x4c,
                               0xd0, 0x91, 0xa5, 0xb2, 0x1a, 0xd0, 0xab, 0xdb};
    // The fraction of the second must not get into the token.
    const auto now = *base::parse_rfc3339("2025-10-20T12:38:50.987Z");
    CHECK(partner::authorization_value(credentials, nonce, now) ==
          "UsernameToken Username=\"0da56783-39b2-4b43-adaa-301d247fcd59\", "
          "PasswordDigest=\"NWNiYTMyNzNmZGQ2NWU2ODhjZjc1Mzg3MzliZGE4MTgyMjhjY2Q3NWU1NmYxMzEyM2NhMmI"
          "3MWI0ZmMwODY3MA==\", Nonce=\"eb6c574e12fcfa4cd091a5b21ad0abdb\", "
          "Created=\"2025-10-20T12:38:50Z\"");
  }

  TEST_CASE("what a server repeats of the credentials is hidden, whole or cut, and nothing else") {
    const base::Secret secret("JjNQKxIYugVSqCrx");
    const base::Secret basic("Basic aWQ6SmpOUUt4SVl1Z1ZTcUNyeA==");
    const base::Secret wsse(
        R"(UsernameToken Username="id", PasswordDigest="NWNiYTMyNzNm", Nonce="eb")");
    const auto hidden = [&](std::string text, const base::Secret& authorization) {
      return partner::without_credentials(std::move(text), secret, authorization);
    };
    CHECK(hidden("no Basic aWQ6SmpOUUt4SVl1Z1ZTcUNyeA==, no", basic) == "no Basic ***, no");
    CHECK(hidden("cut: aWQ6SmpOUUt4S…", basic) == "cut: ***…");
    CHECK(hidden("JjNQKxIYugVSqCrx and JjNQKxIYu", basic) == "*** and ***");
    CHECK(hidden("PasswordDigest=\"NWNiYTMyNzNm\" is used", wsse) ==
          "PasswordDigest=\"***\" is used");
    CHECK(hidden("aWQ6SmpO", wsse) == "aWQ6SmpO");
    CHECK(hidden("aWQ6Smp is too short", basic) == "aWQ6Smp is too short");
    for (const auto* text : {"", "***", "unauthorized: Basic", "JjNQ"})
      CHECK(hidden(text, basic) == text);
    CHECK(hidden("Basic aWQ6SmpOUUt4", base::Secret()) == "Basic aWQ6SmpOUUt4");
    CHECK(partner::without_credentials("a short secret", base::Secret("short"), basic) ==
          "a short secret");
  }

  TEST_CASE("credentials that cannot stand in a header are refused by their key") {
    const auto check = [](std::string id, std::string secret, AuthMethod method) {
      const auto status =
          partner::check_credentials({std::move(id), base::Secret(std::move(secret)), method});
      return status ? std::string("ok") : status.error().what;
    };
    CHECK(check("id", "s3cret:with colon/+=", AuthMethod::kBasic) == "ok");
    CHECK(check("a:b", "secret", AuthMethod::kWsse) == "ok");
    for (const auto* bad : {"", "a\rb", "a\nb", "a\"b", "a'b", "a\tb", "a\x7f"}) {
      CAPTURE(bad);
      CHECK(check(bad, "secret", AuthMethod::kBasic).starts_with("partner.id"));
      CHECK(check("id", bad, AuthMethod::kWsse).starts_with("partner.secret"));
    }
    CHECK(check("a:b", "secret", AuthMethod::kBasic).find("colon") != std::string::npos);
  }
}
