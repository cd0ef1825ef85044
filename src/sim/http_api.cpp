#include "sim/http_api.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace iometer::sim {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kResponseJson = "application/graphql-response+json";

std::string_view media_type(std::string_view header) {
  return base::trim(header.substr(0, header.find(';')));
}

// The first of Accept's entries that is known.
std::string_view response_type(std::string_view accept) {
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto type = base::to_lower(media_type(accept.substr(0, comma)));
    if (type == kResponseJson) return kResponseJson;
    if (type == kJson || type == "*/*" || type == "application/*") return kJson;
    accept = comma == std::string_view::npos ? "" : accept.substr(comma + 1);
  }
  return kJson;
}

ApiResponse request_errors(const GraphqlErrors& errors, std::string_view type) {
  const auto& code = errors.front().code;
  const bool refused = code == kParseFailed || code == kValidationFailed;
  const int refused_status = type == kResponseJson ? 400 : 422;
  return {refused ? refused_status : 200, std::string(type), failed_response(errors)};
}

std::string text_of(const base::Json& json) {
  const auto* text = json.string();
  return text != nullptr ? *text : "";
}

// The request of a POST's body or a GET's parameters, or what is wrong with it.
GraphqlResult<GraphqlRequest> read_request(const ApiRequest& request) {
  const auto unreadable = [](const std::string& what) { return GraphqlErrors{{what, {}, {}, ""}}; };
  if (request.method == "POST") {
    const auto body = base::Json::parse(request.body);
    if (!body || !body->is_object())
      return unreadable("json request body could not be decoded: body:" + request.body);
    return GraphqlRequest{text_of((*body)["query"]), text_of((*body)["operationName"]),
                          (*body)["variables"]};
  }
  const auto parameter = [&](const std::string& name) {
    const auto found = request.parameters.find(name);
    return found != request.parameters.end() ? found->second : std::string();
  };
  GraphqlRequest result{parameter("query"), parameter("operationName"), {}};
  if (const auto variables = parameter("variables"); !variables.empty()) {
    auto json = base::Json::parse(variables);
    if (!json || !json->is_object()) return unreadable("variables could not be decoded");
    result.variables = *std::move(json);
  }
  return result;
}

bool wants_event_stream(const Service& service, const ApiRequest& request) {
  return service.options().transports.sse && request.method == "POST" &&
         request.accept.find("text/event-stream") != std::string::npos;
}

}  // namespace

ApiResponse error_response(int status, std::string_view message) {
  const GraphqlErrors errors{{std::string(message), {}, {}, ""}};
  return {status, std::string(kJson), failed_response(errors)};
}

namespace {

// Before anybody looks at the document.
std::optional<ApiResponse> refuse(Service& service, const ApiRequest& request,
                                  std::int64_t now_ms) {
  if (const auto refusal = service.take_refusal()) {
    auto response = error_response(refusal->status, "refused");
    response.retry_after = refusal->retry_after;
    return response;
  }
  if (!service.accepts(request.authorization, now_ms))
    return unauthorized(service.options().sign_in);
  const bool json_post =
      request.method == "POST" && base::to_lower(media_type(request.content_type)) == kJson;
  if (json_post || request.method == "GET") return std::nullopt;
  auto response = error_response(400, "transport not supported");
  response.content_type = "text/plain; charset=utf-8";
  return response;
}

ApiAnswer stream(Service& service, GraphqlResult<GraphqlPlan> planned, std::int64_t now_ms) {
  if (const auto* errors = std::get_if<GraphqlErrors>(&planned))
    return EventStream(service, failed_response(*errors));
  auto& plan = std::get<GraphqlPlan>(planned);
  if (plan.kind != GraphqlOperationKind::kSubscription)
    return EventStream(service, service.execute(plan, now_ms));
  return EventStream(service, service.subscribe(std::move(plan), now_ms), now_ms);
}

}  // namespace

ApiResponse unauthorized(SignInKind accepted) {
  auto response = error_response(401, "unauthorized");
  if (accepted != SignInKind::kWsse) response.challenges.emplace_back("Basic");
  if (accepted != SignInKind::kBasic) response.challenges.emplace_back("UsernameToken");
  return response;
}

ApiAnswer handle_api_request(Service& service, const ApiRequest& request, std::int64_t now_ms) {
  ++service.stats().http_requests;
  if (auto refused = refuse(service, request, now_ms)) return *std::move(refused);
  const auto type = response_type(request.accept);
  const auto read = read_request(request);
  if (const auto* errors = std::get_if<GraphqlErrors>(&read)) {
    return ApiResponse{400, std::string(type), failed_response(*errors)};
  }
  auto planned = plan_graphql(std::get<GraphqlRequest>(read));
  if (wants_event_stream(service, request)) return stream(service, std::move(planned), now_ms);
  if (const auto* errors = std::get_if<GraphqlErrors>(&planned))
    return request_errors(*errors, type);
  auto& plan = std::get<GraphqlPlan>(planned);
  if (request.method == "GET" && plan.kind != GraphqlOperationKind::kQuery)
    return error_response(406, "GET requests only allow query operations");
  if (plan.kind == GraphqlOperationKind::kSubscription)
    return SingleEvent{&service, service.subscribe(std::move(plan), now_ms), std::string(type)};
  if (auto prepared = service.take_prepared(plan.fields.front().field->name)) {
    return ApiResponse{prepared->status, std::move(prepared->content_type),
                       std::move(prepared->body)};
  }
  return ApiResponse{200, std::string(type), service.execute(plan, now_ms)};
}

}  // namespace iometer::sim
