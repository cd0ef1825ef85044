#include "io/library_threads.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

using namespace iometer;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// Ends a thread as OpenSSL does: by what it has to give back after its function returned.
struct GivenBack {
  std::atomic<bool>* done;
  explicit GivenBack(std::atomic<bool>& flag) : done(&flag) {}
  ~GivenBack() {
    std::this_thread::sleep_for(30ms);
    *done = true;
  }
};

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("library threads: the end waits for a thread that is let go, to its last moment") {
    std::atomic<bool> done = false;
    {
      const io::LibraryThreads wait_at_the_end;
      std::thread([&] {
        thread_local std::optional<GivenBack> data;
        data.emplace(done);
      }).detach();
    }
    CHECK(done);
  }

  TEST_CASE("library threads: a thread that does not end holds the program up for a moment only") {
    std::promise<void> release;
    std::jthread stuck;
    const auto before = steady_clock::now();
    {
      const io::LibraryThreads wait_at_the_end;
      stuck = std::jthread([&] { release.get_future().wait(); });
    }
    CHECK(steady_clock::now() - before >= io::LibraryThreads::kPatience);
    release.set_value();
  }
}
