// All installations of the partner, page by page where the API has pages, and one by one where a
// list cannot be had because of a single element. Blocking calls on a given GraphqlClient; no clock
// and no thread of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/installation.hpp"
#include "partner/api_shape.hpp"
#include "partner/graphql_client.hpp"

namespace iometer::partner {

struct InstallationsAnswer {
  std::vector<model::Installation> installations;
  bool complete = false;  // nothing is missing: only then does an absent installation mean anything
  std::vector<base::Error> problems;  // what was left out, and why
  std::set<std::string> absent;       // ids that were asked about and that we have no more
  std::optional<Failure> ended_by;    // a request about them that failed: the next poll has to wait
};

class InstallationList {
 public:
  explicit InstallationList(GraphqlClient& client) : client_(client) {}

  // Nothing: the list is asked for whole.
  void set_paging(std::optional<Paging> paging);
  // Whether the server pages could not be found out: a list without paging may lack its end, and is
  // not called complete until set_paging().
  void doubt_the_end(const base::Error& why);

  // All of them. One device that the server cannot resolve can make the whole list null: then each
  // installation of that page is asked for by its id, 20 with each request, and what still fails is
  // named in `problems`. Where the list is complete, the ids of `ask_about` that it lacks are asked
  // for one by one, at most 20 each time, by turns: only what the server denies by id is `absent`.
  base::Result<InstallationsAnswer> all(const std::set<std::string>& ask_about);

  // Their ids alone; an error where the end is in doubt.
  base::Result<std::vector<std::string>> ids();

 private:
  // What came for one page: how many elements it had, and what could be read of them.
  struct Page {
    std::size_t size = 0;
    std::vector<std::string> ids;
    InstallationsAnswer answer;
  };
  using ReadPage = std::function<base::Result<Page>(const std::string& arguments)>;
  using TakePage = std::function<void(Page)>;

  base::Result<bool> walk(const ReadPage& read, const TakePage& take);
  bool is_the_end(std::size_t page_size, std::size_t seen);
  base::Result<Page> read_page(const std::string& arguments);
  base::Result<Page> read_ids(const std::string& arguments);
  base::Result<Page> one_by_one(const std::string& arguments, base::Error why);
  base::Status add_by_id(std::span<const std::string> ids, InstallationsAnswer& answer);
  base::Result<std::vector<std::string>> ask_for_some(std::span<const std::string> ids,
                                                      InstallationFields fields,
                                                      InstallationsAnswer& answer);
  base::Result<std::vector<std::string>> ask_in_halves(std::span<const std::string> ids,
                                                       InstallationFields fields,
                                                       InstallationsAnswer& answer);
  void find_absent(const std::set<std::string>& ask_about, InstallationsAnswer& answer);
  bool ask_for(const std::string& id, InstallationsAnswer& answer);

  GraphqlClient& client_;
  std::optional<Paging> paging_;
  std::optional<base::Error> end_in_doubt_;
  std::size_t proved_total_ = 0;  // so many there were when the page behind the last one was empty
  unsigned walks_since_proof_ = 0;
  std::string last_asked_;  // of ask_about
};

}  // namespace iometer::partner
