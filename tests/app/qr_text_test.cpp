#include "app/qr_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace iometer::app;

namespace {

// The modules as a camera sees them: true = dark.
std::vector<std::string> modules(const std::string& text, bool drawn_is_dark) {
  std::vector<std::string> rows;
  std::string upper;
  std::string lower;
  const auto add = [&](bool up, bool down) {
    upper += up == drawn_is_dark ? '#' : '.';
    lower += down == drawn_is_dark ? '#' : '.';
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto rest = std::string_view(text).substr(i);
    if (rest[0] == '\x1b') {
      i += rest.find('m') + 1;
    } else if (rest[0] == '\n') {
      rows.push_back(std::exchange(upper, {}));
      rows.push_back(std::exchange(lower, {}));
      ++i;
    } else if (rest[0] == ' ') {
      add(false, false);
      ++i;
    } else {
      add(!rest.starts_with("▄"), !rest.starts_with("▀"));
      i += 3;
    }
  }
  return rows;
}

}  // namespace

TEST_SUITE("app") {
  TEST_CASE(
      "QR text: a code with its finder patterns and quiet zone, the same in both colourings") {
    const auto dark = qr_text("https://connect.iometer.cloud/x", QrColours::kBlackOnWhite);
    const auto light = qr_text("https://connect.iometer.cloud/x", QrColours::kTerminal);
    REQUIRE(dark.has_value());
    REQUIRE(light.has_value());
    const auto rows = modules(*dark, true);
    CHECK(modules(*light, false) == rows);
    const auto width = rows[0].size();
    REQUIRE(rows.size() >= width);
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(rows[i].find('#') == std::string::npos);
      CHECK(rows[width - 1 - i].find('#') == std::string::npos);
    }
    for (const auto& row : rows) {
      CHECK(row.size() == width);
      CHECK(row.substr(0, 4) == "....");
      CHECK(row.substr(width - 4) == "....");
    }
    // ISO 18004 section 6.3.3: 7×7, in three corners.
    const std::vector<std::string> finder{"#######", "#.....#", "#.###.#", "#.###.#",
                                          "#.###.#", "#.....#", "#######"};
    for (std::size_t y = 0; y < 7; ++y) {
      CHECK(rows[4 + y].substr(4, 7) == finder[y]);
      CHECK(rows[4 + y].substr(width - 11, 7) == finder[y]);
      CHECK(rows[width - 11 + y].substr(4, 7) == finder[y]);
    }
  }

  TEST_CASE("QR text: too long for any") {
    CHECK_FALSE(qr_text(std::string(4000, 'x'), QrColours::kTerminal).has_value());
  }
}
