// A full Http without sockets: answers with what the test has queued, and keeps the requests.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "partner/http.hpp"

namespace iometer::test {

class FakeHttp final : public partner::Http {
 public:
  base::Result<partner::HttpResponse> post(const partner::HttpRequest& request) override {
    requests.push_back(request);
    return next();
  }
  base::Result<partner::HttpResponse> get(const partner::HttpRequest& request) override {
    gets.push_back(request);
    return next();
  }
  void answer(int status, std::string body, std::string type = "application/json") {
    partner::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.content_type = std::move(type);
    answers.emplace_back(std::move(response));
  }

  std::deque<base::Result<partner::HttpResponse>> answers;
  std::vector<partner::HttpRequest> requests;  // by POST
  std::vector<partner::HttpRequest> gets;

 private:
  base::Result<partner::HttpResponse> next() {
    if (answers.empty()) return base::transient_error("the test has no more answers");
    auto answer = std::move(answers.front());
    answers.pop_front();
    return answer;
  }
};

}  // namespace iometer::test
