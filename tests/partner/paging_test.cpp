// The list of installations page by page, at servers that page in their own ways.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>
#include <string>
#include <vector>

#include "partner/installation_list.hpp"

using namespace iometer;
using partner::Paging;

namespace {

// Answers as a server with so many installations that obeys limit and position, as far as it is
// told to.
class PagingServer final : public partner::Http {
 public:
  base::Result<partner::HttpResponse> post(const partner::HttpRequest& request) override {
    ++requests;
    const auto& body = request.body;
    const auto limit = std::min(number(body, "limit: ", most), most);
    auto at = number(body, "offset: ", number(body, "page: ", 0));
    if (body.find("page: ") != std::string::npos) {
      if (at < first_page && refuses_page_0)
        return answer(R"({"errors":[{"message":"page"}],"data":null})");
      if (at < first_page && !is_empty_before) at = first_page;
      at = at < first_page ? count : (at - first_page) * limit;
    }
    if (ignores_position) at = 0;
    return answer(list(at, limit));
  }
  base::Result<partner::HttpResponse> get(const partner::HttpRequest&) override {
    return base::transient_error("there is nothing to get");
  }

  std::size_t count = 0;
  std::size_t most = 1'000'000;  // of a page
  std::size_t first_page = 0;
  bool is_empty_before = false;
  bool refuses_page_0 = false;
  bool ignores_position = false;
  std::string element = R"({{"id":"i{}"}})";
  std::size_t requests = 0;

 private:
  static base::Result<partner::HttpResponse> answer(std::string body) {
    partner::HttpResponse response;
    response.status = 200;
    response.body = std::move(body);
    return response;
  }
  static std::size_t number(const std::string& text, const std::string& before, std::size_t other) {
    const auto at = text.find(before);
    return at == std::string::npos ? other : std::stoul(text.substr(at + before.size()));
  }
  [[nodiscard]] std::string list(std::size_t at, std::size_t limit) const {
    std::vector<std::string> elements;
    for (auto i = at; i < std::min(count, at + limit); ++i)
      elements.push_back(fmt::format(fmt::runtime(element), i));
    return fmt::format(R"({{"data":{{"installations":[{}]}}}})", fmt::join(elements, ","));
  }
};

struct Fixture {
  PagingServer server;
  partner::GraphqlClient client{{"https://host/q",
                                 {"id", base::Secret("secret")},
                                 [] { return base::Now{}; },
                                 [] { return partner::Nonce{}; }},
                                server};
  partner::InstallationList list{client};

  // How many are listed; each is there once, and nothing is missing.
  std::size_t listed(std::size_t in_requests) {
    server.requests = 0;
    const auto answer = list.all({});
    REQUIRE(answer.ok());
    CHECK(answer->complete);
    std::set<std::string> ids;
    for (const auto& installation : answer->installations) ids.insert(installation.id);
    CHECK(ids.size() == answer->installations.size());
    CHECK(server.requests == in_requests);
    return ids.size();
  }
};

const Paging kOffset{"pagination", "limit", "offset", false, false};
const Paging kPages{"pagination", "limit", "page", true, false};

}  // namespace

TEST_SUITE("partner") {
  TEST_CASE_FIXTURE(Fixture,
                    "paging: page by page to the end, and no request more when that is known") {
    list.set_paging(kOffset);
    server.count = 250;
    CHECK(listed(4) == 250);  // the page behind the last one is empty
    CHECK(listed(3) == 250);  // that is known
    server.count = 300;
    CHECK(listed(4) == 300);
    server.count = 0;
    CHECK(listed(1) == 0);
    server.count = 1;
    CHECK(listed(2) == 1);
    CHECK(listed(1) == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "paging: a server that gives less than was asked for") {
    list.set_paging(kOffset);
    server.most = 30;
    server.count = 100;
    CHECK(listed(5) == 100);
    server.count = 30;
    CHECK(listed(2) == 30);
    // What came later lies behind a page that looks like the whole list: found within an hour.
    server.count = 40;
    std::size_t walks = 1;
    for (; list.ids()->size() < 40; ++walks) REQUIRE(walks < 61);
    CHECK(walks > 50);
  }

  TEST_CASE_FIXTURE(Fixture, "paging: a server that ignores the position, or limit and position") {
    list.set_paging(kOffset);
    server.ignores_position = true;
    server.count = 100;
    CHECK(listed(2) == 100);
    server.count = 7;
    CHECK(listed(2) == 7);
    server.count = 250;  // more than it has on a page is not to be had
    CHECK(list.ids()->size() == 100);
  }

  TEST_CASE_FIXTURE(Fixture, "paging: pages that are counted from 0 or from 1") {
    list.set_paging(kPages);
    server.count = 150;
    SUBCASE("from 0") { CHECK(listed(3) == 150); }
    SUBCASE("from 1, and 0 is the same") {
      server.first_page = 1;
      CHECK(listed(4) == 150);
    }
    SUBCASE("from 1, and 0 is empty") {
      server.first_page = 1;
      server.is_empty_before = true;
      CHECK(listed(4) == 150);
    }
    SUBCASE("from 1, and 0 is refused") {
      server.first_page = 1;
      server.refuses_page_0 = true;
      CHECK(list.ids()->size() == 150);
    }
    SUBCASE("from 1, as the schema says") {
      list.set_paging(Paging{"pagination", "limit", "page", true, true});
      server.first_page = 1;
      CHECK(listed(3) == 150);
    }
  }

  TEST_CASE_FIXTURE(Fixture, "paging: the list has a bound") {
    list.set_paging(kOffset);
    server.count = 200'000;
    const auto answer = list.all({});
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->complete);
    CHECK(answer->installations.size() >= 100'000);
    CHECK(answer->installations.size() <= 100'100);
    REQUIRE(answer->problems.size() == 1);
    CHECK(answer->problems[0].what ==
          "installations: more than 100000 are listed, the rest is left out");
  }

  TEST_CASE_FIXTURE(Fixture, "paging: elements that cannot be read do not go on for ever") {
    list.set_paging(kOffset);
    server.count = 1'000'000;
    server.element = "null";
    const auto answer = list.all({});
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->complete);
    CHECK(server.requests == 1);
  }

  TEST_CASE_FIXTURE(Fixture, "paging: without it the list comes whole") {
    server.count = 250;
    CHECK(listed(1) == 250);
    CHECK(listed(1) == 250);
  }
}
