#include "model/obis_code.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/random.hpp"

using iometer::base::ErrorKind;
using iometer::model::ObisCode;
using iometer::test::Random;

namespace {

ObisCode parse(const std::string& text) {
  const auto code = ObisCode::parse(text);
  REQUIRE_MESSAGE(code.ok(), text);
  return *code;
}

// Groups as meters use them and as nobody would.
std::uint8_t random_group(Random& random) {
  constexpr std::uint8_t kUsual[] = {0, 1, 2, 7, 8, 16, 31, 36, 96, 99, 100, 255};
  return random.chance(60) ? kUsual[random.number(0, 11)] : random.byte();
}

ObisCode random_code(Random& random) {
  const auto d = random_group(random);
  auto e = random_group(random);
  if (e == 255 && (d == 7 || d == 8)) e = 0;
  return {random_group(random), random_group(random), random_group(random), d, e,
          random_group(random)};
}

// Decimal with `*F` but read as hexadecimal: six groups of two digits each, which no medium that is
// in use (A below 10) can have.
bool looks_hexadecimal(const ObisCode& code) {
  const auto two_digits = [](std::uint8_t group) { return group >= 10 && group <= 99; };
  return two_digits(code.a()) && two_digits(code.b()) && two_digits(code.c()) &&
         two_digits(code.d()) && two_digits(code.e()) && two_digits(code.f());
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

}  // namespace

TEST_SUITE("model") {
  TEST_CASE("OBIS codes in the forms that the API and meters write") {
    struct Row {
      const char* text;
      ObisCode code;
    };
    constexpr Row kRows[] = {
        {"1-0:1.8.0", {1, 0, 1, 8, 0}},
        {"1-0:1.8.0*255", {1, 0, 1, 8, 0}},
        {"1-0:1.8.0&255", {1, 0, 1, 8, 0}},
        {"1.8.0", {1, 0, 1, 8, 0}},
        {"1.8", {1, 0, 1, 8, 0}},
        {"1.8.0*96", {1, 0, 1, 8, 0, 96}},
        {"1.8*01", {1, 0, 1, 8, 0, 1}},
        {"01-00:01.08.00*ff", {1, 0, 1, 8, 0}},
        {"01-00:01.08.00*FF", {1, 0, 1, 8, 0}},
        {"0100010800ff", {1, 0, 1, 8, 0}},
        {"0100010800FF", {1, 0, 1, 8, 0}},
        {" 1-0:16.7.0\r\n", {1, 0, 16, 7, 0}},
        {"01-00:10.07.00*ff", {1, 0, 16, 7, 0}},
        {"1-0:10.7.0", {1, 0, 10, 7, 0}},
        {"01-00:10.07.00*255", {1, 0, 10, 7, 0}},
        {"01-00:10.07.00&99", {1, 0, 10, 7, 0, 99}},
        {"1-0:1.8.255*255", {1, 0, 1, 8, 0}},
        {"1-0:32.7.255", {1, 0, 32, 7, 0}},
        {"1-0:96.50.255", {1, 0, 96, 50, 255}},
        {"C.1.0", {1, 0, 96, 1, 0}},
        {"c.1", {1, 0, 96, 1, 0}},
        {"F.F", {1, 0, 97, 97, 0}},
        {"f.f.0", {1, 0, 97, 97, 0}},
        {"0-0:C.1.0*255", {0, 0, 96, 1, 0}},
        {"L.1", {1, 0, 98, 1, 0}},
        {"P.01", {1, 0, 99, 1, 0}},
        {"0-4:24.2.1", {0, 4, 24, 2, 1}},
        {"255-255:255.255.254*254", {255, 255, 255, 255, 254, 254}},
    };
    for (const auto& row : kRows) {
      CAPTURE(std::string(row.text));
      CHECK(parse(row.text) == row.code);
    }
  }

  TEST_CASE("what is no OBIS code is refused, with the reason") {
    struct Row {
      const char* text;
      const char* reason;
    };
    constexpr const char* kForm = "not of the form";
    constexpr Row kRows[] = {
        {"", kForm},
        {" ", kForm},
        {"power", kForm},
        {"1", kForm},
        {"1-0:", kForm},
        {"1-0:1", kForm},
        {"1-0:.8.0", kForm},
        {"1-0:1..0", kForm},
        {"1-0:1.8.", kForm},
        {"1-0:1.8.0*", kForm},
        {"1:1.8.0", kForm},
        {"-0:1.8.0", kForm},
        {"1-:1.8.0", kForm},
        {"0100010800F", kForm},
        {"0100010800FFF", kForm},
        {"0100010800FG", kForm},
        {"256-0:1.8.0", "group A"},
        {"1-256:1.8.0", "group B"},
        {"1-0:256.8.0", "group C"},
        {"1-0:1.256.0", "group D"},
        {"1-0:1.8.256", "group E"},
        {"1-0:1.8.0*256", "group F"},
        {"1-0:1.8.0*ff", "group F"},
        {"1-0:1.8.0.0", "group E"},
        {"1-0:1.8.C", "group E"},
        {"1-0:X.8.0", "group C"},
        {"1-0:0001.8.0", "group C"},
        {"1-0:+1.8.0", "group C"},
        {"1-0:-1.8.0", "group C"},
        {"1-0: 1.8.0", "group C"},
        {"1-0-1:1.8.0", "group B"},
        {"1-0:1.8.0*1*2", "group F"},
        {"0x1-0:1.8.0", "group A"},
    };
    for (const auto& row : kRows) {
      CAPTURE(std::string(row.text));
      const auto code = ObisCode::parse(row.text);
      REQUIRE_FALSE(code.ok());
      CHECK(code.error().kind == ErrorKind::kProtocol);
      CHECK(code.error().what.find(row.reason) != std::string::npos);
    }
    CHECK(ObisCode::parse("1-0:1\n8").error().what.find('\n') == std::string::npos);
  }

  TEST_CASE("one code has one canonical form, whichever it came in") {
    Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 20'000; ++i) {
      const auto code = random_code(random);
      CAPTURE(code.hexadecimal());
      const auto bare_hex = fmt::format("{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}", code.a(), code.b(),
                                        code.c(), code.d(), code.e(), code.f());
      REQUIRE(parse(code.hexadecimal()) == code);
      REQUIRE(parse(upper(code.hexadecimal())) == code);
      REQUIRE(parse(bare_hex) == code);
      REQUIRE(parse(upper(bare_hex)) == code);
      const auto five =
          fmt::format("{}-{}:{}.{}.{}", code.a(), code.b(), code.c(), code.d(), code.e());
      const auto three = fmt::format("{}.{}.{}", code.c(), code.d(), code.e());
      REQUIRE(parse(fmt::format("{}&{}", five, code.f())) == code);
      REQUIRE(parse(fmt::format("{:03}-{:03}:{:03}.{:03}.{:03}*{:03}", code.a(), code.b(), code.c(),
                                code.d(), code.e(), code.f())) == code);
      if (!looks_hexadecimal(code)) {
        REQUIRE(parse(fmt::format("{}*{}", five, code.f())) == code);
        REQUIRE(parse(fmt::format(" {}\t", code.canonical())) == code);
      }
      const auto bare = ObisCode{1, 0, code.c(), code.d(), code.e(), code.f()};
      REQUIRE(parse(fmt::format("{}*{}", three, code.f())) == bare);
      const auto current = ObisCode{code.a(), code.b(), code.c(), code.d(), code.e()};
      REQUIRE(parse(five) == current);
      REQUIRE(parse(three) == ObisCode{1, 0, code.c(), code.d(), code.e()});
    }
  }

  TEST_CASE("the written forms of an OBIS code") {
    constexpr ObisCode kImport{1, 0, 1, 8, 0};
    CHECK(kImport.canonical() == "1-0:1.8.0");
    CHECK(kImport.identifier() == "1_0_1_8_0");
    CHECK(kImport.hexadecimal() == "01-00:01.08.00*ff");
    constexpr ObisCode kStored{1, 0, 1, 8, 0, 96};
    CHECK(kStored.canonical() == "1-0:1.8.0*96");
    CHECK(kStored.identifier() == "1_0_1_8_0_96");
    CHECK(kImport != kStored);
    CHECK(kStored < kImport);
    CHECK(ObisCode() == ObisCode{1, 0, 0, 0, 0});
  }
}
