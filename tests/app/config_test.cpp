#include "app/config.hpp"

#include <doctest/doctest.h>

#include "app/test_files.hpp"
#include "base/json.hpp"

using namespace iometer::app;
using namespace std::chrono_literals;
using iometer::base::ErrorKind;
using iometer::test::TestFiles;

namespace {

OptionValues complete() {
  OptionValues values;
  values.set("partner.id", "partner-1", "test");
  values.set("partner.secret", "geheim", "test");
  return values;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("credentials are all that has to be configured") {
    const auto config = make_config(complete());
    REQUIRE(config.ok());
    CHECK(config->partner.url.to_string() == "https://partner.prod.iometer.cloud/api/v1/query");
    CHECK(config->partner.websocket_url.to_string() ==
          "wss://partner.prod.iometer.cloud/api/v1/query");
    CHECK(config->partner.credentials.method == iometer::partner::AuthMethod::kBasic);
    CHECK(config->partner.credentials.place == iometer::partner::AuthPlace::kBoth);
    CHECK(config->partner.idle_timeout == 60s);
    CHECK(config->partner.poll_interval == 60s);
    CHECK(config->mqtt.url.host == "localhost");
    CHECK(config->mqtt.url.port == 1883);
    CHECK_FALSE(config->mqtt.mqtt5);
    CHECK(config->mqtt.base_topic == "iometer");
    CHECK(config->mqtt.keepalive == 15s);
    CHECK(config->mqtt.client_id == "iometer2mqtt-" + instance_id(*config));
    CHECK(config->homeassistant.discovery);
    CHECK(config->homeassistant.prefix == "homeassistant");
    CHECK(config->homeassistant.status_topic == "homeassistant/status");
    CHECK(config->partner.installations.empty());
    CHECK_FALSE(config->web.listen.has_value());
    CHECK(config->web.allow.empty());
    CHECK(config->naming.names.empty());
    CHECK(config->naming.language == iometer::homeassistant::Language::kEnglish);
    CHECK(config->power_split == iometer::bridge::PowerSplit::kOff);
    CHECK(config->log_level == "info");
  }

  TEST_CASE("each option reaches its place") {
    const TestFiles files;
    auto values = complete();
    const auto set = [&](const char* key, const std::string& value) {
      values.set(key, value, "test");
    };
    set("partner.url", "http://127.0.0.1:8080/q");
    set("partner.websocket_url", "ws://127.0.0.1:8081/s");
    set("partner.auth", "wsse");
    set("partner.auth_in", "init");
    set("partner.idle_timeout", "5m");
    set("partner.poll_interval", "90s");
    set("partner.ca_file", files.write("ca.pem", "x"));
    set("mqtt.url", "mqtts://broker");
    set("mqtt.protocol", "5");
    set("mqtt.username", "u");
    set("mqtt.password_file", files.write("password", "p\n"));
    set("mqtt.client_id", "c");
    set("mqtt.base_topic", "home/iometer");
    set("mqtt.keepalive", "1m");
    set("homeassistant.discovery", "off");
    set("homeassistant.prefix", "ha");
    set("homeassistant.status_topic", "ha/birth");
    set("partner.installations", "a, b");
    set("names", "1EMH1 = House,id-2=Garage");
    set("language", "de");
    set("power_split", "true");
    set("mqtt.commands", "all");
    set("publish.values", "on_change");
    set("publish.interval", "10m");
    set("publish.layout", "flat");
    set("web.listen", "[::1]:8099");
    set("web.allow", "172.30.32.2, 0:0:0:0:0:0:0:1, ::ffff:10.0.0.1");
    set("log_level", "trace");
    const auto config = make_config(values);
    REQUIRE_MESSAGE(config.ok(), config.error().what);
    CHECK(config->partner.url.to_string() == "http://127.0.0.1:8080/q");
    CHECK(config->partner.websocket_url.to_string() == "ws://127.0.0.1:8081/s");
    CHECK(config->partner.credentials.method == iometer::partner::AuthMethod::kWsse);
    CHECK(config->partner.credentials.place == iometer::partner::AuthPlace::kInit);
    CHECK(config->partner.idle_timeout == 5min);
    CHECK(config->partner.poll_interval == 90s);
    CHECK(config->partner.ca_file == files.directory() + "/ca.pem");
    CHECK(config->mqtt.url.port == 8883);
    CHECK(config->mqtt.mqtt5);
    CHECK(config->mqtt.username == "u");
    CHECK(config->mqtt.password.reveal() == "p");
    CHECK(config->mqtt.client_id == "c");
    CHECK(config->mqtt.base_topic == "home/iometer");
    CHECK(config->mqtt.keepalive == 1min);
    CHECK_FALSE(config->homeassistant.discovery);
    CHECK(config->homeassistant.prefix == "ha");
    CHECK(config->homeassistant.status_topic == "ha/birth");
    CHECK(config->partner.installations == std::set<std::string>{"a", "b"});
    CHECK(config->naming.names ==
          std::map<std::string, std::string>{{"1EMH1", "House"}, {"id-2", "Garage"}});
    CHECK(config->naming.language == iometer::homeassistant::Language::kGerman);
    CHECK(config->power_split == iometer::bridge::PowerSplit::kOn);
    CHECK(config->mqtt.commands == iometer::bridge::CommandsAllowed::kAll);
    CHECK(config->shaping.layout == iometer::bridge::Shaping::Layout::kFlat);
    CHECK(config->shaping.on_change);
    CHECK(config->shaping.interval == 10min);
    CHECK(config->web.listen == iometer::net::Endpoint{"::1", 8099});
    CHECK(config->web.allow == std::set<std::string>{"10.0.0.1", "172.30.32.2", "::1"});
    CHECK(config->log_level == "trace");
  }

  TEST_CASE("the Supervisor names the broker, unless the user does") {
    iometer::test::TestEnvironment environment;
    auto values = complete();
    CHECK_FALSE(make_config(values)->mqtt.supervisor.has_value());
    values.set("mqtt.supervisor", "http://supervisor", "test");
    const auto without_token = make_config(values);
    REQUIRE_FALSE(without_token.ok());
    CHECK(contains(without_token.error().what, "mqtt.supervisor (test): SUPERVISOR_TOKEN"));
    environment.set("SUPERVISOR_TOKEN", "token");
    auto config = make_config(values);
    REQUIRE(config.ok());
    REQUIRE(config->mqtt.supervisor.has_value());
    CHECK(config->mqtt.supervisor->url == "http://supervisor");
    CHECK(config->mqtt.supervisor->token.reveal() == "token");
    CHECK(config->mqtt.supervisor->username.empty());
    CHECK_FALSE(contains(redacted_json(values), "localhost"));
    CHECK_FALSE(contains(redacted_json(values), "token"));
    SUBCASE("a login of the user's own, at that broker") {
      values.set("mqtt.username", "u", "test");
      values.set("mqtt.password", "p", "test");
      config = make_config(values);
      REQUIRE(config.ok());
      CHECK(config->mqtt.supervisor->username == "u");
      CHECK(config->mqtt.supervisor->password.reveal() == "p");
    }
    SUBCASE("a broker of the user's own: nobody is asked, no token is needed") {
      values.set("mqtt.url", "mqtt://localhost:1883", "test");
      environment.set("SUPERVISOR_TOKEN", "");
      config = make_config(values);
      REQUIRE(config.ok());
      CHECK_FALSE(config->mqtt.supervisor.has_value());
      CHECK(contains(redacted_json(values), "mqtt://localhost:1883"));
    }
    SUBCASE("an address that is none") {
      values.set("mqtt.supervisor", "supervisor", "test");
      const auto wrong = make_config(values);
      REQUIRE_FALSE(wrong.ok());
      CHECK(contains(wrong.error().what, "mqtt.supervisor (test): not a usable URL"));
    }
  }

  TEST_CASE("a wrong value is refused with its key, where it was set, and what to write") {
    struct Row {
      const char* key;
      std::string value;
      const char* remedy;
    };
    const Row rows[] = {
        {"web.listen", "8099", "0.0.0.0:8099"},
        {"web.listen", "nas.local:8099", "0.0.0.0:8099"},
        {"web.allow", "192.168.1.5, 192.168.1.0/24", "write single ones"},
        {"web.allow", "nas.local", "write single ones"},
        {"partner.url", "", "must begin with https:// or http://"},
        {"partner.url", "ftp://x", "must begin with https:// or http://"},
        {"partner.url", "partner.example", "must begin with https:// or http://"},
        {"partner.url", "https://user:pass@x/", "keys of their own"},
        {"partner.url", "https://x:0/", "port"},
        {"partner.websocket_url", "https://x", "must begin with wss:// or ws://"},
        {"mqtt.client_id", "Z\xE4hler", "not UTF-8"},
        {"mqtt.username", "\xFF", "not UTF-8"},
        {"partner.id", "", "IOMETER2MQTT_PARTNER_ID"},
        {"partner.id", "a:b", "colon"},
        {"partner.id", "a\nb", "copy it again"},
        {"partner.secret", "", "IOMETER2MQTT_PARTNER_SECRET"},
        {"partner.secret", "a\"b", "copy it again"},
        {"partner.secret_file", "/nonexistent/secret", "cannot be read"},
        {"partner.auth", "Basic", "none of: basic, wsse"},
        {"partner.auth_in", "body", "none of: both, header, init"},
        {"partner.transport", "ws", "none of: auto, graphql-transport-ws, sse, graphql-ws"},
        {"names", "House", "write number=name"},
        {"names", "1EMH1=", "write number=name"},
        {"names", "1=House,1=Garage", "\"1\" is there twice"},
        {"language", "fr", "none of: en, de"},
        {"power_split", "yes", "none of: false, true"},
        {"partner.ca_file", "/nonexistent/ca.pem", "\"/nonexistent/ca.pem\" cannot be read"},
        {"partner.idle_timeout", "60", "such as 15s"},
        {"partner.idle_timeout", "4s", "from 5s to 1h"},
        {"partner.idle_timeout", "61m", "from 5s to 1h"},
        {"partner.poll_interval", "999ms", "from 1s to 24h"},
        {"partner.poll_interval", "25h", "from 1s to 24h"},
        {"partner.poll_interval", "4294967295h", "longer than any duration"},
        {"mqtt.url", "tcp://x", "must begin with mqtt:// or mqtts://"},
        {"mqtt.url", "mqtt://u:p@x", "keys of their own"},
        {"mqtt.url", "mqtt://x/iometer", "mqtt.base_topic"},
        {"mqtt.url", "mqtt://x:99999", "port"},
        {"mqtt.protocol", "3.1", "none of: 3.1.1, 5"},
        {"mqtt.password_file", "/nonexistent/password", "cannot be read"},
        {"mqtt.ca_file", "/nonexistent/ca.pem", "cannot be read"},
        {"mqtt.keepalive", "0s", "from 5s to 1h"},
        {"mqtt.commands", "some", "none of: off, safe, all"},
        {"publish.values", "often", "none of: always, on_change"},
        {"publish.layout", "xml", "none of: both, json, flat"},
        {"publish.interval", "11m", "more than half of availability.floor"},
        {"mqtt.base_topic", "", "such as iometer or home/iometer"},
        {"mqtt.base_topic", "a/#", "without wildcards"},
        {"mqtt.base_topic", "homeassistant", "is homeassistant.prefix, too"},
        {"mqtt.base_topic", "a/+/b", "without wildcards"},
        {"mqtt.base_topic", "/a", "must be a topic"},
        {"mqtt.base_topic", "a/", "must be a topic"},
        {"mqtt.base_topic", "a//b", "must be a topic"},
        {"mqtt.base_topic", "$SYS", "must be a topic"},
        {"mqtt.base_topic", "a\nb", "must be a topic"},
        {"mqtt.base_topic", "a\xFF", "must be a topic"},
        {"mqtt.base_topic", std::string("a\0b", 3), "must be a topic"},
        {"mqtt.base_topic", std::string(201, 'a'), "must be a topic"},
        {"homeassistant.discovery", "on", "none of: device, off"},
        {"homeassistant.prefix", "", "must be a topic"},
        {"homeassistant.status_topic", "homeassistant/#", "must be a topic"},
        {"log_level", "verbose", "none of: trace, debug, info, warning, error"},
    };
    for (const auto& row : rows) {
      CAPTURE(std::string(row.key));
      CAPTURE(row.value);
      auto values = complete();
      if (std::string_view(row.key) == "partner.secret_file")
        values.set("partner.secret", "", "test");
      if (std::string_view(row.key) == "mqtt.password_file")
        values.set("mqtt.username", "u", "test");
      values.set(row.key, row.value, "c.yaml, line 7");
      const auto config = make_config(values);
      REQUIRE_FALSE(config.ok());
      CAPTURE(config.error().what);
      CHECK(config.error().kind == ErrorKind::kConfig);
      CHECK(config.error().what.starts_with(std::string(row.key) + " (c.yaml, line 7): "));
      CHECK(contains(config.error().what, row.remedy));
      // A wrong URL may hold a password.
      CHECK_FALSE(contains(config.error().what, "user:pass"));
    }
  }

  TEST_CASE("who does not sign in needs no secret, and reads none") {
    auto values = complete();
    values.set("partner.id", "", "test");
    values.set("partner.secret", "", "test");
    values.set("partner.secret_file", "/nonexistent/secret", "test");
    CHECK_FALSE(make_config(values).ok());
    const auto config = make_config(values, PartnerLogin::kNotNeeded);
    REQUIRE_MESSAGE(config.ok(), config.error().what);
    CHECK(config->partner.credentials.secret.empty());
  }

  TEST_CASE("the edges of what is allowed are allowed") {
    struct Row {
      const char* key;
      std::string value;
    };
    const Row rows[] = {
        {"partner.idle_timeout", "5s"},  {"partner.idle_timeout", "3600s"},
        {"partner.poll_interval", "1s"}, {"partner.poll_interval", "24h"},
        {"mqtt.keepalive", "1h"},        {"mqtt.base_topic", std::string(200, 'a')},
        {"mqtt.base_topic", "Zähler/1"}, {"mqtt.url", "mqtt://[::1]:1884"},
        {"mqtt.url", "mqtt://broker/"},  {"partner.url", "HTTPS://x/?a=b"},
        {"partner.transport", "sse"},    {"partner.transport", "graphql-ws"},
    };
    for (const auto& row : rows) {
      CAPTURE(std::string(row.key));
      CAPTURE(row.value);
      auto values = complete();
      values.set(row.key, row.value, "test");
      const auto config = make_config(values);
      CHECK_MESSAGE(config.ok(), config.error().what);
    }
    // WSSE carries a colon in the id.
    auto values = complete();
    values.set("partner.id", "a:b", "test");
    values.set("partner.auth", "wsse", "test");
    CHECK(make_config(values).ok());
  }

  TEST_CASE("a password needs a user name") {
    auto values = complete();
    values.set("mqtt.password", "p", "test");
    const auto config = make_config(values);
    REQUIRE_FALSE(config.ok());
    CHECK(contains(config.error().what, "mqtt.username: missing"));
    CHECK_FALSE(contains(config.error().what, "\"p\""));
    values.set("mqtt.username", "u", "test");
    CHECK(make_config(values).ok());
  }

  TEST_CASE("durations") {
    CHECK(*parse_duration("500ms") == 500ms);
    CHECK(*parse_duration("15s") == 15s);
    CHECK(*parse_duration("5m") == 5min);
    CHECK(*parse_duration("2h") == 2h);
    CHECK(*parse_duration("0s") == 0s);
    for (const auto* text : {"", "s", "15", "15 s", "1.5s", "-1s", "+1s", "1d", "1S", "s15", "15ss",
                             " 15s", "99999999999s", "4294967295h"}) {
      CAPTURE(std::string(text));
      const auto duration = parse_duration(text);
      REQUIRE_FALSE(duration.ok());
      CHECK(duration.error().kind == ErrorKind::kConfig);
    }
  }

  TEST_CASE("the instance id follows the partner and the base topic and nothing else") {
    auto values = complete();
    const auto id = [&] { return instance_id(*make_config(values)); };
    const auto first = id();
    CHECK(first.size() == 8);
    CHECK(first.find_first_not_of("0123456789abcdef") == std::string::npos);
    values.set("partner.secret", "another", "test");
    values.set("mqtt.url", "mqtt://elsewhere", "test");
    CHECK(id() == first);
    values.set("mqtt.base_topic", "other", "test");
    const auto second = id();
    CHECK(second != first);
    values.set("partner.id", "partner-2", "test");
    CHECK(id() != second);
  }

  TEST_CASE("the redacted configuration holds no secret and no name") {
    auto values = complete();
    values.set("mqtt.username", "hans", "test");
    values.set("mqtt.password", "passwort", "test");
    const auto text = redacted_json(values);
    for (const auto* secret : {"geheim", "passwort", "hans", "partner-1"})
      CHECK_FALSE(contains(text, secret));
    const auto json = iometer::base::Json::parse(text);
    REQUIRE(json.ok());
    CHECK(*(*json)["partner.secret"].string() == "***");
    CHECK(*(*json)["mqtt.username"].string() == "***");
    CHECK(*(*json)["mqtt.base_topic"].string() == "iometer");
    CHECK((*json)["state_dir"].is_null());
  }
}
