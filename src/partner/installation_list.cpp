#include "partner/installation_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "partner/decode.hpp"

namespace iometer::partner {
namespace {

constexpr std::size_t kPageSize = 100;
constexpr std::size_t kMostInstallations = 100'000;
constexpr std::size_t kMostPages = kMostInstallations / kPageSize + 10;
constexpr std::size_t kMostByIdAtOnce = 20;
constexpr std::size_t kMostAskedAbout = 20;
// A server may give less than was asked for: about once an hour, the page behind a short one is
// asked for, even where the list seems to be the same as ever.
constexpr unsigned kWalksWithoutProof = 60;

}  // namespace

void InstallationList::set_paging(std::optional<Paging> paging) {
  end_in_doubt_.reset();
  if (paging_ == paging) return;
  paging_ = std::move(paging);
  proved_total_ = 0;
}

void InstallationList::doubt_the_end(const base::Error& why) {
  end_in_doubt_ = {
      why.kind,
      "installations: whether the list has further pages could not be asked: " + why.what};
}

base::Result<InstallationsAnswer> InstallationList::all(const std::set<std::string>& ask_about) {
  InstallationsAnswer answer;
  answer.complete = true;
  std::unordered_set<std::string> listed;  // pages may overlap
  const auto take = [&](Page page) {
    auto& part = page.answer;
    for (auto& installation : part.installations) {
      if (listed.insert(installation.id).second)
        answer.installations.push_back(std::move(installation));
    }
    std::move(part.problems.begin(), part.problems.end(), std::back_inserter(answer.problems));
    answer.complete = answer.complete && part.complete;
  };
  const auto walked = walk([this](const auto& arguments) { return read_page(arguments); }, take);
  if (!walked) return walked.error();
  if (!*walked) {
    answer.complete = false;
    answer.problems.push_back(base::protocol_error(fmt::format(
        "installations: more than {} are listed, the rest is left out", kMostInstallations)));
  }
  if (end_in_doubt_ && !paging_) {
    answer.complete = false;
    answer.problems.push_back(*end_in_doubt_);
  }
  if (answer.complete) find_absent(ask_about, answer);
  return answer;
}

base::Result<std::vector<std::string>> InstallationList::ids() {
  if (end_in_doubt_ && !paging_) return client_.failed({*end_in_doubt_});
  std::vector<std::string> ids;
  const auto walked = walk(
      [this](const auto& arguments) { return read_ids(arguments); },
      [&](Page page) { std::move(page.ids.begin(), page.ids.end(), std::back_inserter(ids)); });
  if (!walked) return walked.error();
  return ids;
}

// Gives whether it came to the end. A server that ignores the position repeats what it sent: such a
// page is not taken.
base::Result<bool> InstallationList::walk(const ReadPage& read, const TakePage& take) {
  std::unordered_set<std::string> seen;
  std::size_t at = paging_ && paging_->first_is_one ? 1 : 0;
  for (std::size_t pages = 0; pages < kMostPages && seen.size() <= kMostInstallations; ++pages) {
    auto page = read(paging_ ? paging_->arguments(kPageSize, at) : std::string());
    // Whether pages are counted from 0 or from 1 is not known: 0 may be refused, empty, or the same
    // as 1.
    const bool may_be_no_page = paging_ && paging_->counts_pages && !paging_->first_is_one;
    if (!page) {
      if (!may_be_no_page || at > 0 || !client_.last_failure_is_data()) return page.error();
      at = 1;
      continue;
    }
    const auto size = page->size;
    const auto before = seen.size();
    seen.insert(page->ids.begin(), page->ids.end());
    const bool is_new = seen.size() > before;
    const bool is_unreadable = size > 0 && page->ids.empty();
    if (is_new || is_unreadable || pages == 0) take(*std::move(page));
    if (!paging_ || is_unreadable || size > kPageSize) return true;  // the whole list
    if (!is_new && (!may_be_no_page || at > 1)) {
      proved_total_ = seen.size();
      walks_since_proof_ = 0;
      return true;
    }
    if (is_new && is_the_end(size, seen.size())) return true;
    at += paging_->counts_pages ? 1 : size;
  }
  return false;
}

bool InstallationList::is_the_end(std::size_t page_size, std::size_t seen) {
  if (page_size >= kPageSize || seen != proved_total_) return false;
  return ++walks_since_proof_ < kWalksWithoutProof;
}

base::Result<InstallationList::Page> InstallationList::read_page(const std::string& arguments) {
  const auto text = installations_document(arguments, InstallationFields::kAll);
  const auto answer = client_.query({kInstallationsOperation, text});
  if (!answer) {
    // Data null with errors may be the work of a single device; anything else is no matter of the
    // list.
    if (!client_.last_failure_is_data()) return answer.error();
    return one_by_one(arguments, answer.error());
  }
  const auto& list = answer->data["installations"];
  auto decoded = decode_installations(list);
  if (!answer->errors.empty() || !list.is_array()) {
    const auto failure = client_.refused(answer->errors);
    if (!is_auth(failure)) return one_by_one(arguments, failure.error);
    // One household that is forbidden to us is not the others' fault.
    if (!decoded || decoded->installations.empty()) return client_.failed(failure);
    decoded->problems.push_back(failure.error);
  }
  if (!decoded) return client_.misshapen(decoded.error());
  Page page;
  page.size = list.items().size();
  for (const auto& installation : decoded->installations) page.ids.push_back(installation.id);
  page.answer.installations = std::move(decoded->installations);
  page.answer.complete = decoded->problems.empty();
  page.answer.problems = std::move(decoded->problems);
  return page;
}

base::Result<InstallationList::Page> InstallationList::read_ids(const std::string& arguments) {
  const auto text = installations_document(arguments, InstallationFields::kId);
  const auto answer = client_.query({kInstallationsOperation, text});
  if (!answer) return answer.error();
  if (!answer->errors.empty()) return client_.failed(client_.refused(answer->errors));
  auto ids = decode_installation_ids(answer->data["installations"]);
  if (!ids) return client_.misshapen(ids.error());
  return Page{ids->size(), *std::move(ids), {}};
}

base::Result<InstallationList::Page> InstallationList::one_by_one(const std::string& arguments,
                                                                  base::Error why) {
  auto page = read_ids(arguments);
  if (!page) return page;
  page->answer.complete = true;
  page->answer.problems.push_back(std::move(why));
  std::span<const std::string> left = page->ids;
  while (!left.empty()) {
    const auto some = left.first(std::min(left.size(), kMostByIdAtOnce));
    if (auto status = add_by_id(some, page->answer); !status) return status.error();
    left = left.subspan(some.size());
  }
  return page;
}

// An error only where asking on makes no sense.
base::Status InstallationList::add_by_id(std::span<const std::string> ids,
                                         InstallationsAnswer& answer) {
  const auto missing = ask_for_some(ids, InstallationFields::kAll, answer);
  if (!missing) return missing.error();
  if (missing->empty()) return base::success();
  answer.complete = false;
  const auto lost = ask_for_some(*missing, InstallationFields::kCurrent, answer);
  if (!lost) return lost.error();
  for (const auto& id : *lost) {
    answer.problems.push_back(base::protocol_error(fmt::format(
        "installation({}) is in the list, but does not come by its id", base::printable(id, 40))));
  }
  return base::success();
}

// Gives the ids that did not come.
base::Result<std::vector<std::string>> InstallationList::ask_for_some(
    std::span<const std::string> ids, InstallationFields fields, InstallationsAnswer& answer) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < ids.size(); ++i) names.push_back(fmt::format("i{}", i));
  std::vector<Variable> variables;
  for (std::size_t i = 0; i < ids.size(); ++i) variables.push_back({names[i], ids[i]});
  const auto text = some_installations_document(ids.size(), fields);
  const auto some = client_.query({kSomeInstallationsOperation, text}, variables);
  if (!some) return ask_in_halves(ids, fields, answer);
  if (!some->errors.empty()) {
    answer.complete = false;
    answer.problems.push_back(client_.refused(some->errors).error);
  }
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& object = some->data[names[i]];
    const auto problems = answer.problems.size();
    auto decoded = object.is_null()
                       ? base::Result<model::Installation>(base::protocol_error(""))
                       : decode_installation(
                             object, fmt::format("installation({})", base::printable(ids[i], 40)),
                             answer.problems);
    if (decoded) {
      answer.installations.push_back(*std::move(decoded));
    } else {
      if (!object.is_null()) answer.problems.push_back(decoded.error());
      missing.push_back(ids[i]);
    }
    if (answer.problems.size() > problems) answer.complete = false;
  }
  return missing;
}

// After a failure: a server may limit how much one request asks for, and one installation may spoil
// the answer for all.
base::Result<std::vector<std::string>> InstallationList::ask_in_halves(
    std::span<const std::string> ids, InstallationFields fields, InstallationsAnswer& answer) {
  const auto failure = client_.last_failure();
  const bool is_data = client_.last_failure_is_data();
  if (!is_data && !(failure.permanent && ids.size() > 1)) return failure.error;
  if (ids.size() == 1) {
    answer.problems.push_back(failure.error);
    return std::vector<std::string>(ids.begin(), ids.end());
  }
  const auto half = ids.size() / 2;
  auto missing = ask_for_some(ids.first(half), fields, answer);
  if (!missing) return missing;
  auto others = ask_for_some(ids.subspan(half), fields, answer);
  if (!others) return others;
  std::move(others->begin(), others->end(), std::back_inserter(*missing));
  return missing;
}

void InstallationList::find_absent(const std::set<std::string>& ask_about,
                                   InstallationsAnswer& answer) {
  auto missing = ask_about;
  for (const auto& installation : answer.installations) missing.erase(installation.id);
  for (auto left = std::min(missing.size(), kMostAskedAbout); left > 0; --left) {
    // The next in turn: ids that get no clear answer must not keep the others waiting.
    auto next = missing.upper_bound(last_asked_);
    if (next == missing.end()) next = missing.begin();
    last_asked_ = *next;
    if (!ask_for(*next, answer)) return;
  }
}

// False where asking for others makes no sense now.
bool InstallationList::ask_for(const std::string& id, InstallationsAnswer& answer) {
  const auto one = client_.query(kInstallationIdQuery, {{Variable{"id", id}}});
  if (!one) {
    answer.problems.push_back(one.error());
    if (client_.last_failure_is_data()) return true;
    answer.ended_by = client_.last_failure();
    return false;
  }
  const auto members = one->data.members();
  const bool is_null = std::any_of(members.begin(), members.end(), [](const auto& member) {
    return member.key == "installation" && member.value.is_null();
  });
  if (is_null && (one->errors.empty() || deny_object(one->errors, "installation"))) {
    answer.absent.insert(id);
    return true;
  }
  if (one->errors.empty()) {
    answer.problems.push_back(base::protocol_error(fmt::format(
        "installation({}) is not in the list, but not denied either", base::printable(id, 40))));
    return true;
  }
  const auto failure = client_.refused(one->errors);
  answer.problems.push_back(failure.error);
  return !is_auth(failure);
}

}  // namespace iometer::partner
