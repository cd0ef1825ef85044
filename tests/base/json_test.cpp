#include "base/json.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/random.hpp"
#include "base/text.hpp"

using iometer::base::ErrorKind;
using iometer::base::Json;
using iometer::base::JsonWriter;
using iometer::test::Random;

namespace {

Json parse(std::string_view text) {
  auto json = Json::parse(text);
  REQUIRE_MESSAGE(json.ok(), text);
  return *std::move(json);
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// A random document as compact text, so that dump() must give back exactly that.
std::string random_document(Random& random, int depth) {
  switch (random.number(0, depth > 0 ? 6 : 4)) {
    case 0:
      return "null";
    case 1:
      return random.chance(50) ? "true" : "false";
    case 2:
      return (random.chance(30) ? "-" : "") + std::to_string(random.number(1, 1'000'000)) + "." +
             random.text(3, "0123456789");
    case 3:
      return std::to_string(random.number(1, 9)) + "e+0" + random.text(1, "123456789");
    case 4:
      return "\"" + random.text(static_cast<std::size_t>(random.number(0, 8)), "aZ09 /é:,{}[]") +
             "\"";
    case 5: {
      std::string text = "[";
      for (int i = random.number(0, 4); i > 0; --i) {
        text += random_document(random, depth - 1) + (i > 1 ? "," : "");
      }
      return text + "]";
    }
    default: {
      std::string text = "{";
      for (int i = random.number(0, 4); i > 0; --i) {
        text += "\"k" + std::to_string(i) + "\":" + random_document(random, depth - 1) +
                (i > 1 ? "," : "");
      }
      return text + "}";
    }
  }
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("JSON numbers keep the text that was sent") {
    const auto json = parse(R"([1.2345678e+06, 0.10, -0, 12345678901234567890123, 1E5, 7])");
    constexpr const char* kTexts[] = {"1.2345678e+06",           "0.10", "-0",
                                      "12345678901234567890123", "1E5",  "7"};
    REQUIRE(json.items().size() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
      REQUIRE(json.items()[i].number() != nullptr);
      CHECK(json.items()[i].number()->text == kTexts[i]);
    }
    CHECK(json.dump() == "[1.2345678e+06,0.10,-0,12345678901234567890123,1E5,7]");
  }

  TEST_CASE("a path through JSON needs no checks on the way") {
    const auto json = parse(R"({"a":{"b":[true,"x"]},"n":null})");
    CHECK(*json["a"]["b"].items()[0].boolean());
    CHECK(*json["a"]["b"].items()[1].string() == "x");
    CHECK(json["a"]["c"]["d"].is_null());
    CHECK(json["a"]["b"]["c"].is_null());
    CHECK(json["n"].is_null());
    CHECK(json["a"].items().empty());
    CHECK(json["a"]["b"].members().empty());
    CHECK(json["a"].string() == nullptr);
    CHECK(json["a"]["b"].items()[0].number() == nullptr);
    CHECK(json["a"]["b"].items()[1].boolean() == nullptr);
    CHECK(json.type_name() == "object");
    CHECK(json["a"]["b"].type_name() == "array");
    CHECK(json["a"]["b"].items()[0].type_name() == "boolean");
    CHECK(json["a"]["b"].items()[1].type_name() == "string");
    CHECK(json["n"].type_name() == "null");
    CHECK(parse("1").type_name() == "number");
  }

  TEST_CASE("of duplicate JSON keys the first is seen") {
    const auto json = parse(R"({"a":1,"a":2})");
    REQUIRE(json["a"].number() != nullptr);
    CHECK(json["a"].number()->text == "1");
    CHECK(json.members().size() == 2);
  }

  TEST_CASE("JSON text is decoded") {
    CHECK(*parse(R"("\u00e9\n\"\/\ud83d\ude00")").string() == "é\n\"/😀");
    CHECK(*parse(R"("a\u0000b")").string() == std::string("a\0b", 3));
    CHECK(*parse("\xEF\xBB\xBF\"x\"").string() == "x");
    CHECK(parse(" \t\r\n[ ] \n").is_array());
  }

  TEST_CASE("what is no JSON is refused, with the place") {
    using namespace std::string_literals;
    const std::string kTexts[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "[1] x",
        "[1][2]",
        "nul",
        "NaN",
        "Infinity",
        "-",
        "01",
        "1.",
        "+1",
        "1e400",
        "// x\n1",
        "\"a\nb\"",
        "\"\\x41\"",
        "\"abc",
        "[1]\0"s,
        "[1]\0garbage"s,
        "\"a\0b\""s,
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "{\"\xff\":1}",
        R"("\ud800")",
        R"("\ud800\u0041")",
        R"("\udc00")",
        R"({"\udc00":1})",
        "\xEF[1]",
        "\xBB[1]",
        "\xBF[1]",
    };
    for (const auto& text : kTexts) {
      CAPTURE(iometer::base::printable(text));
      const auto json = Json::parse(text);
      REQUIRE_FALSE(json.ok());
      CHECK(json.error().kind == ErrorKind::kProtocol);
      CHECK(json.error().what.starts_with("not valid JSON at byte "));
    }
    CHECK(Json::parse("[1, x]").error().what.find("at byte 4:") != std::string::npos);
    CHECK(Json::parse("\"\xff\"").error().what.find("encoding") != std::string::npos);
    CHECK(Json::parse(R"("\udc00")").error().what.find("surrogate") != std::string::npos);
  }

  TEST_CASE("JSON is bounded in depth and size") {
    // A value takes some fifty bytes, a text of two names it: the number is bounded, too.
    CHECK(Json::parse("[1,2]", {100, 32, 3}).ok());
    CHECK(Json::parse("[1,[2]]", {100, 32, 3}).error().what.find("too many values") !=
          std::string::npos);
    CHECK(Json::parse(nested(32)).ok());
    const auto deep = Json::parse(nested(33));
    REQUIRE_FALSE(deep.ok());
    CHECK(deep.error().what.find("nested too deeply") != std::string::npos);
    CHECK_FALSE(Json::parse(std::string(1'000'000, '[')).ok());
    std::string objects;
    for (int i = 0; i < 33; ++i) objects += "{\"a\":";
    CHECK(Json::parse(objects).error().what.find("nested too deeply") != std::string::npos);

    CHECK(Json::parse("[10]", {4, 1}).ok());
    CHECK(Json::parse("[10]", {3, 1}).error().what.find("4 bytes is over the limit of 3") !=
          std::string::npos);
    CHECK_FALSE(Json::parse("[10]", {4, 0}).ok());
  }

  TEST_CASE("JSON that is written is JSON that was read") {
    Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 3'000; ++i) {
      const auto text = random_document(random, 4);
      // The alphabet holds the two bytes of é apart: such texts must be refused, not mended.
      if (!iometer::base::is_valid_utf8(text)) {
        REQUIRE_FALSE(Json::parse(text).ok());
        continue;
      }
      CAPTURE(std::string(text));
      REQUIRE(parse(text).dump() == text);
    }
  }

  TEST_CASE("cut or changed JSON never crashes, and never gives text that is no UTF-8") {
    Random random;
    CAPTURE(random.seed());
    const std::string whole =
        R"({"data":{"time":"2026-01-01T00:00:00Z","v":[1.5e+06,null,"é\ud83d\ude00"]}})";
    for (int i = 0; i < 20'000; ++i) {
      auto text = whole;
      for (int changes = random.number(1, 3); changes > 0; --changes) {
        const auto at =
            static_cast<std::size_t>(random.number(0, static_cast<int>(text.size()) - 1));
        text[at] = static_cast<char>(random.byte());
      }
      if (random.chance(30)) text.resize(text.size() / 2);
      const auto json = Json::parse(text);
      if (json) REQUIRE(iometer::base::is_valid_utf8(json->dump()));
    }
  }

  TEST_CASE("the JSON writer writes what it is told") {
    JsonWriter out;
    out.begin_object().member("t", "a\"b\\\n\x01é").key("n").number("0.10").key("i").integer(-7);
    out.key("b").boolean(false).key("z").null().key("l").begin_array().string("").end_array();
    out.key("r").raw(R"({"x":1})").key("j").json(parse("[true]")).end_object();
    CHECK(
        out.take() ==
        R"({"t":"a\"b\\\n\u0001é","n":0.10,"i":-7,"b":false,"z":null,"l":[""],"r":{"x":1},"j":[true]})");
    CHECK(JsonWriter().string(std::string_view()).take() == "\"\"");
    CHECK(JsonWriter().string(std::string_view("a\0b", 3)).take() == R"("a\u0000b")");
  }
}
