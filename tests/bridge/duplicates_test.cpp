#include "bridge/duplicates.hpp"

#include <doctest/doctest.h>

#include "bridge/world.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Duplicates;

TEST_SUITE("bridge") {
  TEST_CASE("a fingerprint is new once") {
    const auto now = test::at("2026-03-01T12:00:00Z");
    Duplicates duplicates;
    CHECK(duplicates.insert(7, now));
    CHECK_FALSE(duplicates.insert(7, now + 1h));
    CHECK(duplicates.insert(8, now));
    CHECK(duplicates.size() == 2);
  }

  TEST_CASE("it is forgotten with the arrival that it was first seen at") {
    const auto now = test::at("2026-03-01T12:00:00Z");
    Duplicates duplicates;
    CHECK(duplicates.insert(7, now));
    CHECK(duplicates.insert(8, now + 1min));
    duplicates.prune(now);
    CHECK(duplicates.size() == 2);
    duplicates.prune(now + 30s);
    CHECK(duplicates.size() == 1);
    CHECK(duplicates.insert(7, now + 2min));
    CHECK_FALSE(duplicates.insert(8, now + 2min));
  }
}
