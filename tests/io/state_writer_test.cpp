#include "app/state_writer.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "app/test_files.hpp"
#include "io/awkward_disk.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// Where a thread waits until the test lets it go on: what a disk that hangs does.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    reached_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  bool wait_until_reached() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return reached_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false;
  bool open_ = false;
};

struct Written {
  std::uint64_t version;
  base::Status status;
  std::thread::id thread;
};

// Outlives the writer's thread where that is left behind.
struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Written> written;

  bool wait(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 30s, [&] { return written.size() >= count; });
  }
  std::vector<std::uint64_t> versions() {
    const std::lock_guard lock(mutex);
    std::vector<std::uint64_t> result;
    for (const auto& one : written) result.push_back(one.version);
    return result;
  }
};

struct Fixture {
  test::TestFiles files;
  std::string path = files.directory() + "/state";
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();

  // It waits for a busy disk, unless a test wants to see that it gives up.
  [[nodiscard]] std::unique_ptr<app::StateWriter> writer(
      std::chrono::milliseconds goodbye = 30s) const {
    auto file = io::StateFile::open(path);
    REQUIRE(file.ok());
    return std::make_unique<app::StateWriter>(
        std::move(*file),
        app::StateWriterHooks{[log = seen](std::uint64_t version, base::Status status) {
          const std::lock_guard lock(log->mutex);
          log->written.push_back({version, std::move(status), std::this_thread::get_id()});
          log->changed.notify_all();
        }},
        goodbye);
  }
  [[nodiscard]] std::string on_disk() const {
    std::ifstream file(path + "/state.json");
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

}  // namespace

TEST_SUITE("io") {
  TEST_CASE_FIXTURE(Fixture, "state writer: writes on its own thread and says so") {
    const auto writer = this->writer();
    for (std::uint64_t version = 7; version < 10; ++version) {
      std::thread::id made_on;
      writer->save(version, [&] {
        made_on = std::this_thread::get_id();
        return "state " + std::to_string(version);
      });
      REQUIRE(seen->wait(version - 6));
      CHECK(on_disk() == "state " + std::to_string(version));
      const auto& last = seen->written.back();
      CHECK(last.version == version);
      CHECK(last.status.ok());
      CHECK(last.thread == made_on);
      CHECK(last.thread != std::this_thread::get_id());
    }
  }

  TEST_CASE_FIXTURE(Fixture, "state writer: only the newest waits, and nobody waits for the disk") {
    Gate gate;
    const auto writer = this->writer();
    writer->save(1, [&] {
      gate.pass();
      return std::string("one");
    });
    REQUIRE(gate.wait_until_reached());
    const auto snapshot = std::make_shared<std::string>("overtaken");
    for (std::uint64_t version = 2; version < 5; ++version) {
      writer->save(version, [snapshot] { return *snapshot; });
    }
    CHECK(snapshot.use_count() == 2);
    writer->save(5, [] { return std::string("five"); });
    CHECK(snapshot.use_count() == 1);
    gate.open();
    REQUIRE(seen->wait(2));
    CHECK(seen->versions() == std::vector<std::uint64_t>{1, 5});
    CHECK(on_disk() == "five");
  }

  TEST_CASE_FIXTURE(Fixture,
                    "state writer: a failure reaches the hook, and the next one is tried") {
    const auto writer = this->writer();
    {
      const test::UnwritableDirectory unwritable(path);
      if (!unwritable.is_effective()) return;
      writer->save(1, [] { return std::string("one"); });
      REQUIRE(seen->wait(1));
      REQUIRE_FALSE(seen->written[0].status.ok());
      CHECK(seen->written[0].status.error().kind == base::ErrorKind::kTransient);
    }
    writer->save(2, [] { return std::string("two"); });
    REQUIRE(seen->wait(2));
    CHECK(seen->written[1].status.ok());
    CHECK(on_disk() == "two");
  }

  TEST_CASE_FIXTURE(Fixture, "state writer: the end writes what waits") {
    Gate gate;
    auto writer = this->writer();
    writer->save(1, [&] {
      gate.pass();
      return std::string("one");
    });
    REQUIRE(gate.wait_until_reached());
    writer->save(2, [] { return std::string("two"); });
    std::thread end([&] { writer.reset(); });
    gate.open();
    end.join();
    CHECK(seen->versions() == std::vector<std::uint64_t>{1, 2});
    CHECK(on_disk() == "two");
    CHECK(io::StateFile::open(path).ok());
  }

  TEST_CASE_FIXTURE(Fixture, "state writer: a disk that hangs holds the end for a while only") {
    const auto gate = std::make_shared<Gate>();
    auto writer = this->writer(200ms);
    writer->save(1, [gate] {
      gate->pass();
      return std::string("late");
    });
    REQUIRE(gate->wait_until_reached());
    const auto start = steady_clock::now();
    writer.reset();
    const auto took = steady_clock::now() - start;
    CHECK(took > 190ms);
    CHECK(took < 20s);
    CHECK_FALSE(io::StateFile::open(path).ok());
    gate->open();
    // The thread that was left behind ends by itself: then the directory is free.
    const auto deadline = steady_clock::now() + 30s;
    while (!io::StateFile::open(path).ok()) {
      REQUIRE(steady_clock::now() < deadline);
      std::this_thread::sleep_for(1ms);
    }
    CHECK(on_disk() == "late");
    CHECK(seen->versions().empty());
  }
}
