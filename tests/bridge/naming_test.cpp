#include "bridge/naming.hpp"

#include <doctest/doctest.h>

using iometer::bridge::Naming;
using iometer::model::Meter;

TEST_SUITE("bridge") {
  TEST_CASE("a meter is called by its number, safely, and by its slug where it has none") {
    const Naming naming;
    const auto shown = [&](std::string number) {
      return naming.display_name(Meter{"id", std::move(number), "i"}, "0b54a1de");
    };
    CHECK(shown("1EMH0007058153") == "1EMH0007058153");
    CHECK(shown(" 1 EMH/7 ") == "1 EMH/7");
    CHECK(shown("Zähler\n1") == "Zähler?1");
    CHECK(shown("") == "0b54a1de");
    CHECK(shown(" \t") == "0b54a1de");
    CHECK(shown(std::string(70, 'x')) == std::string(64, 'x') + "…");
  }

  TEST_CASE("a configured name is found by number or by id") {
    Naming naming;
    naming.names = {{"1EMH", "House"}, {"some-id", "Garage"}};
    CHECK(naming.name({"x", "1EMH", "i"}) == "House");
    CHECK(naming.name({"x", " 1EMH ", "i"}) == "House");
    CHECK(naming.name({"some-id", "2", "i"}) == "Garage");
    CHECK(naming.name({"SOME-ID", "2", "i"}) == "Garage");
    CHECK(naming.name({"x", "1emh", "i"}) == "House");
    CHECK(naming.name({"other", "2", "i"}) == "2");
    CHECK(naming.name({"", "", "i"}).empty());
    CHECK(naming.display_name({"some-id", "", "i"}, "slug") == "Garage");
  }
}
