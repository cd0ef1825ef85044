// The redirect after linking: only our state opens the door, and what comes out of it is an id that
// can stand on a terminal.
#include "fuzz/check.hpp"
#include "partner/redirect.hpp"

using namespace iometer;
using fuzz::check;
using partner::RedirectOutcome;

namespace {

constexpr std::string_view kState = "00112233445566778899aabbccddeeff";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto query = fuzz::text_of(data, size);
  const auto redirect = partner::read_redirect(query, kState);
  const bool has_id = !redirect.installation_id.empty();
  check(has_id == (redirect.outcome == RedirectOutcome::kLinked), "an id means linked");
  check(redirect.installation_id.size() <= 64, "an id is short");
  for (const char c : redirect.installation_id)
    check(c == '-' || (c >= '0' && c <= 'z'), "an id is plain");
  check(partner::read_redirect(query, "").outcome == RedirectOutcome::kForged,
        "no state of ours, no redirect");
  // The first digit of the state, which comes from elsewhere, must matter.
  if (redirect.outcome != RedirectOutcome::kForged) {
    check(partner::read_redirect(query, "10112233445566778899aabbccddeeff").outcome ==
              RedirectOutcome::kForged,
          "another state is forged");
  }
  return 0;
}
