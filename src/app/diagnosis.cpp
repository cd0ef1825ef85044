#include "app/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/json.hpp"

namespace iometer::app {
namespace {

std::string_view word(Finding::Result result) {
  switch (result) {
    case Finding::Result::kGood:
      return "ok";
    case Finding::Result::kNote:
      return "note";
    case Finding::Result::kBad:
      break;
  }
  return "failed";
}

}  // namespace

void Diagnosis::good(std::string step, std::string what) {
  add({Finding::Result::kGood, std::move(step), std::move(what), {}, Trouble::kNone});
}

void Diagnosis::note(std::string step, std::string what, std::string next) {
  add({Finding::Result::kNote, std::move(step), std::move(what), std::move(next), Trouble::kNone});
}

void Diagnosis::bad(Trouble trouble, std::string step, std::string what, std::string next) {
  add({Finding::Result::kBad, std::move(step), std::move(what), std::move(next), trouble});
}

void Diagnosis::add(Finding finding) {
  if (shown_) {
    fmt::print("{:<19} {:<7} {}\n", finding.step, word(finding.result), finding.what);
    if (!finding.next.empty()) fmt::print("{:<19} {:<7} {}\n", "", "  →", finding.next);
    std::fflush(stdout);
  }
  findings_.push_back(std::move(finding));
}

Trouble Diagnosis::trouble() const {
  const auto first = std::find_if(findings_.begin(), findings_.end(), [](const Finding& finding) {
    return finding.result == Finding::Result::kBad;
  });
  return first != findings_.end() ? first->trouble : Trouble::kNone;
}

std::string Diagnosis::json() const {
  base::JsonWriter out;
  out.begin_object().key("ok").boolean(trouble() == Trouble::kNone);
  out.key("exit_code").integer(exit_code()).key("findings").begin_array();
  for (const auto& finding : findings_) {
    out.begin_object().member("step", finding.step).member("result", word(finding.result));
    out.member("what", finding.what);
    if (!finding.next.empty()) out.member("next", finding.next);
    out.end_object();
  }
  return out.end_array().end_object().take();
}

}  // namespace iometer::app
