#include "io/curl_http.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "base/text.hpp"
#include "io/curl_setup.hpp"
#include "partner/where.hpp"

namespace iometer::io {
namespace {

using base::Result;
using partner::HttpRequest;
using partner::HttpResponse;

enum class Method { kPost, kGet };

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

}  // namespace

struct CurlHttp::Impl {
  CurlHttpOptions options;
  Multi multi;
  Easy easy;
  std::atomic<bool> aborted{false};

  void prepare(curl_slist* headers, Body& body, char* error);
  Result<HttpResponse> send(Method method, const HttpRequest& request);
  bool transfer(CURLcode& code);
  [[nodiscard]] HttpResponse response(Body& body) const;
};

void CurlHttp::Impl::prepare(curl_slist* headers, Body& body, char* error) {
  CURL* handle = easy.get();
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "");  // whatever this libcurl can decode
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
  auto head = answer_head(easy.get());
  return {head.status, std::move(head.content_type), std::move(body.text), head.date,
          head.retry_after};
}

Result<std::unique_ptr<CurlHttp>> CurlHttp::create(CurlHttpOptions options) {
  if (auto checked = check_readable(options.ca_file); !checked) return checked.error();
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->multi.reset(curl_multi_init());
  impl->easy.reset(curl_easy_init());
  if (!impl->multi || !impl->easy) return base::transient_error("libcurl could not be started");
  return std::unique_ptr<CurlHttp>(new CurlHttp(std::move(impl)));
}

CurlHttp::CurlHttp(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CurlHttp::~CurlHttp() = default;

Result<HttpResponse> CurlHttp::Impl::send(Method method, const HttpRequest& request) {
  const auto where = partner::host_and_port(request.url);
  const auto headers = header_list(request.headers);
  Body body{{}, options.max_body};
  std::array<char, CURL_ERROR_SIZE> text{};
  curl_easy_reset(easy.get());
  if (method == Method::kPost) {
    set_up_post(easy.get(), request.url, request.body, options.ca_file, options.user_agent);
  } else {
    set_up_request(easy.get(), request.url, options.ca_file, options.user_agent);
  }
  prepare(headers.get(), body, text.data());
  CURLcode code = CURLE_OK;
  const bool finished = transfer(code);
  // The handle outlives this call, the buffer does not.
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, nullptr);
  if (!finished) {
    return base::transient_error(
        fmt::format("the request to {} was given up: we are stopping", where));
  }
  if (body.too_large) {
    return base::transient_error(
        fmt::format("the answer of {} is over the limit of {} bytes", where, body.limit));
  }
  if (code != CURLE_OK) {
    return base::transient_error(describe_failure(code, where, text.data()));
  }
  return response(body);
}

Result<HttpResponse> CurlHttp::post(const HttpRequest& request) {
  return impl_->send(Method::kPost, request);
}

Result<HttpResponse> CurlHttp::get(const HttpRequest& request) {
  return impl_->send(Method::kGet, request);
}

void CurlHttp::abort() {
  impl_->aborted = true;
  curl_multi_wakeup(impl_->multi.get());
}

}  // namespace iometer::io
