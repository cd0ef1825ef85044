#include "app/supervisor_worker.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "io/fault_server.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using test::FaultServer;
using test::Peer;

namespace {

constexpr const char* kBroker =
    R"({"result":"ok","data":{"host":"core-mosquitto","port":1883,"username":"u","password":"p"}})";

std::string answer_text(int status, const std::string& body, const std::string& more = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + more +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

FaultServer::Handler answering(std::string text) {
  return [text = std::move(text)](Peer& peer) {
    while (!peer.read_head().empty()) peer.write(text);
  };
}

// What the hook was given.
class Answers {
 public:
  app::SupervisorWorker::OnAnswer hook() {
    return [this](app::BrokerAnswer answer) {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      changed_.notify_all();
    };
  }
  app::BrokerAnswer at(std::size_t index) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, 20s, [&] { return answers_.size() > index; }));
    return answers_[index];
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return answers_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<app::BrokerAnswer> answers_;
};

app::SupervisorAccess access_to(const FaultServer& server) {
  return {"http://127.0.0.1:" + std::to_string(server.port()), base::Secret("the-token"), "", {}};
}

app::BrokerAnswer ask_once(const FaultServer& server) {
  Answers answers;
  app::SupervisorWorker worker(access_to(server), answers.hook());
  REQUIRE(worker.start().ok());
  worker.ask();
  return answers.at(0);
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("supervisor worker: asks when it is told to, with the token") {
    std::string head;
    std::atomic<int> requests = 0;
    FaultServer server([&](Peer& peer) {
      for (auto read = peer.read_head(); !read.empty(); read = peer.read_head()) {
        head = read;
        ++requests;
        peer.write(answer_text(200, kBroker));
      }
    });
    Answers answers;
    app::SupervisorWorker worker(access_to(server), answers.hook());
    REQUIRE(worker.start().ok());
    worker.ask();
    const auto answer = answers.at(0);
    REQUIRE_MESSAGE(answer.ok(), answer.error().what);
    CHECK((*answer)->host == "core-mosquitto");
    CHECK((*answer)->password.reveal() == "p");
    worker.ask();
    CHECK(answers.at(1).ok());
    CHECK(requests == 2);
    server.stop();
    CHECK(head.starts_with("GET /services/mqtt HTTP/1.1\r\n"));
    CHECK(head.find("Authorization: Bearer the-token\r\n") != std::string::npos);
    worker.ask();
    const auto gone = answers.at(2);
    REQUIRE_FALSE(gone.ok());
    CHECK(gone.error().kind == base::ErrorKind::kTransient);
    CHECK(gone.error().what.find("the-token") == std::string::npos);
    CHECK(answers.count() == 3);
  }

  TEST_CASE("supervisor worker: takes the token nowhere else, and no endless answer") {
    std::atomic<int> visits = 0;
    FaultServer elsewhere([&](Peer& peer) {
      ++visits;
      peer.read_head();
    });
    FaultServer redirecting(
        answering(answer_text(307, "", "Location: " + elsewhere.url("http") + "\r\n")));
    const auto redirected = ask_once(redirecting);
    REQUIRE_FALSE(redirected.ok());
    CHECK(redirected.error().what.find("not followed") != std::string::npos);
    CHECK(visits == 0);
    FaultServer large(answering(answer_text(200, std::string(65 * 1024, ' '))));
    const auto too_large = ask_once(large);
    REQUIRE_FALSE(too_large.ok());
    CHECK(too_large.error().what.find("over the limit of 65536 bytes") != std::string::npos);
    FaultServer without(
        answering(answer_text(400, R"({"result":"error","message":"Service not enabled"})")));
    const auto none = ask_once(without);
    REQUIRE(none.ok());
    CHECK_FALSE(none->has_value());
  }

  TEST_CASE("supervisor worker: stops at once, also during a question") {
    std::atomic<bool> asked = false;
    FaultServer silent([&](Peer& peer) {
      peer.read_head();
      asked = true;
      peer.wait_for_end();
    });
    Answers answers;
    std::chrono::steady_clock::time_point begin;
    {
      app::SupervisorWorker worker(access_to(silent), answers.hook());
      REQUIRE(worker.start().ok());
      worker.ask();
      const auto deadline = std::chrono::steady_clock::now() + 20s;
      while (!asked && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
      REQUIRE(asked);
      begin = std::chrono::steady_clock::now();
    }
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
    CHECK(answers.count() == 0);
  }
}
