#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "base/json.hpp"
#include "io/test_certificates.hpp"
#include "sim/http_call.hpp"
#include "sim/simulator.hpp"

namespace iometer::sim {
namespace {

using test::http;

std::unique_ptr<Simulator> start(SimulatorOptions options) {
  auto simulator = Simulator::start(std::move(options));
  REQUIRE(simulator);
  return *std::move(simulator);
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE(
      "HTTP: POST and GET answer queries with a date, everything else is refused as by gqlgen") {
    const auto simulator = start({});
    const auto url = simulator->url();
    const std::string partner = R"({"query":"{partner{name}}"})";
    const auto good = http({.url = url, .post = partner});
    CHECK(good.status == 200);
    CHECK(good.body == R"({"data":{"partner":{"name":"Simulated Partner"}}})");
    CHECK(good.head.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(good.head.find("\r\nDate: ") != std::string::npos);
    CHECK(good.head.find(" GMT\r\n") != std::string::npos);

    CHECK(
        http({.url = url +
                     "?query=query(%24p%3APagination)%7Binstallations(pagination%3A%24p)%7Bid%7D%7D"
                     "&variables=%7B%22p%22%3A%7B%22limit%22%3A0%7D%7D"})
            .body == R"({"data":{"installations":[]}})");
    const auto mutation = http(
        {.url = url + "?query=mutation%7BdisableInstallation(installationId%3A%22578936dc-8020-"
                      "4022-a560-2f59d2dca9ee%22)%7D"});
    CHECK(mutation.status == 406);
    CHECK(mutation.body.find("GET requests only allow query operations") != std::string::npos);

    const std::string invalid = R"({"query":"{foo}"})";
    CHECK(http({.url = url, .post = invalid}).status == 422);
    const std::string accept = "Accept: application/graphql-response+json, application/json;q=0.9";
    const auto modern =
        http({.url = url, .post = invalid, .headers = {"Content-Type: application/json", accept}});
    CHECK(modern.status == 400);
    CHECK(modern.head.find("Content-Type: application/graphql-response+json\r\n") !=
          std::string::npos);
    CHECK(http({.url = url, .post = R"({"query":"{installation(id:\"x\"){id}}"})"}).status == 200);
    CHECK(http({.url = url, .post = "nonsense"}).status == 400);
    const auto form = http({.url = url, .post = partner, .headers = {"Content-Type: text/plain"}});
    CHECK(form.status == 400);
    CHECK(form.body.find("transport not supported") != std::string::npos);
    CHECK(http({.url = url + "/x", .post = partner}).status == 404);
    CHECK(http({.url = url.substr(0, url.find("/api")) + "/control", .post = "{}"}).status == 404);
  }

  TEST_CASE("HTTP: wrong or missing credentials are 401") {
    const auto simulator = start({});
    const std::string body = R"({"query":"{partner{name}}"})";
    const auto wrong = http({.url = simulator->url(), .post = body, .login = "b1451a19:other"});
    CHECK(wrong.status == 401);
    CHECK(wrong.head.find("WWW-Authenticate: Basic") != std::string::npos);
    CHECK(http({.url = simulator->url(), .post = body, .login = ""}).status == 401);
  }

  TEST_CASE("HTTP: a 401 asks for what is accepted") {
    struct Row {
      SignInKind kind;
      bool basic, wsse;
    };
    for (const auto& row :
         {Row{SignInKind::kBasic, true, false}, Row{SignInKind::kWsse, false, true},
          Row{SignInKind::kAny, true, true}}) {
      SimulatorOptions options;
      options.sign_in = row.kind;
      const auto simulator = start(options);
      const auto refused = http({.url = simulator->url(), .post = "{}", .login = ""});
      CHECK(refused.status == 401);
      const auto asks_for = [&](const std::string& scheme) {
        return refused.head.find("WWW-Authenticate: " + scheme + " realm=") != std::string::npos;
      };
      CHECK(asks_for("Basic") == row.basic);
      CHECK(asks_for("UsernameToken") == row.wsse);
    }
  }

  TEST_CASE("HTTP: large bodies go both ways") {
    SimulatorOptions control;
    control.household_enabled = false;
    control.control = true;
    const auto simulator = start(control);
    std::string request = R"({"action":"installations","installations":[)";
    for (int i = 0; i < 3000; ++i) {
      request += (i > 0 ? "," : "") + std::string(R"({"id":")") + std::to_string(i) +
                 R"(","externalId":")" + std::string(300, 'x') + "\"}";
    }
    const auto origin = simulator->url().substr(0, simulator->url().find("/api"));
    CHECK(http({.url = origin + "/control", .post = request + "]}"}).body == R"({"ok":true})");
    const auto answer =
        http({.url = simulator->url(), .post = R"({"query":"{installations{id externalId}}"})"});
    const auto json = base::Json::parse(answer.body);
    REQUIRE(json);
    CHECK((*json)["data"]["installations"].items().size() == 3000);
  }

  TEST_CASE("HTTPS") {
    const iometer::test::TestCertificates certificates;
    SimulatorOptions options;
    options.certificate_file = certificates.localhost().certificate_file;
    options.key_file = certificates.localhost().key_file;
    const auto simulator = start(options);
    CHECK(simulator->url().starts_with("https://127.0.0.1:"));
    const std::string body = R"({"query":"{partner{name}}"})";
    CHECK(http({.url = simulator->url(), .post = body, .ca_file = certificates.ca_file()}).status ==
          200);
    CHECK(http({.url = simulator->url(), .post = body, .ca_file = certificates.other_ca_file()})
              .status == 0);
  }

  TEST_CASE("HTTPS with an unusable certificate") {
    const iometer::test::TestCertificates certificates;
    SimulatorOptions options;
    options.certificate_file = certificates.localhost().certificate_file + ".missing";
    options.key_file = certificates.localhost().key_file;
    const auto missing = Simulator::start(options);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().what.find("no such file") != std::string::npos);
    options.certificate_file = options.key_file;
    const auto unusable = Simulator::start(options);
    REQUIRE_FALSE(unusable);
    CHECK(unusable.error().what.find("cannot serve TLS") != std::string::npos);
  }

  TEST_CASE("it listens on the address that was asked for, and on no other") {
    struct Row {
      std::string host, there, elsewhere;
    };
    for (const auto& [host, there, elsewhere] :
         {Row{"127.0.0.1", "127.0.0.1", "127.0.0.2"}, Row{"127.0.0.1", "127.0.0.1", "[::1]"},
          Row{"127.0.0.2", "127.0.0.2", "127.0.0.1"}, Row{"localhost", "localhost", "127.0.0.2"},
          Row{"::1", "[::1]", "127.0.0.1"}, Row{"0.0.0.0", "127.0.0.2", "[::1]"}}) {
      CAPTURE(host);
      SimulatorOptions options;
      options.host = host;
      const auto simulator = start(options);
      const auto rest = ":" + std::to_string(simulator->port()) + "/api/v1/query";
      const std::string query = R"({"query":"{partner{name}}"})";
      CHECK(http({.url = "http://" + there + rest, .post = query}).status == 200);
      CHECK(http({.url = "http://" + elsewhere + rest, .post = query}).status == 0);
    }
  }

  TEST_CASE("a port in use and a control interface for others are refused at the start") {
    const auto first = start({});
    SimulatorOptions options;
    options.port = first->port();
    const auto second = Simulator::start(options);
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find("cannot listen on 127.0.0.1") != std::string::npos);
    CHECK(second.error().what.find("in use") != std::string::npos);
    CHECK(second.error().what.find("certificate") == std::string::npos);
    for (const auto& [host, words] : {std::pair<const char*, const char*>{"192.0.2.1", "assign"},
                                      {"nowhere.invalid", "an address of this machine"}}) {
      SimulatorOptions elsewhere;
      elsewhere.host = host;
      const auto third = Simulator::start(elsewhere);
      REQUIRE_FALSE(third);
      CHECK(third.error().what.find(words) != std::string::npos);
    }
    SimulatorOptions open;
    open.host = "0.0.0.0";
    open.control = true;
    CHECK_FALSE(Simulator::start(open));
  }
}

}  // namespace iometer::sim
