// A Partner API on raw sockets for tests of the status poller, and what the poller told of it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "app/status_poller.hpp"
#include "io/fault_server.hpp"

namespace iometer::test {

using namespace std::chrono_literals;

// Answers each request on a connection by what it asks for, with `status`.
class PollerApi {
 public:
  void operator()(Peer& peer) {
    for (auto head = peer.read_head(); !head.empty(); head = peer.read_head()) {
      const auto at = head.find("Content-Length: ");
      const auto body = peer.read(std::stoul(head.substr(at + 16)));
      const bool is_partner = body.find("\"Partner\"") != std::string::npos;
      const bool is_one = body.find("\"InstallationId\"") != std::string::npos;
      const bool is_schema = body.find("\"Introspection\"") != std::string::npos;
      if (body.find("connectUrl") != std::string::npos) {
        ++links;
        const std::string link = R"({"data":{"connectUrl":"https://example.org/connect"}})";
        peer.write("HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: " +
                   std::to_string(link.size()) + "\r\n\r\n" + link);
        continue;
      }
      (is_partner  ? partner_requests
       : is_one    ? one_requests
       : is_schema ? schema_requests
                   : installation_requests)++;
      const std::string answer =
          is_partner  ? R"({"data":{"partner":{"id":"p","name":"Example"}}})"
          : is_one    ? R"({"data":{"installation":null}})"
          : is_schema ? schema
          : is_invalid
              ? R"({"errors":[{"message":"m","extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]})"
              : R"({"data":{"installations":[{"id":"i","meters":[],"devices":[]}]}})";
      const bool is_refused = is_schema ? schema_refusals.fetch_sub(1) > 0 : is_one && refuse_one;
      peer.write("HTTP/1.1 " + std::to_string(is_refused ? refusal.load() : status.load()) + " X" +
                 (is_refused ? "\r\nRetry-After: " + retry_after : "") +
                 "\r\nContent-Type: application/json\r\nDate: " + date +
                 "\r\nContent-Length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer);
    }
  }
  std::atomic<int> links = 0;
  std::atomic<int> status = 200;
  std::atomic<int> partner_requests = 0;
  std::atomic<int> installation_requests = 0;
  std::atomic<int> one_requests = 0;
  std::atomic<int> schema_requests = 0;
  std::atomic<int> schema_refusals = 0;  // so many times, with `refusal`
  std::atomic<bool> refuse_one = false;  // what asks for one installation
  std::atomic<int> refusal = 429;
  std::string retry_after = "2";                                 // before the server starts
  std::atomic<bool> is_invalid = false;                          // what asks for installations
  std::string schema = R"({"data":{"__schema":{"types":[]}}})";  // before the server starts
  std::string date = "Tue, 24 Nov 2026 12:00:00 GMT";            // before the server starts
};

struct PollerLog {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<base::Result<partner::Partner>> partners;
  std::vector<base::Result<partner::InstallationsAnswer>> answers;
  std::vector<base::Duration> offsets;
  std::vector<partner::ApiSchema> schemas;
  std::vector<bridge::ApiCommandDone> done;

  app::StatusPollerHooks hooks() {
    return {[this](base::Result<partner::Partner> partner) {
              const std::lock_guard lock(mutex);
              partners.push_back(std::move(partner));
              changed.notify_all();
            },
            [this](base::Result<partner::InstallationsAnswer> answer) {
              const std::lock_guard lock(mutex);
              answers.push_back(std::move(answer));
              changed.notify_all();
            },
            [this](base::Duration offset, const base::Now&) {
              const std::lock_guard lock(mutex);
              offsets.push_back(offset);
            },
            [this](const partner::ApiSchema& schema) {
              const std::lock_guard lock(mutex);
              schemas.push_back(schema);
              changed.notify_all();
            },
            [this](bridge::ApiCommandDone command) {
              const std::lock_guard lock(mutex);
              done.push_back(std::move(command));
              changed.notify_all();
            }};
  }
  bool wait_answers(std::size_t count, std::chrono::seconds patience = 20s) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return answers.size() >= count; });
  }
  bool wait_done(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 30s, [&] { return done.size() >= count; });
  }
  bool wait_partners(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 30s, [&] { return partners.size() >= count; });
  }
};

inline app::StatusPollerConfig config_for(const FaultServer& server, base::Duration interval) {
  return {server.url("http"), {"id", base::Secret("secret")}, "", interval};
}

// A poller at that API, to be started once the API is as the test wants it.
struct PollerLab {
  explicit PollerLab(base::Duration interval)
      : poller(config_for(server, interval), seen.hooks()) {}

  PollerApi api;
  FaultServer server{[this](Peer& peer) { api(peer); }};
  PollerLog seen;
  app::StatusPoller poller;
};

}  // namespace iometer::test
