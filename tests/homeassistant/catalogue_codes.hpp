// One code for each row of the sensor catalogue that is not hidden behind an earlier row.
#pragma once

#include <algorithm>
#include <vector>

#include "homeassistant/sensor_rows.hpp"

namespace iometer::test {

struct CatalogueCode {
  const homeassistant::SensorRow* row;
  model::ObisCode code;
};

inline std::vector<CatalogueCode> catalogue_codes() {
  std::vector<CatalogueCode> rows;
  for (const auto part : {homeassistant::electricity_rows(), homeassistant::other_rows()}) {
    for (const auto& row : part) {
      const auto code = row.pattern.example();
      const auto hides = [&](const CatalogueCode& earlier) {
        return earlier.row->pattern.matches(code);
      };
      if (std::none_of(rows.begin(), rows.end(), hides)) rows.push_back({&row, code});
    }
  }
  return rows;
}

}  // namespace iometer::test
