#include "bridge/naming.hpp"

#include <doctest/doctest.h>

using iometer::bridge::display_name;

TEST_SUITE("bridge") {
  TEST_CASE("a meter is called by its number, safely, and by its slug where it has none") {
    CHECK(display_name("1EMH0007058153", "1emh0007058153") == "1EMH0007058153");
    CHECK(display_name(" 1 EMH/7 ", "1emh7-0b54a1de") == "1 EMH/7");
    CHECK(display_name("Zähler\n1", "x") == "Zähler?1");
    CHECK(display_name("", "0b54a1de") == "0b54a1de");
    CHECK(display_name(" \t", "0b54a1de") == "0b54a1de");
    CHECK(display_name(std::string(70, 'x'), "y") == std::string(64, 'x') + "…");
  }
}
