#include "base/text.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "base/hash.hpp"
#include "base/random.hpp"

using namespace iometer::base;
using iometer::test::Random;

TEST_SUITE("base") {
  TEST_CASE("lower case and trimming leave other bytes alone") {
    CHECK(to_lower("AbZ@[`{0É") == "abz@[`{0É");
    CHECK(trim(" \t\r\n a b \n") == "a b");
    CHECK(trim(" \n").empty());
    CHECK(trim("").empty());
    CHECK(trim("x") == "x");
  }

  TEST_CASE("UTF-8 is checked as RFC 3629 defines it") {
    for (const auto* text :
         {"", "a", "é", "€", "😀", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
      CAPTURE(std::string(text));
      CHECK(is_valid_utf8(text));
    }
    for (const auto* text : {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                             "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
                             "a\xE2\x82", "\xE2\x82z", "\xC3\xC3"}) {
      CAPTURE(
          hex(std::span(reinterpret_cast<const std::uint8_t*>(text), std::string(text).size())));
      CHECK_FALSE(is_valid_utf8(text));
    }
  }

  TEST_CASE("Base64 and hexadecimal (RFC 4648 section 10)") {
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xFB\xFF") == "+/8=");
    constexpr std::array<std::uint8_t, 3> kBytes{0x00, 0x9F, 0xFA};
    CHECK(hex(kBytes) == "009ffa");
  }

  TEST_CASE("text from outside becomes printable") {
    CHECK(printable("plain é") == "plain é");
    CHECK(printable("a\nb\x1b[31m\x7f") == "a?b?[31m?");
    CHECK(printable("\xFFz\xC3") == "?z?");
    // What a terminal obeys although it is no ASCII, and what turns a line around.
    CHECK(printable("a\u0080b\u009b31m\u0085c\u00a0\u00e4") == "a?b?31m?c\u00a0\u00e4");
    CHECK(printable("a\u202eb\u2028c\u2066d\u200ee\u061cf\u20acg\u2010\u206a") ==
          "a?b?c?d?e?f\u20acg\u2010\u206a");
    CHECK(printable("abcdef", 6) == "abcdef");
    CHECK(printable("abcdefg", 6) == "abcdef…");
    CHECK(printable("aé", 2) == "a…");
    CHECK(printable("aéb", 3) == "aé…");
    CHECK(printable("", 0).empty());
    Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 5'000; ++i) {
      std::string text;
      for (int length = random.number(0, 30); length > 0; --length)
        text += static_cast<char>(random.byte());
      const auto limit = static_cast<std::size_t>(random.number(0, 40));
      const auto safe = printable(text, limit);
      REQUIRE(is_valid_utf8(safe));
      REQUIRE(safe.size() <= limit + std::string("…").size());
      REQUIRE(printable(safe, 100) == safe);
    }
  }

  TEST_CASE("fingerprints keep their parts apart") {
    // FIPS 180-4's example.
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const auto of = [](std::initializer_list<std::string_view> parts) {
      return fingerprint(std::span(parts.begin(), parts.size()));
    };
    CHECK(of({"ab", "c"}) == of({"ab", "c"}));
    CHECK(of({"ab", "c"}) != of({"a", "bc"}));
    CHECK(of({"a", ""}) != of({"a"}));
    CHECK(of({"1:a"}) != of({"a"}));
    CHECK(of({"a", "b"}) != of({"b", "a"}));
    // Identifiers that users see are made from it: it must never change ("1:a" hashed).
    CHECK(of({"a"}) == 0x4162fddd39a3e422);
  }
}
