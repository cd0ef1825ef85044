// GraphQL over HTTP as gqlgen serves it: POST, and GET for queries. No socket: a request in, a
// response out. Answers for other media types (event streams) belong here too.
#pragma once

#include <map>
#include <string>

#include "sim/service.hpp"

namespace iometer::sim {

struct ApiRequest {
  std::string method;
  std::string authorization;
  std::string content_type;
  std::string accept;
  std::map<std::string, std::string> parameters;  // of the URL, decoded
  std::string body;
};

struct ApiResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  int retry_after = 0;  // seconds; 0 = not said
};

// A short answer in gqlgen's form of an error.
ApiResponse error_response(int status, std::string_view message);

ApiResponse handle_api_request(Service& service, const ApiRequest& request);

}  // namespace iometer::sim
