#include "app/supervisor.hpp"

#include <doctest/doctest.h>

#include "app/test_files.hpp"
#include "partner/fake_http.hpp"

using namespace iometer;
using base::ErrorKind;

namespace {

partner::HttpResponse response(int status, std::string body) {
  partner::HttpResponse made;
  made.status = status;
  made.body = std::move(body);
  return made;
}

// As the Supervisor writes it, with `data` instead.
app::BrokerAnswer decode(const std::string& data) {
  return app::decode_mqtt_service(response(200, R"({"result":"ok","data":)" + data + "}"));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kMosquitto =
    R"({"addon":"core_mosquitto","host":"core-mosquitto","port":1883,"ssl":false,
        "username":"addons","password":"pa\"ss","protocol":"3.1.1"})";

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("supervisor: the broker that it names") {
    const auto answer = decode(kMosquitto);
    REQUIRE(answer.ok());
    REQUIRE(answer->has_value());
    CHECK(**answer ==
          mqtt::BrokerAccess{"core-mosquitto", 1883, false, "addons", base::Secret("pa\"ss")});
    const auto secured = decode(R"({"host":"broker.example","port":"8883","ssl":true})");
    REQUIRE(secured.ok());
    CHECK(**secured == mqtt::BrokerAccess{"broker.example", 8883, true, "", {}});
    const auto nobody =
        decode(R"({"host":"172.30.33.1","port":1,"ssl":null,"username":null,"password":""})");
    REQUIRE(nobody.ok());
    CHECK(**nobody == mqtt::BrokerAccess{"172.30.33.1", 1, false, "", {}});
    for (const auto* host : {"fd00::1", "[fd00::1]"}) {
      const auto six = decode(std::string(R"({"host":")") + host + R"(","port":1883})");
      REQUIRE_MESSAGE(six.ok(), six.error().what);
      CHECK((*six)->host == "[fd00::1]");
    }
  }

  TEST_CASE("supervisor: what cannot be a broker is refused with its place") {
    struct Row {
      const char* data;
      const char* part;
    };
    const Row rows[] = {
        {"null", "data is missing"},
        {"[]", "data is missing"},
        {"{}", "data.host is missing"},
        {R"({"host":"","port":1883})", "data.host is missing"},
        {R"({"host":7,"port":1883})", "data.host is no text but number"},
        {R"({"host":"a/b","port":1883})", "data.host is no host name: \"a/b\""},
        {R"({"host":"u@h","port":1883})", "data.host is no host name"},
        {R"({"host":"h:1","port":1883})", "data.host is no host name"},
        {R"({"host":"h h","port":1883})", "data.host is no host name"},
        {R"({"host":"h?x","port":1883})", "data.host is no host name"},
        {R"({"host":"[::1]x","port":1883})", "data.host is no host name"},
        {R"({"host":"h\u001b[2J","port":1883})", "data.host is no host name: \"h?[2J\""},
        {R"({"host":"h\u0000","port":1883})", "data.host holds a zero byte"},
        {R"({"host":"h"})", "data.port is not 1 to 65535"},
        {R"({"host":"h","port":0})", "data.port is not 1 to 65535"},
        {R"({"host":"h","port":65536})", "data.port is not 1 to 65535"},
        {R"({"host":"h","port":-1})", "data.port is not 1 to 65535"},
        {R"({"host":"h","port":1883.5})", "data.port is not 1 to 65535"},
        {R"({"host":"h","port":"1883x"})", "data.port is not 1 to 65535"},
        {R"({"host":"h","port":true})", "data.port is not 1 to 65535"},
        {R"({"host":"h","port":1883,"ssl":"true"})", "data.ssl is neither"},
        {R"({"host":"h","port":1883,"username":7})", "data.username is no text but number"},
        {R"({"host":"h","port":1883,"username":"u","password":["p"]})", "data.password is no text"},
        {R"({"host":"h","port":1883,"password":"p"})", "data.username is missing"},
    };
    for (const auto& row : rows) {
      CAPTURE(std::string(row.data));
      const auto answer = decode(row.data);
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().kind == ErrorKind::kProtocol);
      CAPTURE(answer.error().what);
      CHECK(contains(answer.error().what, row.part));
      CHECK(contains(answer.error().what, "Supervisor"));
    }
    CHECK_FALSE(decode(R"({"port":1883,"host":")" + std::string(254, 'a') + "\"}").ok());
  }

  TEST_CASE("supervisor: no broker add-on is no error") {
    const auto answer = app::decode_mqtt_service(
        response(400, R"({"result":"error","message":"Service not enabled"})"));
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->has_value());
  }

  TEST_CASE("supervisor: any other answer says what it was") {
    struct Row {
      int status;
      const char* body;
      ErrorKind kind;
      std::vector<const char*> parts;
    };
    const Row rows[] = {
        {403,
         R"({"result":"error","message":"No access to mqtt service!"})",
         ErrorKind::kAuth,
         {"services: mqtt:want", "mqtt.url", "No access to mqtt service!"}},
        {403, "forbidden", ErrorKind::kAuth, {"services: mqtt:want", "HTTP 403)"}},
        {401, "", ErrorKind::kAuth, {"SUPERVISOR_TOKEN", "start the add-on again"}},
        {400,
         R"({"result":"error","message":"Invalid service"})",
         ErrorKind::kTransient,
         {"HTTP 400, \"Invalid service\""}},
        {400, R"({"message":["not enabled"]})", ErrorKind::kTransient, {"HTTP 400"}},
        {502, "<html>Bad gateway</html>", ErrorKind::kTransient, {"HTTP 502"}},
        {302, "", ErrorKind::kTransient, {"HTTP 302", "not followed", "mqtt.supervisor"}},
        {200, "<html>Hello</html>", ErrorKind::kProtocol, {"not valid JSON"}},
        {200, "", ErrorKind::kProtocol, {"not valid JSON"}},
        {200, "7", ErrorKind::kProtocol, {"\"result\": \"ok\"", "mqtt.supervisor"}},
        {200,
         R"({"result":"error","data":{"host":"h","port":1883}})",
         ErrorKind::kProtocol,
         {"\"result\": \"ok\""}},
    };
    for (const auto& row : rows) {
      CAPTURE(row.status);
      CAPTURE(std::string(row.body));
      const auto answer = app::decode_mqtt_service(response(row.status, row.body));
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().kind == row.kind);
      for (const auto* part : row.parts) {
        CAPTURE(answer.error().what);
        CHECK(contains(answer.error().what, part));
      }
    }
  }

  TEST_CASE("supervisor: the question carries the token, and the user's own login wins") {
    test::FakeHttp http;
    const auto body = std::string(R"({"result":"ok","data":)") + kMosquitto + "}";
    http.answer(200, body);
    http.answer(200, body);
    app::SupervisorAccess access{"http://supervisor", base::Secret("token"), "", {}};
    auto answer = app::ask_for_broker(http, access);
    REQUIRE(answer.ok());
    CHECK((*answer)->username == "addons");
    REQUIRE(http.gets.size() == 1);
    CHECK(http.gets[0].url == "http://supervisor/services/mqtt");
    CHECK(http.gets[0].headers[0] ==
          std::pair<std::string, std::string>("Authorization", "Bearer token"));
    access.username = "me";
    access.password = base::Secret("mine");
    answer = app::ask_for_broker(http, access);
    REQUIRE(answer.ok());
    CHECK((*answer)->host == "core-mosquitto");
    CHECK((*answer)->username == "me");
    CHECK((*answer)->password.reveal() == "mine");
    answer = app::ask_for_broker(http, access);  // nothing answers
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().kind == ErrorKind::kTransient);
    CHECK(contains(answer.error().what, "cannot be asked for the broker: "));
    CHECK_FALSE(contains(answer.error().what, "token"));
  }

  TEST_CASE("supervisor: address and token are checked before anything starts") {
    test::TestEnvironment environment;
    const auto without = app::supervisor_access("http://supervisor");
    REQUIRE_FALSE(without.ok());
    CHECK(without.error().kind == ErrorKind::kConfig);
    CHECK(contains(without.error().what, "SUPERVISOR_TOKEN is missing"));
    CHECK(contains(without.error().what, "set mqtt.url instead"));
    environment.set("SUPERVISOR_TOKEN", "to\r\nken");
    const auto broken = app::supervisor_access("http://supervisor");
    REQUIRE_FALSE(broken.ok());
    CHECK(contains(broken.error().what, "SUPERVISOR_TOKEN holds a blank"));
    environment.set("SUPERVISOR_TOKEN", "token");
    for (const auto* url : {"http://supervisor", "http://supervisor/", "http://supervisor:80//"}) {
      const auto access = app::supervisor_access(url);
      REQUIRE(access.ok());
      CHECK(access->url == "http://supervisor");
      CHECK(access->token.reveal() == "token");
    }
    CHECK(app::supervisor_access("https://host:4711/api/")->url == "https://host:4711/api");
    for (const auto* url : {"supervisor", "mqtt://supervisor", "http://u:p@host", "http://h/?a=b"})
      CHECK_FALSE(app::supervisor_access(url).ok());
  }
}
