// OBIS codes: each form of a code means the same code.
#include <algorithm>

#include "fuzz/check.hpp"
#include "model/obis_code.hpp"

using iometer::fuzz::check;
using iometer::model::ObisCode;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto code = ObisCode::parse(iometer::fuzz::text_of(data, size));
  if (!code) return 0;
  // Six groups of two digits each are read as the API's hexadecimal format. No meter has a code
  // whose canonical form looks like that, with a medium and a stored value from 10 to 99.
  const auto groups = {code->a(), code->b(), code->c(), code->d(), code->e(), code->f()};
  const bool ambiguous =
      std::all_of(groups.begin(), groups.end(), [](int g) { return g >= 10 && g <= 99; });
  const auto from_canonical = ObisCode::parse(code->canonical());
  check(ambiguous || (from_canonical && *from_canonical == *code), "canonical: the same code");
  const auto from_hexadecimal = ObisCode::parse(code->hexadecimal());
  check(from_hexadecimal && *from_hexadecimal == *code, "hexadecimal: the same code");
  check(code->identifier().find_first_not_of("0123456789_") == std::string::npos,
        "an identifier has only digits and underscores");
  return 0;
}
