// One HTTP request by libcurl, for the simulator's tests.
// A status of 0 says that there was no response; redirects and proxies are not followed.
#pragma once

#include <string>
#include <vector>

namespace iometer::sim::test {

struct Response {
  long status = 0;
  std::string head;
  std::string body;
};

struct Call {
  std::string url;
  std::string post = {};  // empty: GET
  std::vector<std::string> headers = {"Content-Type: application/json"};
  std::string login = "b1451a19-53c7-4e8a-87a0-7c45d3807e9d:simulator";
  std::string ca_file = {};
};

Response http(const Call& call);

}  // namespace iometer::sim::test
