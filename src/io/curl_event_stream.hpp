// An event stream over HTTP by libcurl: a POST whose answer does not end. Each runs on a thread of
// its own; the listener is called by the tasks that are given to `post`, which belongs to the loop
// whose thread makes all calls here. TLS is verified, redirects are refused, and what waits for the
// listener is bounded: beyond that, and while it does not want to read, the socket is not read.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "partner/stream.hpp"

namespace iometer::io {

struct CurlEventStreamOptions {
  std::string ca_file;  // empty = the system's certificate store
  std::string user_agent = "iometer2mqtt";
};

class CurlEventStream {
 public:
  // Runs a task on the loop's thread; may be called from any thread, also when there is no loop any
  // more: then nothing happens.
  using Post = std::function<void(std::function<void()>)>;

  // Fails when the CA file cannot be read.
  static base::Result<std::unique_ptr<CurlEventStream>> create(CurlEventStreamOptions options,
                                                               Post post);
  // Drops. A thread that hangs in the system's name resolution is left behind after a second.
  ~CurlEventStream();
  CurlEventStream(const CurlEventStream&) = delete;
  CurlEventStream& operator=(const CurlEventStream&) = delete;

  // As in partner::Stream.
  void open(const partner::StreamRequest& request, partner::StreamListener& listener);
  void close();
  void drop();
  void set_reading(bool reading);

 private:
  struct Transfer;
  CurlEventStream(CurlEventStreamOptions options, Post post);
  CurlEventStreamOptions options_;
  Post post_;
  std::shared_ptr<Transfer> current_;
  std::shared_ptr<Transfer> newest_;  // current, or dropped
};

}  // namespace iometer::io
