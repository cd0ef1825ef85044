#include "partner/partner_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "partner/api_shape.hpp"
#include "partner/documented_schema.hpp"
#include "partner/introspection.hpp"
#include "partner/queries.hpp"

namespace iometer::partner {
namespace {

// A longer one fits no QR code that a telephone reads from a terminal.
constexpr std::size_t kLongestUrl = 2000;

// Whether the text has it as a word of its own between quotes, of which servers have three kinds.
bool is_quoted(std::string_view text, std::string_view name) {
  constexpr std::string_view kQuotes = "\"'`";
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if (at > 0 && end < text.size() && kQuotes.find(text[at - 1]) != std::string_view::npos &&
        kQuotes.find(text[end]) != std::string_view::npos)
      return true;
  }
  return false;
}

bool says_disabled_before(const GraphqlError& error) {
  auto words = base::to_lower(error.message + " " + error.code);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words.find("already disabled") != std::string::npos;
}

// The installation is not there, or is ours no more. "Forbidden" does not say that: it may be we
// who may not do it.
bool says_gone(GraphqlError error) {
  if (says_disabled_before(error)) return true;
  if (is_auth(classify_errors({&error, 1}))) return false;
  // It speaks of what the mutation was to disable, not of the mutation.
  if (error.path == kDisableInstallation) error.path = "installation";
  return deny_object({&error, 1}, "installation");
}

// Not every server tells by a code that it does not know an argument, or a member of it.
bool refuses_argument(std::span<const GraphqlError> errors, const Paging& paging) {
  constexpr std::array<std::string_view, 6> kUnknownWords{
      "unknown", "not defined", "undefined", "not exist", "unexpected", "unrecognized"};
  const std::array names{paging.argument, paging.limit, paging.position};
  return std::any_of(errors.begin(), errors.end(), [&](const GraphqlError& error) {
    const auto words = base::to_lower(error.message);
    const bool is_named = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return is_quoted(error.message, name);
    });
    return is_named &&
           std::any_of(kUnknownWords.begin(), kUnknownWords.end(), [&](std::string_view word) {
             return words.find(word) != std::string::npos;
           });
  });
}

// It goes to a terminal, a QR code and a browser: a page, or the IOmeter app, and nothing that a
// browser would run.
bool is_address(const std::string& url) {
  const auto end = url.find("://");
  if (end == std::string::npos) return false;
  const auto scheme = base::to_lower(url.substr(0, end));
  const bool known =
      scheme == "https" || scheme == "http" || scheme.find("iometer") != std::string::npos;
  return known && url.size() <= kLongestUrl &&
         std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

PartnerClient::PartnerClient(PartnerClientConfig config, Http& http)
    : client_(std::move(config), http), list_(client_) {}

base::Result<Partner> PartnerClient::partner() {
  const auto answer = client_.query(kPartnerQuery);
  if (!answer) return answer.error();
  auto partner = decode_partner(answer->data["partner"]);
  if (partner) return partner;
  return answer->errors.empty() ? client_.misshapen(partner.error())
                                : client_.failed(client_.refused(answer->errors));
}

base::Result<ApiSchema> PartnerClient::schema() {
  auto failure = Failure{base::protocol_error("__schema is null")};
  const auto answer = client_.query(kIntrospectionQuery);
  if (!answer) {
    failure = client_.last_failure();
  } else if (!answer->errors.empty()) {
    failure = client_.refused(answer->errors);
  } else if (!answer->data["__schema"].is_null()) {
    auto schema = decode_schema(answer->data["__schema"]);
    if (schema) {
      list_.set_paging(paging_of(*schema));
      return schema;
    }
    failure = {client_.misshapen(schema.error())};
  }
  const bool told = answer.ok() && answer->errors.empty();  // null, or what cannot be understood
  if (!told && !is_introspection_refused(client_.last_status(), failure)) {
    // A server may fail on that for ever, and have pages: the list is not to lack its end by it.
    auto known = documented_schema();
    const bool may_probe =
        client_.last_failure_is_data() || (client_.last_status() == 500 && !is_auth(failure));
    if (may_probe && probe_paging(known)) {
      list_.set_paging(paging_of(known));
    } else {
      list_.doubt_the_end(failure.error);
    }
    return client_.failed(std::move(failure));
  }
  auto schema = documented_schema();
  schema.why_assumed = failure.error.what;
  if (auto probed = probe_paging(schema); !probed) {
    list_.doubt_the_end(probed.error());
    return probed.error();
  }
  list_.set_paging(paging_of(schema));
  return schema;
}

// Without paging, a list may end where the server's default page does, and nothing would tell. An
// error: whether it has paging is open.
base::Status PartnerClient::probe_paging(ApiSchema& schema) {
  for (const auto& paging : probable_pagings()) {
    const auto text = installations_document(paging.arguments(1, 0), InstallationFields::kId);
    const auto answer = client_.query({kInstallationsOperation, text});
    if (!answer) {
      const auto& failure = client_.last_failure();
      const bool denied = failure.permanent ||
                          (!is_auth(failure) && refuses_argument(client_.last_errors(), paging));
      if (denied) continue;  // none of its names
      return answer.error();
    }
    if (!answer->errors.empty()) return client_.failed(client_.refused(answer->errors));
    const auto input =
        std::find_if(schema.types.begin(), schema.types.end(),
                     [](const ApiType& type) { return type.kind == "INPUT_OBJECT"; });
    for (const auto& name : {paging.limit, paging.position})
      input->input_fields.push_back({name, type_reference("Int"), {}});
    return base::success();
  }
  return base::success();
}

base::Result<InstallationsAnswer> PartnerClient::installations(
    const std::set<std::string>& ask_about) {
  return list_.all(ask_about);
}

base::Result<std::optional<model::Installation>> PartnerClient::installation(
    const std::string& id) {
  const auto text = installation_document();
  const auto answer = client_.query({kInstallationOperation, text}, {{Variable{"id", id}}});
  if (!answer) {
    // A server may make of the null object a null answer.
    if (client_.last_failure_is_data() && deny_object(client_.last_errors(), "installation"))
      return std::optional<model::Installation>();
    return answer.error();
  }
  const auto& object = answer->data["installation"];
  if (object.is_null()) {
    if (answer->errors.empty() || deny_object(answer->errors, "installation"))
      return std::optional<model::Installation>();
    return client_.failed(client_.refused(answer->errors));
  }
  std::vector<base::Error> left_out;
  auto decoded = decode_installation(object, "installation", left_out);
  if (!decoded) return client_.misshapen(decoded.error());
  return std::optional(*std::move(decoded));
}

// Texts are weak proof.
bool PartnerClient::is_none_of_ours(const std::string& id) {
  const auto found = installation(id);
  return found && !found->has_value();
}

base::Result<std::string> PartnerClient::connect_url(const std::string& redirect_url,
                                                     const std::string& state) {
  const auto answer = client_.query(
      kConnectUrlQuery, {{Variable{"redirectUrl", redirect_url}, Variable{"state", state}}});
  if (!answer) return answer.error();
  if (!answer->errors.empty()) return client_.failed(client_.refused(answer->errors));
  const auto* url = answer->data["connectUrl"].string();
  if (url == nullptr || !is_address(*url)) {
    return client_.misshapen(base::protocol_error(
        url == nullptr ? fmt::format("connectUrl: expected a string, found {}",
                                     answer->data["connectUrl"].type_name())
                       : fmt::format("connectUrl: \"{}\" is no address that can be opened",
                                     base::printable(*url, 100))));
  }
  return *url;
}

base::Status PartnerClient::probe_disable_installation(ApiSchema& schema) {
  const auto answer = client_.query(kDisableProbe);
  std::vector<GraphqlError> errors = answer ? answer->errors : client_.last_errors();
  if (errors.empty() && !answer) return answer.error();
  const auto field = read_disable_probe(errors);
  // Neither there nor denied: the request failed for another reason.
  const bool denied = std::any_of(errors.begin(), errors.end(), [](const GraphqlError& error) {
    return error.message.find("Cannot query field") != std::string::npos;
  });
  if (!field && !denied) {
    return answer ? base::Status(base::protocol_error("the API's answer to the probe says nothing"))
                  : base::Status(answer.error());
  }
  const auto mutation =
      std::find_if(schema.types.begin(), schema.types.end(),
                   [&](const ApiType& type) { return type.name == schema.mutation_type; });
  if (mutation == schema.types.end()) return base::success();
  std::erase_if(mutation->fields, [](const ApiField& f) { return f.name == kDisableInstallation; });
  if (field) mutation->fields.push_back(*field);
  return base::success();
}

base::Result<DisableOutcome> PartnerClient::disable_installation(const std::string& id,
                                                                 const ApiSchema& schema) {
  const auto shapes = disable_shapes(schema);
  if (shapes.empty()) {
    return client_.failed({base::protocol_error(fmt::format(
        "the API has no mutation {} that this version can call; see iometer2mqtt check --api",
        kDisableInstallation))});
  }
  for (std::size_t i = 0;; ++i) {
    const auto document = shapes[i].document();
    const auto answer = client_.query({"DisableInstallation", document}, {{Variable{"id", id}}});
    const auto errors = answer ? answer->errors : client_.last_errors();
    if (errors.empty()) {
      if (!answer) return answer.error();
      const auto* done = answer->data[kDisableInstallation].boolean();
      if (done == nullptr || *done) return DisableOutcome::kDone;
      return client_.failed({base::protocol_error("the API answered \"false\"")});
    }
    const auto failure = client_.refused(errors);
    if (failure.permanent && i + 1 < shapes.size()) continue;  // not executed: another shape
    const bool gone = !failure.permanent && std::all_of(errors.begin(), errors.end(), says_gone);
    if (gone && is_none_of_ours(id)) return DisableOutcome::kNotOurs;
    return client_.failed(failure);
  }
}

}  // namespace iometer::partner
