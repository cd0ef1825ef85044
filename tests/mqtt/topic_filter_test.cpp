#include "mqtt/topic_filter.hpp"

#include <doctest/doctest.h>

using namespace iometer::mqtt;

TEST_SUITE("mqtt") {
  TEST_CASE("a subscription matches topics as MQTT says") {
    CHECK(matches("a/b", "a/b"));
    CHECK_FALSE(matches("a/b", "a/b/c"));
    CHECK_FALSE(matches("a/b/c", "a/b"));
    CHECK(matches("a/#", "a/b/c"));
    CHECK(matches("a/#", "a"));
    CHECK(matches("#", "a/b"));
    CHECK(matches("+/b", "a/b"));
    CHECK_FALSE(matches("+", "a/b"));
    CHECK_FALSE(matches("#", "$SYS/x"));
  }
}
