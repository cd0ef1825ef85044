#include "web/pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "web/assets.hpp"
#include "web/metrics.hpp"
#include "web/snapshot_json.hpp"

namespace iometer::web {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kFrontPage = "index.html";

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTypes{{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
}};

constexpr std::array<std::pair<int, std::string_view>, 6> kPhrases{{
    {200, "OK"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {503, "Service Unavailable"},
}};

// Nothing of others is loaded, nothing in the page's text runs. Home Assistant shows the page in a
// frame of its own origin.
constexpr std::string_view kSecurity =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\nCache-Control: no-store\r\n";

template <class Key, std::size_t N>
std::string_view look_up(const std::array<std::pair<Key, std::string_view>, N>& table,
                         const Key& key, std::string_view otherwise) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.first == key; });
  return found != table.end() ? found->second : otherwise;
}

Response text(int status, std::string_view line) {
  return {status, "text/plain; charset=utf-8", std::string(line) + "\n"};
}

Response silent_brain() {
  return {503, kJson,
          R"({"ready":false,"error":"the program does not answer; its log says more"})"};
}

}  // namespace

std::string_view asset(std::string_view name) {
  const auto all = assets();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Asset& one) { return one.name == name; });
  return found != all.end() ? found->content : std::string_view();
}

Response Pages::answer(const Request& request, base::SteadyTime now) const {
  if (!allowed_.empty() && !allowed_.contains(request.peer))
    return text(403, "This address may not connect; web.allow lists those that may.");
  if (request.method != "GET" && request.method != "HEAD")
    return text(405, "Only GET and HEAD are possible here.");
  if (request.host.empty()) return text(400, "The request has no Host header.");
  const std::string_view path = request.path;
  if (path == "/health") return health(now);
  if (path == "/ready") return ready(now);
  if (path == "/status") return status(now);
  if (path == "/metrics") return metrics(now);
  const auto name = path == "/" ? kFrontPage : path.substr(path.starts_with('/') ? 1 : 0);
  const auto content = asset(name);
  if (content.empty()) return text(404, "There is nothing here.");
  const auto ending = name.substr(name.rfind('.'));
  return {200, look_up(kTypes, ending, "application/octet-stream"), std::string(content)};
}

// An API or a broker that is away is no reason to be started again: only the program itself counts.
Response Pages::health(base::SteadyTime now) const {
  if (board_.is_alive(now)) return text(200, "ok");
  return text(503, "The program's main thread has stood still for a minute; restart it.");
}

Response Pages::ready(base::SteadyTime now) const {
  const auto snapshot = board_.fresh(now);
  if (!snapshot) return silent_brain();
  return {is_ready(*snapshot) ? 200 : 503, kJson, ready_json(*snapshot)};
}

Response Pages::status(base::SteadyTime now) const {
  const auto snapshot = board_.fresh(now);
  if (!snapshot) return silent_brain();
  return {200, kJson, status_json(*snapshot)};
}

Response Pages::metrics(base::SteadyTime now) const {
  const auto snapshot = board_.fresh(now);
  if (!snapshot) return silent_brain();
  return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(*snapshot)};
}

std::string http_text(const Response& response, bool with_body) {
  auto head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}",
                          response.status, look_up(kPhrases, response.status, "Status"),
                          response.type, response.body.size(), kSecurity);
  if (response.status == 405) head += "Allow: GET, HEAD\r\n";
  head += "Connection: close\r\n\r\n";
  return with_body ? head + response.body : head;
}

}  // namespace iometer::web
