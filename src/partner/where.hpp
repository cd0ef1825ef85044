// The host:port of a URL, for messages only: whoever connects parses the URL properly.
#pragma once

#include <string>
#include <string_view>

namespace iometer::partner {

std::string host_and_port(std::string_view url);

}  // namespace iometer::partner
