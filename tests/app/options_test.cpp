#include <doctest/doctest.h>

#include <set>

#include "app/config.hpp"
#include "app/option_sources.hpp"
#include "app/test_files.hpp"

using namespace iometer::app;
using iometer::base::ErrorKind;
using iometer::test::TestEnvironment;
using iometer::test::TestFiles;

namespace {

OptionValues read(const std::string& path) {
  OptionValues values;
  const auto status = read_config_file(path, values);
  REQUIRE_MESSAGE(status.ok(), status.error().what);
  return values;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("the option table names each option once in every source") {
    std::set<std::string> keys;
    std::set<std::string> variables;
    std::set<std::string> flags;
    for (const auto& option : option_table()) {
      keys.emplace(option.key);
      variables.insert(environment_name(option.key));
      flags.insert(flag_name(option.key));
      CHECK_FALSE(option.help.empty());
      CHECK(find_option(option.key) == &option);
      // A secret comes with the key for the file that holds it.
      if (option.secret) CHECK(find_option(std::string(option.key) + "_file") != nullptr);
    }
    CHECK(keys.size() == option_table().size());
    CHECK(variables.size() == keys.size());
    CHECK(flags.size() == keys.size());
    CHECK(find_option("mqtt") == nullptr);
    CHECK(environment_name("partner.websocket_url") == "IOMETER2MQTT_PARTNER_WEBSOCKET_URL");
    CHECK(environment_name("log_level") == "IOMETER2MQTT_LOG_LEVEL");
    CHECK(flag_name("partner.websocket_url") == "--partner-websocket-url");
  }

  TEST_CASE("a configuration file is read as text, whatever YAML would make of it") {
    const TestFiles files;
    const auto path = files.write("config.yaml", R"(# comment
partner:
  id: 00123
  secret: "0x1F: yes"
  poll_interval: 1m
mqtt:
  protocol: 5
  password: 1e3
  url: mqtt://broker:1884
homeassistant:
  discovery: off
  prefix:
state_dir: ~
log_level: debug
)");
    const auto values = read(path);
    CHECK(values.get("partner.id") == "00123");
    CHECK(values.get("partner.secret") == "0x1F: yes");
    CHECK(values.get("mqtt.protocol") == "5");
    CHECK(values.get("mqtt.password") == "1e3");
    CHECK(values.get("homeassistant.discovery") == "off");
    CHECK(values.get("homeassistant.prefix") == "homeassistant");  // left empty: the default
    CHECK(values.get("log_level") == "debug");
    CHECK(values.get("mqtt.base_topic") == "iometer");
    CHECK(values.describe("mqtt.url") == "mqtt.url (" + path + ", line 9)");
    CHECK(values.describe("mqtt.base_topic") == "mqtt.base_topic (default)");
  }

  TEST_CASE("lists and maps, in the file's own forms") {
    const TestFiles files;
    const auto values = read(files.write("config.yaml", R"(partner:
  installations: [a-1, 007]
names:
  1EMH1: House, left
  1234: "Garage = big"
)"));
    using Texts = std::vector<std::string>;
    CHECK(list_entries(values.get("partner.installations")) == Texts{"a-1", "007"});
    CHECK(list_entries(values.get("names")) == Texts{"1EMH1=House, left", "1234=Garage = big"});
    const auto json = read(files.write("a.json", R"({"partner": {"installations": ["x,y"]}})"));
    CHECK(list_entries(json.get("partner.installations")) == Texts{"x,y"});
    CHECK(list_entries("a, b,,c ") == Texts{"a", "b", "c"});
    CHECK(list_entries("").empty());
  }

  TEST_CASE("JSON is a configuration file, too, and an empty file is none") {
    const TestFiles files;
    CHECK(read(files.write("a.json",
                           R"({"mqtt": {"url": "mqtt://x", "protocol": "5"}, "partner": null})"))
              .get("mqtt.url") == "mqtt://x");
    CHECK(read(files.write("empty.yaml", "")).get("mqtt.protocol") == "3.1.1");
    CHECK(read(files.write("comment.yaml", "# nothing\n")).get("mqtt.protocol") == "3.1.1");
  }

  TEST_CASE("what is wrong in the file is said with line, key and remedy") {
    struct Row {
      const char* content;
      std::vector<const char*> parts;
    };
    const Row rows[] = {
        {"mqtt:\n  url: mqtt://x\n  hots: y\n",
         {", line 3", "unknown key \"mqtt.hots\"", "base_topic"}},
        {"\nmqqt:\n  url: x\n", {", line 2", "unknown key \"mqqt\"", "log_level"}},
        {"url: mqtt://x\n", {", line 1", "unknown key \"url\""}},
        {"mqtt.url: mqtt://x\n", {", line 1", "unknown key \"mqtt.url\"", "mqtt.…"}},
        {"log_level: info\nmqtt: mqtt://x\n", {", line 2", "\"mqtt\" is a section", "base_topic"}},
        {"mqtt: [a]\n", {", line 1", "\"mqtt\" is a section"}},
        {"mqtt:\n  url: mqtt://x\nmqtt:\n  url: mqtt://y\n",
         {", line 3", "\"mqtt\" is there twice"}},
        {"mqtt:\n  url: mqtt://x\n  url: mqtt://y\n", {", line 3", "\"url\" is there twice"}},
        {"names: House\n", {", line 1", "\"names\" is a section", "1EMH0007058153: House"}},
        {"names:\n  a: [b]\n", {", line 1", "\"names\" is a section"}},
        {"partner:\n  installations: {a: b}\n", {", line 2", "takes a list", "[a, b]"}},
        {"mqtt:\n  url: [a, b]\n", {", line 2", "\"mqtt.url\" takes one value"}},
        {"mqtt:\n  url:\n    host: x\n", {", line 2", "\"mqtt.url\" takes one value"}},
        {"log_level:\n  a: b\n", {", line 1", "\"log_level\" takes one value"}},
        {"a: b\n  c: d\n", {", line 2", "not valid YAML"}},
        {"log_level: info\nmqtt: {url: x\n", {"not valid YAML", ", line "}},
        {"\tmqtt: x\n", {"not valid YAML", ", line 1"}},
        {"just text\n", {"expected sections such as \"partner:\""}},
        {"- a\n- b\n", {"expected sections such as \"partner:\""}},
        {"log_level: info\n---\nlanguage: de\n", {"holds 2 YAML documents", "keep one"}},
    };
    const TestFiles files;
    const auto path = files.directory() + "/config.yaml";
    for (const auto& row : rows) {
      CAPTURE(std::string(row.content));
      files.write("config.yaml", row.content);
      OptionValues values;
      const auto status = read_config_file(path, values);
      REQUIRE_FALSE(status.ok());
      CHECK(status.error().kind == ErrorKind::kConfig);
      CHECK(status.error().what.starts_with(path));
      for (const auto* part : row.parts) {
        CAPTURE(status.error().what);
        CHECK(contains(status.error().what, part));
      }
    }
    OptionValues values;
    const auto large = files.write("large.yaml", std::string((1U << 20U) + 1, '#'));
    const std::pair<std::string, const char*> unreadable[] = {
        {files.directory() + "/none.yaml", "cannot be read: No such file or directory"},
        {files.directory(), "is a directory"},
        {large, "is over 1 MiB"}};
    for (const auto& [file, why] : unreadable) {
      const auto status = read_config_file(file, values);
      REQUIRE_FALSE(status.ok());
      CHECK(status.error().what == file + ": " + why + "; check --config");
    }
    CHECK(read_config_text("---\nlog_level: info\n", "one.yaml", values).ok());
  }

  TEST_CASE("an add-on's options: what nobody filled in is not set") {
    OptionValues values;
    REQUIRE(read_config_text("mqtt: {username: file}\nnames: {1: File}\nlog_level: debug\n", "c",
                             values)
                .ok());
    const auto status = read_addon_text(
        R"({"partner": {"id": "me", "secret": "", "installations": []},
            "mqtt": {"url": null, "username": "", "password": "p\u00e4\ud83d\ude00\/\"\\: #"},
            "homeassistant": null, "names": [], "language": "de", "power_split": true,
            "availability": {"fixed": "5m"}})",
        values);
    REQUIRE_MESSAGE(status.ok(), status.error().what);
    CHECK(values.get("partner.id") == "me");
    CHECK(values.describe("partner.id") == "partner.id (add-on options)");
    CHECK(values.get("mqtt.password") == "pä😀/\"\\: #");
    CHECK(values.get("power_split") == "true");
    CHECK(values.get("language") == "de");
    CHECK(values.get("availability.fixed") == "5m");
    for (const auto* key : {"partner.secret", "partner.installations", "mqtt.url"}) {
      CAPTURE(key);
      CHECK_FALSE(values.is_set(key));
    }
    CHECK(values.get("mqtt.url") == "mqtt://localhost:1883");
    CHECK(values.get("mqtt.username") == "file");
    CHECK(values.get("log_level") == "debug");
    CHECK(list_entries(values.get("names")) == std::vector<std::string>{"1=File"});
  }

  TEST_CASE(
      "an add-on's options: lists, and names as a list of pairs, because a form has no maps") {
    OptionValues values;
    const auto status = read_addon_text(
        R"({"partner": {"installations": ["a", "b"]}, "names": ["1EMH1=House, left", "2=Garage"]})",
        values);
    REQUIRE_MESSAGE(status.ok(), status.error().what);
    using Texts = std::vector<std::string>;
    CHECK(list_entries(values.get("partner.installations")) == Texts{"a", "b"});
    CHECK(list_entries(values.get("names")) == Texts{"1EMH1=House, left", "2=Garage"});
    OptionValues others;
    CHECK(read_addon_text(R"({"names": {"1EMH1": "House"}})", others).ok());
    CHECK(others.get("names") == "1EMH1=House\n");
    CHECK(read_addon_text("{}", others).ok());
  }

  TEST_CASE("what is wrong in an add-on's options is said with the key and the remedy") {
    struct Row {
      const char* content;
      std::vector<const char*> parts;
    };
    const Row rows[] = {
        {R"({"mqtt": {"hots": "x"}})", {"add-on options, key mqtt.hots", "known here: url"}},
        {R"({"mqqt": {}})", {"add-on options, key mqqt", "log_level"}},
        {R"({"mqtt.url": "x"})", {"add-on options, key mqtt.url", "mqtt.…"}},
        {R"({"mqtt": "x"})", {"add-on options, key mqtt", "is a section"}},
        {R"({"mqtt": {"url": ["a"]}})", {"add-on options, key mqtt.url", "takes one value"}},
        {R"({"partner": {"installations": [["a"]]}})", {"key partner.installations", "[a, b]"}},
        {R"({"names": "House"})", {"add-on options, key names", "[1EMH0007058153=House]"}},
        {R"({"": "x"})", {"add-on options, key ", "unknown key"}},
        {"mqtt: {url: x}", {"add-on options: not valid JSON", "options.json", "--options"}},
        {"", {"add-on options: not valid JSON", "--options"}},
        {"[]", {"add-on options: no JSON object"}},
    };
    for (const auto& row : rows) {
      CAPTURE(std::string(row.content));
      OptionValues values;
      const auto status = read_addon_text(row.content, values);
      REQUIRE_FALSE(status.ok());
      CHECK(status.error().kind == ErrorKind::kConfig);
      for (const auto* part : row.parts) {
        CAPTURE(status.error().what);
        CHECK(contains(status.error().what, part));
      }
    }
    const TestFiles files;
    OptionValues values;
    const auto large = files.write("large.json", "{}" + std::string(1U << 20U, ' '));
    for (const auto& unreadable : {files.directory() + "/none.json", files.directory(), large}) {
      const auto status = read_addon_options(unreadable, values);
      REQUIRE_FALSE(status.ok());
      CHECK(contains(status.error().what, unreadable));
      CHECK(contains(status.error().what, "check --options"));
    }
  }

  TEST_CASE("later sources win: default, file, environment, flag") {
    const TestFiles files;
    TestEnvironment environment;
    auto values = read(
        files.write("c.yaml", "mqtt:\n  url: mqtt://file\n  base_topic: file\n  username: file\n"));
    environment.set("IOMETER2MQTT_MQTT_URL", "mqtt://environment");
    environment.set("IOMETER2MQTT_MQTT_BASE_TOPIC", "environment");
    environment.set("IOMETER2MQTT_MQTT_USERNAME",
                    "");  // as container tools hand on what is not set
    environment.set("IOMETER2MQTT_LOG_LEVEL", "debug");
    REQUIRE(read_environment(values).ok());
    values.set("mqtt.url", "mqtt://flag", flag_name("mqtt.url"));
    CHECK(values.get("mqtt.url") == "mqtt://flag");
    CHECK(values.describe("mqtt.url") == "mqtt.url (--mqtt-url)");
    CHECK(values.get("mqtt.base_topic") == "environment");
    CHECK(values.describe("mqtt.base_topic") == "mqtt.base_topic (IOMETER2MQTT_MQTT_BASE_TOPIC)");
    CHECK(values.get("mqtt.username") == "file");
    CHECK(values.get("log_level") == "debug");
    CHECK(values.get("mqtt.protocol") == "3.1.1");
    CHECK(values.is_set("log_level"));
    CHECK_FALSE(values.is_set("mqtt.protocol"));
  }

  TEST_CASE("a variable that looks like ours but is no option is refused") {
    setenv("IOMETER2MQTT_MQT_URL", "mqtt://x", 1);
    OptionValues values;
    const auto status = read_environment(values);
    unsetenv("IOMETER2MQTT_MQT_URL");
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().what.find("IOMETER2MQTT_MQT_URL: there is no such option") !=
          std::string::npos);
    CHECK(read_environment(values).ok());
  }

  TEST_CASE("a secret and its file are one setting: the later source's counts") {
    const TestFiles files;
    const auto file = files.write("secret", "from-secret-file\n");
    const auto secret_of = [](const OptionValues& values) {
      const auto config = make_config(values);
      REQUIRE_MESSAGE(config.ok(), config.error().what);
      return std::string(config->partner.credentials.secret.reveal());
    };
    const std::string start = "partner:\n  id: me\n  ";
    SUBCASE("the file variable alone") {
      TestEnvironment environment;
      environment.set("IOMETER2MQTT_PARTNER_ID", "me");
      environment.set("IOMETER2MQTT_PARTNER_SECRET_FILE", file);
      OptionValues values;
      REQUIRE(read_environment(values).ok());
      CHECK(secret_of(values) == "from-secret-file");
    }
    SUBCASE("the file variable over the configuration's secret") {
      TestEnvironment environment;
      auto values = read(files.write("c.yaml", start + "secret: from-config\n"));
      CHECK(secret_of(values) == "from-config");
      environment.set("IOMETER2MQTT_PARTNER_SECRET_FILE", file);
      REQUIRE(read_environment(values).ok());
      CHECK(secret_of(values) == "from-secret-file");
    }
    SUBCASE("the variable over the configuration's file") {
      TestEnvironment environment;
      auto values = read(files.write("c.yaml", start + "secret_file: " + file + "\n"));
      CHECK(secret_of(values) == "from-secret-file");
      environment.set("IOMETER2MQTT_PARTNER_SECRET", "from-environment");
      REQUIRE(read_environment(values).ok());
      CHECK(secret_of(values) == "from-environment");
    }
    SUBCASE("the flag over the configuration's secret") {
      auto values = read(files.write("c.yaml", start + "secret: from-config\n"));
      REQUIRE(read_environment(values).ok());
      values.set("partner.secret_file", file, flag_name("partner.secret_file"));
      CHECK(secret_of(values) == "from-secret-file");
    }
    SUBCASE("both from one source") {
      const auto values =
          read(files.write("c.yaml", start + "secret: a\n  secret_file: " + file + "\n"));
      const auto config = make_config(values);
      REQUIRE_FALSE(config.ok());
      CHECK(contains(config.error().what, "set this or partner.secret_file, not both"));
    }
  }

  TEST_CASE("a secret's file is trimmed, bounded and must hold something") {
    const TestFiles files;
    CHECK(*read_secret_file(files.write("a", " s e\n")) == "s e");
    CHECK(*read_secret_file(files.write("b", "s")) == "s");
    CHECK(read_secret_file(files.write("c", std::string(64 * 1024, 'x'))).ok());
    for (const auto& path :
         {files.write("d", std::string(64 * 1024 + 1, 'x')), files.directory() + "/none",
          files.directory(), files.write("e", " \n")}) {
      CAPTURE(path);
      const auto secret = read_secret_file(path);
      REQUIRE_FALSE(secret.ok());
      CHECK(secret.error().kind == ErrorKind::kConfig);
      CHECK(contains(secret.error().what, path));
    }
  }
}
