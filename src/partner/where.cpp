#include "partner/where.hpp"

#include "base/text.hpp"

namespace iometer::partner {

std::string host_and_port(std::string_view url) {
  const auto scheme_end = url.find("://");
  const auto scheme = base::to_lower(url.substr(0, scheme_end == url.npos ? 0 : scheme_end));
  auto rest = scheme_end == url.npos ? url : url.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto at = rest.rfind('@'); at != rest.npos) rest.remove_prefix(at + 1);
  auto where = base::printable(rest);
  const auto colon = rest.rfind(':');
  const bool has_port = colon != rest.npos && rest.find(']', colon) == rest.npos;
  if (!has_port) where += scheme == "https" || scheme == "wss" ? ":443" : ":80";
  return where;
}

}  // namespace iometer::partner
