// Exact decimals: no form and no shift changes the value. The first byte says how far to shift.
#include <algorithm>

#include "base/decimal.hpp"
#include "base/json.hpp"
#include "fuzz/check.hpp"

using iometer::base::Decimal;
using iometer::base::Json;
using iometer::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int power = static_cast<std::int8_t>(data[0]);
  const auto number = Decimal::parse(iometer::fuzz::text_of(data + 1, size - 1));
  if (!number) return 0;
  check(number->shifted(power).shifted(-power) == *number, "a shift there and back is none");
  for (const auto& value : {*number, number->shifted(power), number->negated()}) {
    const auto text = value.to_string();
    const auto digits = std::count_if(text.begin(), text.end(), [](char c) { return c >= '0'; });
    // Our JSON, like many, refuses a number that no double can hold.
    const auto json = Json::parse(text);
    check(json ? json->number() != nullptr && json->number()->text == text : digits > 300,
          "the text is a JSON number");
    const auto again = Decimal::parse(text);
    // Without its exponent a number may have more digits than parse() takes.
    check(again ? *again == value : digits > 64, "the text is the value");
  }
  return 0;
}
