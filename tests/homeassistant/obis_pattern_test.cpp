#include "homeassistant/obis_pattern.hpp"

#include <doctest/doctest.h>

using iometer::homeassistant::ObisPattern;
using iometer::model::ObisCode;

TEST_SUITE("homeassistant") {
  TEST_CASE("a pattern matches the codes that it is written for, and no others") {
    constexpr ObisPattern kTariffs("1-*:1.8.[1..63]");
    CHECK(kTariffs.matches({1, 0, 1, 8, 1}));
    CHECK(kTariffs.matches({1, 255, 1, 8, 63}));
    CHECK_FALSE(kTariffs.matches({1, 0, 1, 8, 0}));
    CHECK_FALSE(kTariffs.matches({1, 0, 1, 8, 64}));
    CHECK_FALSE(kTariffs.matches({1, 0, 1, 8, 1, 96}));  // a stored value
    CHECK_FALSE(kTariffs.matches({0, 0, 1, 8, 1}));

    constexpr ObisPattern kPhases("1-0:[36,56,76].7.0");
    CHECK(kPhases.matches({1, 0, 56, 7, 0}));
    CHECK_FALSE(kPhases.matches({1, 0, 46, 7, 0}));
    CHECK(kPhases.phase({1, 0, 36, 7, 0}) == 1);
    CHECK(kPhases.phase({1, 0, 76, 7, 0}) == 3);
    CHECK(kPhases.varies('C'));
    CHECK_FALSE(kPhases.varies('D'));

    constexpr ObisPattern kStored("1-*:*.8.**[0..126]");
    CHECK(kStored.matches({1, 0, 200, 8, 255, 126}));
    CHECK_FALSE(kStored.matches({1, 0, 200, 8, 255, 127}));
    CHECK_FALSE(kStored.matches({1, 0, 200, 8, 255}));
    CHECK(kStored.varies('F'));
    CHECK(kStored.example() == ObisCode{1, 0, 0, 8, 0, 0});

    constexpr ObisPattern kWindow("1-*:1.8.0*96");
    CHECK(kWindow.matches({1, 0, 1, 8, 0, 96}));
    CHECK_FALSE(kWindow.varies('F'));
  }
}
