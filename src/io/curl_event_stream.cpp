#include "io/curl_event_stream.hpp"

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/sanitizer.hpp"
#include "io/curl_setup.hpp"
#include "partner/where.hpp"

namespace iometer::io {
namespace {

using partner::StreamClosed;
using partner::StreamListener;
using partner::StreamRequest;

constexpr std::size_t kMaxWaiting = 256U << 10U;
constexpr std::size_t kMaxRefusal = 64U << 10U;  // of an answer that is no event stream
constexpr long kConnectSeconds =
    15;  // a backstop: whoever opens the stream watches the time itself
constexpr std::chrono::seconds kGoodbyeTime{1 * base::kSanitizerSlowdown};

bool is_event_stream(const AnswerHead& head) {
  const auto type = head.content_type.substr(0, head.content_type.find(';'));
  return head.status == 200 && base::to_lower(base::trim(type)) == "text/event-stream";
}

}  // namespace

// One request. Its thread and the loop's share it, and either may be the last to let go.
struct CurlEventStream::Transfer : std::enable_shared_from_this<Transfer> {
  CurlEventStreamOptions options;
  Post post;
  StreamRequest request;
  Multi multi{curl_multi_init()};

  // The loop's thread only.
  StreamListener* listener = nullptr;  // null once dropped or told of the end
  bool reading = true;

  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting;     // for the listener; these guarded by the mutex
  bool announced = false;  // a task that will fetch it is under way
  bool paused = false;     // libcurl was told to wait for room
  bool cancelled = false;
  std::optional<StreamClosed> closed;
  bool ended = false;  // its thread is about to end

  // The transfer's thread only.
  Easy easy{curl_easy_init()};
  bool accepted = false;  // it is an event stream
  std::string refusal;    // the body, where it is not

  void run();
  CURLcode transfer();
  void set_up(curl_slist* headers, char* error);
  std::size_t take(std::string_view bytes);
  void on_headers();
  void resume_where_there_is_room();
  bool is_cancelled();
  void cancel();
  void announce();  // with the mutex
  void fetch();     // on the loop's thread

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user);
};

void CurlEventStream::Transfer::run() {
  const auto where = partner::host_and_port(request.url);
  const auto headers = header_list(request.headers);
  std::array<char, CURL_ERROR_SIZE> text{};
  set_up(headers.get(), text.data());
  const auto code = transfer();
  StreamClosed end;
  if (code != CURLE_OK) {
    end.reason = describe_failure(code, where, text.data());
  } else if (accepted) {
    end.reason = fmt::format("the event stream of {} broke off", where);
  } else {
    auto head = answer_head(easy.get());
    end.http_status = head.status;
    end.retry_after = head.retry_after;
    end.content_type = std::move(head.content_type);
    end.body = std::move(refusal);
    end.date = head.date;
  }
  easy.reset();
  const std::lock_guard lock(mutex);
  closed = std::move(end);
  announce();
  ended = true;
  changed.notify_all();
}

void CurlEventStream::Transfer::set_up(curl_slist* headers, char* error) {
  CURL* handle = easy.get();
  set_up_post(handle, request.url, *request.body, options.ca_file, options.user_agent);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
}

CURLcode CurlEventStream::Transfer::transfer() {
  const Running running(multi.get(), easy.get());
  while (!is_cancelled()) {
    int active = 0;
    if (curl_multi_perform(multi.get(), &active) != CURLM_OK) return CURLE_FAILED_INIT;
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
    resume_where_there_is_room();
  }
  return CURLE_ABORTED_BY_CALLBACK;
}

std::size_t CurlEventStream::Transfer::on_header(char* data, std::size_t size, std::size_t count,
                                                 void* user) {
  const std::string_view line(data, size * count);
  if (line == "\r\n" || line == "\n") static_cast<Transfer*>(user)->on_headers();
  return line.size();
}

void CurlEventStream::Transfer::on_headers() {
  const auto head = answer_head(easy.get());
  if (!is_event_stream(head)) return;
  accepted = true;
  post([self = shared_from_this(), date = head.date] {
    if (self->listener != nullptr) self->listener->on_open(date);
  });
}

std::size_t CurlEventStream::Transfer::on_body(char* data, std::size_t size, std::size_t count,
                                               void* user) {
  return static_cast<Transfer*>(user)->take({data, size * count});
}

std::size_t CurlEventStream::Transfer::take(std::string_view bytes) {
  if (!accepted) {
    refusal += bytes.substr(0, kMaxRefusal - refusal.size());
    return bytes.size();
  }
  const std::lock_guard lock(mutex);
  if (!waiting.empty() && waiting.size() + bytes.size() > kMaxWaiting) {
    paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  waiting += bytes;
  announce();
  return bytes.size();
}

void CurlEventStream::Transfer::resume_where_there_is_room() {
  {
    const std::lock_guard lock(mutex);
    if (!paused || waiting.size() > kMaxWaiting / 2) return;
    paused = false;
  }
  curl_easy_pause(easy.get(), CURLPAUSE_CONT);  // may call take()
}

bool CurlEventStream::Transfer::is_cancelled() {
  const std::lock_guard lock(mutex);
  return cancelled;
}

void CurlEventStream::Transfer::cancel() {
  const std::lock_guard lock(mutex);
  cancelled = true;
  curl_multi_wakeup(multi.get());
}

void CurlEventStream::Transfer::announce() {
  if (std::exchange(announced, true)) return;
  post([self = shared_from_this()] { self->fetch(); });
}

// The end is told only when all that came before it has been taken.
void CurlEventStream::Transfer::fetch() {
  std::string bytes;
  std::optional<StreamClosed> end;
  {
    const std::lock_guard lock(mutex);
    announced = false;
    if (listener == nullptr || !reading) return;
    bytes.swap(waiting);
    if (paused) curl_multi_wakeup(multi.get());
    end = closed;
  }
  if (!bytes.empty()) listener->on_text(bytes, false);
  if (!end || listener == nullptr) return;
  if (reading) {
    std::exchange(listener, nullptr)->on_closed(*end);
  }
}

base::Result<std::unique_ptr<CurlEventStream>> CurlEventStream::create(
    CurlEventStreamOptions options, Post post) {
  if (auto checked = check_readable(options.ca_file); !checked) return checked.error();
  return std::unique_ptr<CurlEventStream>(new CurlEventStream(std::move(options), std::move(post)));
}

CurlEventStream::CurlEventStream(CurlEventStreamOptions options, Post post)
    : options_(std::move(options)), post_(std::move(post)) {}

CurlEventStream::~CurlEventStream() {
  drop();
  if (!newest_) return;
  std::unique_lock lock(newest_->mutex);
  newest_->changed.wait_for(lock, kGoodbyeTime, [this] { return newest_->ended; });
}

void CurlEventStream::open(const StreamRequest& request, StreamListener& listener) {
  drop();
  newest_ = current_ = std::make_shared<Transfer>();
  current_->options = options_;
  current_->post = post_;
  current_->request = request;
  current_->listener = &listener;
  // Nothing can interrupt the system's resolver: nobody may have to wait for this thread.
  std::thread([transfer = current_] { transfer->run(); }).detach();
}

void CurlEventStream::close() {
  if (!current_ || current_->listener == nullptr) return;
  post_([transfer = current_] {
    if (auto* listener = std::exchange(transfer->listener, nullptr)) {
      listener->on_closed({1000, 0, std::nullopt, ""});
    }
  });
  current_->cancel();
}

void CurlEventStream::drop() {
  const auto transfer = std::exchange(current_, nullptr);
  if (!transfer) return;
  transfer->listener = nullptr;
  transfer->cancel();
}

void CurlEventStream::set_reading(bool reading) {
  if (!current_) return;
  current_->reading = reading;
  if (!reading) return;
  const std::lock_guard lock(current_->mutex);
  current_->announce();
}

}  // namespace iometer::io
