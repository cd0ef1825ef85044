// When the memory is saved: new topics before they are published, everything else now and then.
#include "app/memory_keeper.hpp"

#include <doctest/doctest.h>

using namespace iometer;
using namespace std::chrono_literals;
using app::MemoryKeeper;

namespace {

struct Disk {
  std::vector<std::uint64_t> versions;
  MemoryKeeper keeper{[this](std::uint64_t version, const bridge::Memory& memory) {
    versions.push_back(version);
    last = memory.instance;
  }};
  std::string last;
  base::SteadyTime now{100h};

  Disk() { keeper.start(now); }
  void step(base::Duration later) {
    now += later;
    keeper.step(now, [this] { return memory_of(std::to_string(now.time_since_epoch() / 1s)); });
  }
  static bridge::Memory memory_of(std::string instance) {
    bridge::Memory memory;
    memory.instance = std::move(instance);
    return memory;
  }
};

}  // namespace

TEST_SUITE("app") {
  TEST_CASE("changes are saved each five seconds, and nothing where nothing changed") {
    Disk disk;
    CHECK(disk.keeper.next_deadline() == base::SteadyTime::max());
    disk.step(10s);
    CHECK(disk.versions.empty());
    disk.keeper.changed(false);
    CHECK_FALSE(disk.keeper.holds());
    disk.step(0s);
    REQUIRE(disk.versions.size() == 1);
    CHECK(disk.last == std::to_string(100 * 3600 + 10));
    CHECK_FALSE(disk.keeper.holds());
    disk.keeper.written(1, disk.now);
    disk.keeper.changed(false);
    CHECK(disk.keeper.next_deadline() == disk.now + 5s);
    disk.step(4s);
    CHECK(disk.versions.size() == 1);
    disk.step(1s);
    CHECK(disk.versions.size() == 2);
  }

  TEST_CASE("the first save waits for the start to settle, new topics do not") {
    Disk disk;
    disk.keeper.changed(false);
    disk.step(4999ms);
    CHECK(disk.versions.empty());
    disk.keeper.changed(true);
    CHECK(disk.keeper.holds());
    disk.step(0s);
    CHECK(disk.versions.size() == 1);
    CHECK(disk.keeper.holds());
    disk.keeper.written(7, disk.now);
    CHECK(disk.keeper.holds());
    disk.keeper.written(1, disk.now);
    CHECK_FALSE(disk.keeper.holds());
    CHECK(disk.keeper.next_deadline() == base::SteadyTime::max());
  }

  TEST_CASE("new topics while a version is being written wait for the next one") {
    Disk disk;
    disk.keeper.changed(true);
    disk.step(0s);
    disk.keeper.changed(true);
    disk.step(1s);
    CHECK(disk.versions.size() == 1);
    disk.keeper.written(1, disk.now);
    CHECK(disk.keeper.holds());
    disk.step(0s);
    CHECK(disk.versions.size() == 2);
    disk.keeper.written(2, disk.now);
    CHECK_FALSE(disk.keeper.holds());
  }

  TEST_CASE("a disk that hangs holds nothing for long, is told once, and is waited for") {
    Disk disk;
    disk.keeper.changed(true);
    disk.step(0s);
    CHECK(disk.keeper.next_deadline() == disk.now + 2s);
    disk.step(1999ms);
    CHECK(disk.keeper.holds());
    disk.step(1ms);
    CHECK_FALSE(disk.keeper.holds());
    CHECK(disk.keeper.next_deadline() == disk.now + 28s);
    CHECK_FALSE(disk.keeper.found_stuck(disk.now + 28s - 1ms));
    CHECK(disk.keeper.found_stuck(disk.now + 28s));
    CHECK_FALSE(disk.keeper.found_stuck(disk.now + 29s));
    CHECK(disk.keeper.next_deadline() == base::SteadyTime::max());
    // New topics do not wait for it either, and are saved when it is back.
    disk.keeper.changed(true);
    disk.step(30s);
    CHECK_FALSE(disk.keeper.holds());
    CHECK(disk.versions.size() == 1);
    disk.keeper.written(1, disk.now);
    CHECK_FALSE(disk.keeper.found_stuck(disk.now + 1h));
    // It is slow: it is left alone for twenty times as long.
    CHECK(disk.keeper.next_deadline() == disk.now + 20 * 32s);
    disk.step(20 * 32s - 1s);
    CHECK(disk.versions.size() == 1);
    disk.step(1s);
    CHECK(disk.versions.size() == 2);
  }

  TEST_CASE("without a state file nothing is saved and nothing held") {
    MemoryKeeper keeper{nullptr};
    keeper.changed(true);
    CHECK_FALSE(keeper.holds());
    CHECK(keeper.next_deadline() == base::SteadyTime::max());
    keeper.step(base::SteadyTime{200h}, [] { return bridge::Memory(); });
    keeper.save_at_end([] { return bridge::Memory(); });
  }

  TEST_CASE("the end is saved whatever else is on its way") {
    Disk disk;
    disk.keeper.changed(true);
    disk.step(0s);
    disk.keeper.save_at_end([] { return Disk::memory_of("end"); });
    CHECK(disk.versions == std::vector<std::uint64_t>{1, 2});
    CHECK(disk.last == "end");
  }
}
