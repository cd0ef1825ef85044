#include "sim/connect_page.hpp"

#include <fmt/format.h>

#include <array>

namespace iometer::sim {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string page(std::string_view content) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>Link an account</title>"
      "<style>body{{font-family:sans-serif;max-width:36em;margin:2em auto;padding:0 1em}}"
      "a{{display:inline-block;margin:.3em;padding:.6em 1em;border:1px solid;border-radius:.4em;"
      "text-decoration:none}}</style></head><body>{}</body></html>\n",
      content);
}

ApiResponse problem(int status, std::string_view what) {
  return {status, std::string(kHtml), page(fmt::format("<p>{}</p>", escaped(what)))};
}

std::string parameter(const ApiRequest& request, const std::string& name) {
  const auto found = request.parameters.find(name);
  return found != request.parameters.end() ? found->second : std::string();
}

ApiResponse choices(const Service& service, const LinkRequest& link) {
  struct Choice {
    std::string_view decision;
    std::string_view text;
  };
  constexpr std::array kChoices{
      Choice{"accept", "Accept"},
      Choice{"decline", "Decline"},
      Choice{"unauthorized", "The partner is not authorised"},
      Choice{"error", "Something goes wrong"},
  };
  auto content = fmt::format(
      "<h1>Link an account</h1><p>Simulated IOmeter app: partner <b>{}</b> asks for the readings "
      "of a household. Afterwards you go to <code>{}</code>.</p><p>",
      escaped(service.options().partner_id), escaped(link.redirect_url));
  for (const auto& [decision, text] : kChoices) {
    content += fmt::format("<a href=\"{}?token={}&amp;decision={}\">{}</a>", kConnectPath,
                           link.token, decision, text);
  }
  return {200, std::string(kHtml), page(content + "</p>")};
}

}  // namespace

ApiResponse handle_connect_request(Service& service, const ApiRequest& request,
                                   std::int64_t now_ms) {
  if (request.method != "GET") return problem(405, "Only GET is served here.");
  const auto token = parameter(request, "token");
  const auto* link = service.linking().find(token, now_ms);
  if (link == nullptr) {
    return problem(404,
                   "This address is unknown, was used or has expired: ask connectUrl for another.");
  }
  const auto word = parameter(request, "decision");
  if (word.empty()) return choices(service, *link);
  const auto decision = parse_link_decision(word);
  if (!decision) return problem(400, "decision: use accept, decline, unauthorized or error.");
  const auto taken = service.linking().take(token, now_ms);
  const auto id =
      *decision == LinkDecision::kAccept ? service.add_installation(now_ms) : std::nullopt;
  // Where no more fit in, that is an unexpected reason.
  const auto outcome = *decision == LinkDecision::kAccept && !id ? LinkDecision::kError : *decision;
  ApiResponse response{302, std::string(kHtml), page("<p>You are sent back.</p>")};
  response.location = link_target(*taken, outcome, id.value_or(""));
  return response;
}

}  // namespace iometer::sim
