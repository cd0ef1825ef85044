// The reason of a failed TLS connection, for paho_client: Paho's return codes say no more than that
// it failed, its trace says why.
#pragma once

#include <MQTTAsync.h>
#include <fmt/format.h>

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace iometer::io {

// Why a TLS connection failed, from Paho's trace: its return codes say no more than "failed". The
// trace is process-wide in Paho's C library, hence the one shared slot. It is on only while
// connecting: later it would format every packet, beginnings of payloads included.
class TlsTrace {
 public:
  // To be called before the first client exists: Paho's threads look at the callback twice for one
  // line, without a lock, and call one that came in between with no line at all.
  static TlsTrace& instance() {
    static TlsTrace trace;
    return trace;
  }
  void begin() {
    take();
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_MINIMUM);
  }
  void end() { MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR); }
  std::string take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reason_, {});
  }

 private:
  TlsTrace() {
    end();
    MQTTAsync_setTraceCallback([](MQTTASYNC_TRACE_LEVELS, char* line) { instance().note(line); });
  }
  void note(std::string_view line) {
    constexpr std::string_view kOurAlert = "SSL alert write:fatal:";
    constexpr std::string_view kTheirAlert = "SSL alert read:fatal:";
    const std::lock_guard lock(mutex_);
    if (line.find("X509_check_ip_asc is 1") != std::string_view::npos) {
      reason_.clear();  // the name did not match because it is an address, and that does
    } else if (const auto ours = line.find(kOurAlert); ours != std::string_view::npos) {
      set(fmt::format("the broker's certificate or answer was refused: {}",
                      line.substr(ours + kOurAlert.size())));
    } else if (const auto theirs = line.find(kTheirAlert); theirs != std::string_view::npos) {
      set(fmt::format("the broker refused: {}", line.substr(theirs + kTheirAlert.size())));
    } else if (line.find("X509_check_host") != std::string_view::npos &&
               line.find("failed") != std::string_view::npos) {
      set("the broker's certificate is for another host name");
    } else if (line.find("in SSL_CTX_load_verify_locations") != std::string_view::npos) {
      set("the CA file cannot be read or holds no certificate");
    } else if (line.find("in SSL_connect for socket") != std::string_view::npos) {
      set("the handshake failed; does the broker speak TLS on this port?");
    }
  }
  // The first reason is the one that caused the others.
  void set(std::string reason) {
    if (reason_.empty()) reason_ = std::move(reason);
  }
  std::mutex mutex_;
  std::string reason_;
};

}  // namespace iometer::io
