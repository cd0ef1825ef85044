// What every use of libcurl here has in common: handles that free themselves, and the settings that
// make a request safe (TLS verified by chain and host name, no redirects, no other protocols).
#pragma once

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "partner/stream.hpp"

namespace iometer::io {

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

// Takes the handle out of the multi handle on every way out.
class Running {
 public:
  Running(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy) {
    curl_multi_add_handle(multi_, easy_);
  }
  ~Running() { curl_multi_remove_handle(multi_, easy_); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  CURLM* multi_;
  CURL* easy_;
};

inline base::Status check_readable(const std::string& ca_file) {
  if (ca_file.empty() || std::ifstream(ca_file).good()) return base::success();
  return base::config_error(
      fmt::format("cannot read the CA file \"{}\"", base::printable(ca_file)));
}

inline List header_list(const partner::Headers& headers) {
  List list;
  for (const auto& [name, value] : headers) {
    auto* longer = curl_slist_append(list.get(), fmt::format("{}: {}", name, value).c_str());
    if (longer == nullptr) return nullptr;
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

// What POST and GET have in common. `ca_file` may be empty: the system's store.
inline void set_up_request(CURL* handle, const std::string& url, const std::string& ca_file,
                           const std::string& user_agent) {
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_USERAGENT, user_agent.c_str());
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);  // the system's store is not meant then
  }
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
}

// The body must outlive the request.
inline void set_up_post(CURL* handle, const std::string& url, const std::string& body,
                        const std::string& ca_file, const std::string& user_agent) {
  set_up_request(handle, url, ca_file, user_agent);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
}

// What an answer's headers say.
struct AnswerHead {
  int status = 0;
  std::string content_type;
  std::optional<std::chrono::seconds> retry_after;
  std::optional<base::WallTime> date;
};

inline AnswerHead answer_head(CURL* handle) {
  AnswerHead head;
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  head.status = static_cast<int>(status);
  const char* type = nullptr;
  curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) head.content_type = type;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0)
    head.retry_after = std::min(std::chrono::seconds(retry_after), partner::kLongestRetryAfter);
  curl_header* date = nullptr;
  if (curl_easy_header(handle, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
    const auto time = curl_getdate(date->value, nullptr);
    if (time > 0) head.date = std::chrono::system_clock::from_time_t(time);
  }
  return head;
}

// "could not connect to host:443: Connection refused"
inline std::string describe_failure(CURLcode code, std::string_view where,
                                    std::string_view detail) {
  std::string_view what = "lost the connection to";
  if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT) {
    what = "could not connect to";
  } else if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
    what = "could not trust";
  } else if (code == CURLE_SSL_CONNECT_ERROR) {
    what = "does it speak https on this port? TLS failed with";
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    what = "waited too long for";
  }
  const bool unknown_authority = detail.find("issuer certificate") != std::string_view::npos ||
                                 detail.find("self-signed") != std::string_view::npos;
  return fmt::format("{} {}: {}{}", what, where,
                     base::printable(detail.empty() ? curl_easy_strerror(code) : detail),
                     unknown_authority ? "; a private authority is named by partner.ca_file" : "");
}

}  // namespace iometer::io
