#include "io/curl_http.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <utility>

#include "base/text.hpp"
#include "partner/where.hpp"

namespace iometer::io {
namespace {

using base::Error;
using base::Result;
using partner::HttpRequest;
using partner::HttpResponse;

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

struct Body {
  std::string text;
  std::size_t limit;
  bool too_large = false;
};

// libcurl's own size limit does not hold for answers without a length: count here, after decoding.
std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& body = *static_cast<Body*>(user);
  const auto bytes = size * count;
  if (bytes > body.limit - body.text.size()) {
    body.too_large = true;
    return 0;
  }
  body.text.append(data, bytes);
  return bytes;
}

List header_list(const partner::Headers& headers) {
  List list;
  for (const auto& [name, value] : headers) {
    auto* longer = curl_slist_append(list.get(), fmt::format("{}: {}", name, value).c_str());
    if (longer == nullptr) return nullptr;
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

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

std::string_view what_failed(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return "could not connect to";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return "could not trust";
    case CURLE_SSL_CONNECT_ERROR:
      return "does it speak https on this port? TLS failed with";
    case CURLE_OPERATION_TIMEDOUT:
      return "waited too long for";
    default:
      return "lost the connection to";
  }
}

}  // namespace

struct CurlHttp::Impl {
  CurlHttpOptions options;
  Multi multi;
  Easy easy;
  std::atomic<bool> aborted{false};

  void prepare(const HttpRequest& request, curl_slist* headers, Body& body, char* error);
  bool transfer(CURLcode& code);
  [[nodiscard]] HttpResponse response(Body& body) const;
};

void CurlHttp::Impl::prepare(const HttpRequest& request, curl_slist* headers, Body& body,
                             char* error) {
  CURL* handle = easy.get();
  curl_easy_reset(handle);
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");  // whatever this libcurl can decode
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);  // the system's store is not meant then
  }
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
}

// False when aborted. The multi interface, because its poll can be woken: a stop need not wait for
// a timeout.
bool CurlHttp::Impl::transfer(CURLcode& code) {
  const Running running(multi.get(), easy.get());
  while (!aborted) {
    int active = 0;
    if (curl_multi_perform(multi.get(), &active) != CURLM_OK) {
      code = CURLE_FAILED_INIT;
      return true;
    }
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) {
        code = message->data.result;
        return true;
      }
    }
    curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
  return false;
}

HttpResponse CurlHttp::Impl::response(Body& body) const {
  HttpResponse response;
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  const char* type = nullptr;
  curl_easy_getinfo(easy.get(), CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) response.content_type = type;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RETRY_AFTER, &retry_after);
  if (retry_after > 0) response.retry_after = std::chrono::seconds(retry_after);
  curl_header* date = nullptr;
  if (curl_easy_header(easy.get(), "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
    const auto time = curl_getdate(date->value, nullptr);
    if (time > 0) response.date = std::chrono::system_clock::from_time_t(time);
  }
  response.body = std::move(body.text);
  return response;
}

Result<std::unique_ptr<CurlHttp>> CurlHttp::create(CurlHttpOptions options) {
  if (!options.ca_file.empty() && !std::ifstream(options.ca_file).good()) {
    return base::config_error(
        fmt::format("cannot read the CA file \"{}\"", base::printable(options.ca_file)));
  }
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->multi.reset(curl_multi_init());
  impl->easy.reset(curl_easy_init());
  if (!impl->multi || !impl->easy) return base::transient_error("libcurl could not be started");
  return std::unique_ptr<CurlHttp>(new CurlHttp(std::move(impl)));
}

CurlHttp::CurlHttp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlHttp::~CurlHttp() = default;

Result<HttpResponse> CurlHttp::post(const HttpRequest& request) {
  const auto where = partner::host_and_port(request.url);
  const auto headers = header_list(request.headers);
  Body body{{}, impl_->options.max_body};
  std::array<char, CURL_ERROR_SIZE> text{};
  impl_->prepare(request, headers.get(), body, text.data());
  CURLcode code = CURLE_OK;
  const bool finished = impl_->transfer(code);
  // The handle outlives this call, the buffer does not.
  curl_easy_setopt(impl_->easy.get(), CURLOPT_ERRORBUFFER, nullptr);
  if (!finished) {
    return base::transient_error(
        fmt::format("the request to {} was given up: we are stopping", where));
  }
  if (body.too_large) {
    return base::transient_error(
        fmt::format("the answer of {} is over the limit of {} bytes", where, body.limit));
  }
  if (code != CURLE_OK) {
    const std::string_view detail = text.front() != '\0' ? text.data() : curl_easy_strerror(code);
    return base::transient_error(
        fmt::format("{} {}: {}", what_failed(code), where, base::printable(detail)));
  }
  return impl_->response(body);
}

void CurlHttp::abort() {
  impl_->aborted = true;
  curl_multi_wakeup(impl_->multi.get());
}

}  // namespace iometer::io
