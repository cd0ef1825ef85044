#include "sim/sign_in.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "sim/http_call.hpp"
#include "sim/raw_websocket.hpp"
#include "sim/simulator.hpp"

namespace iometer::sim {
namespace {

// The example of the Partner API's documentation.
constexpr std::string_view kId = "0da56783-39b2-4b43-adaa-301d247fcd59";
constexpr std::string_view kSecret = "1NNbSclq0ULA364TZBB4Hr0EYoRK";
constexpr std::string_view kCreated = "2025-10-20T12:38:50Z";
constexpr std::string_view kNonce = "eb6c574e12fcfa4cd091a5b21ad0abdb";
constexpr std::string_view kDigest =
    "NWNiYTMyNzNmZGQ2NWU2ODhjZjc1Mzg3MzliZGE4MTgyMjhjY2Q3NWU1NmYxMzEyM2NhMmI3MWI0ZmMwODY3MA==";

SimulatorOptions options(SignInKind kind = SignInKind::kAny) {
  SimulatorOptions result;
  result.partner_id = kId;
  result.secret = kSecret;
  result.sign_in = kind;
  return result;
}

std::int64_t ms(std::string_view time) {
  return std::chrono::floor<std::chrono::milliseconds>(
             base::parse_rfc3339(time)->time_since_epoch())
      .count();
}

std::string token(std::string_view digest = kDigest, std::string_view nonce = kNonce,
                  std::string_view created = kCreated) {
  return "UsernameToken Username=\"" + std::string(kId) + "\", PasswordDigest=\"" +
         std::string(digest) + "\", Nonce=\"" + std::string(nonce) + "\", Created=\"" +
         std::string(created) + "\"";
}

std::string made(std::string_view nonce, std::string_view created) {
  return token(wsse_digest(nonce, created, kSecret), nonce, created);
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE("WSSE: the documented example, byte for byte, once") {
    CHECK(wsse_digest(kNonce, kCreated, kSecret) == kDigest);
    SignIn sign_in(options());
    CHECK(sign_in.accepts(token(), ms(kCreated)));
    CHECK_FALSE(sign_in.accepts(token(), ms(kCreated)));
  }

  TEST_CASE("WSSE: what is wrong, malformed, too old or from the future is refused") {
    const auto now = ms(kCreated);
    const auto accepts = [&](const std::string& text, std::int64_t at) {
      return SignIn(options()).accepts(text, at);
    };
    CHECK_FALSE(accepts(token("XLoyc/3W"), now));
    CHECK_FALSE(accepts(token(kDigest, "eb6c574e12fcfa4cd091a5b21ad0abdc"), now));
    CHECK_FALSE(accepts(token(kDigest, kNonce, "2025-10-20T12:38:51Z"), now));
    CHECK_FALSE(accepts("UsernameToken ", now));
    CHECK_FALSE(accepts("UsernameToken Username=\"x", now));
    CHECK_FALSE(accepts(token() + ", Nonce=\"x\"", now));
    CHECK_FALSE(accepts(token() + " x", now));
    CHECK_FALSE(accepts(made("n", "yesterday"), now));
    CHECK(accepts(made("n", kCreated), now + 300'000));
    CHECK_FALSE(accepts(made("n", kCreated), now + 300'001));
    CHECK(accepts(made("n", kCreated), now - 300'000));
    CHECK_FALSE(accepts(made("n", kCreated), now - 300'001));
  }

  TEST_CASE("WSSE: a nonce is remembered for as long as its token would pass") {
    SignIn sign_in(options());
    const auto now = ms(kCreated);
    CHECK(sign_in.accepts(made("n", "2025-10-20T12:43:50Z"), now));  // as late as may be
    CHECK_FALSE(sign_in.accepts(made("n", "2025-10-20T12:48:50Z"), now + 600'000));
    CHECK(sign_in.accepts(made("n", "2025-10-20T12:48:50Z"), now + 600'001));
  }

  TEST_CASE("WSSE opens each door: POST, event stream, upgrade, init payload; each token one") {
    auto only = options(SignInKind::kWsse);
    const auto simulator = Simulator::start(only);
    REQUIRE(simulator);
    const auto now = base::format_rfc3339(
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    const auto post = [&](const std::string& nonce, const std::string& accept) {
      return test::http({.url = (*simulator)->url(),
                         .post = R"({"query":"{partner{id}}"})",
                         .headers = {"Content-Type: application/json", accept,
                                     "Authorization: " + made(nonce, now)},
                         .login = ""})
          .status;
    };
    CHECK(post("1", "Accept: application/json") == 200);
    CHECK(post("1", "Accept: application/json") == 401);
    CHECK(post("2", "Accept: text/event-stream") == 200);
    CHECK(post("2", "Accept: text/event-stream") == 401);
    const auto acknowledged = [&](const std::string& header, const std::string& payload) {
      test::RawWebSocket socket((*simulator)->port(),
                                header.empty() ? "" : "Authorization: " + header + "\r\n");
      if (socket.status() != 101) return std::to_string(socket.status());
      base::JsonWriter init;
      init.begin_object().member("type", "connection_init").key("payload").begin_object();
      if (!payload.empty()) init.member("Authorization", payload);
      socket.send_text(init.end_object().end_object().take());
      return socket.read_message();
    };
    const std::string ack = "{\"type\":\"connection_ack\"}\n";
    CHECK(acknowledged(made("3", now), "") == ack);
    CHECK(acknowledged(made("3", now), "") == "401");
    CHECK(acknowledged("", made("4", now)) == ack);
    CHECK(acknowledged("", made("4", now)).empty());
    CHECK(acknowledged(made("5", now), made("6", now)) == ack);
    CHECK(acknowledged(made("7", now), made("7", now)).empty());
  }

  TEST_CASE("each way to sign in can be the only one") {
    const auto basic = "Basic " + base::base64(std::string(kId) + ":" + std::string(kSecret));
    const auto now = ms(kCreated);
    CHECK(SignIn(options(SignInKind::kBasic)).accepts(basic, now));
    CHECK_FALSE(SignIn(options(SignInKind::kBasic)).accepts(token(), now));
    CHECK_FALSE(SignIn(options(SignInKind::kWsse)).accepts(basic, now));
    CHECK(SignIn(options(SignInKind::kWsse)).accepts(token(), now));
    CHECK(SignIn(options()).accepts(basic, now));
    CHECK_FALSE(SignIn(options()).accepts("", now));
    CHECK_FALSE(SignIn(options()).accepts(basic + "=", now));
  }
}

}  // namespace iometer::sim
