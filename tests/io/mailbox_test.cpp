#include "app/mailbox.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using iometer::app::Mailbox;
using iometer::base::SteadyTime;

namespace {

using TestMailbox = Mailbox<std::string, int>;
constexpr SteadyTime kAtOnce = SteadyTime::min();

SteadyTime in(iometer::base::Duration duration) {
  return std::chrono::steady_clock::now() + duration;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("control comes whole, readings as many as asked for, each lane in order") {
    TestMailbox mailbox(10);
    for (int i = 1; i <= 5; ++i) CHECK(mailbox.post_reading(i));
    mailbox.post("a");
    mailbox.post("b");
    auto taken = mailbox.take(kAtOnce, 2);
    CHECK(taken.control == std::vector<std::string>{"a", "b"});
    CHECK(taken.readings == std::vector<int>{1, 2});
    CHECK(taken.readings_waiting);
    CHECK_FALSE(taken.room_again);
    taken = mailbox.take(kAtOnce, 0);
    CHECK(taken.readings.empty());
    CHECK(taken.readings_waiting);
    taken = mailbox.take(kAtOnce, 100);
    CHECK(taken.control.empty());
    CHECK(taken.readings == std::vector<int>{3, 4, 5});
    CHECK_FALSE(taken.readings_waiting);
  }

  TEST_CASE("a full lane asks to pause and tells once when it is half empty") {
    TestMailbox mailbox(4);
    for (int i = 1; i <= 3; ++i) CHECK(mailbox.post_reading(i));
    CHECK_FALSE(mailbox.post_reading(4));
    CHECK_FALSE(mailbox.post_reading(5));  // taken nevertheless
    CHECK_FALSE(mailbox.take(kAtOnce, 2).room_again);
    CHECK_FALSE(mailbox.post_reading(6));  // room for one, but the poster shall pause
    const auto taken = mailbox.take(kAtOnce, 2);
    CHECK(taken.room_again);
    CHECK(taken.readings == std::vector<int>{3, 4});
    CHECK_FALSE(mailbox.take(kAtOnce, 2).room_again);
    CHECK(mailbox.post_reading(7));
  }

  TEST_CASE("taking waits for something that may be taken, and no longer than told") {
    TestMailbox mailbox(4);
    mailbox.post_reading(1);
    const auto start = std::chrono::steady_clock::now();
    const auto taken = mailbox.take(in(50ms), 0);  // readings are not wanted now
    CHECK(std::chrono::steady_clock::now() - start >= 50ms);
    CHECK(taken.readings.empty());
    CHECK(taken.readings_waiting);

    std::thread poster([&] {
      std::this_thread::sleep_for(20ms);
      mailbox.post("wake");
    });
    CHECK(mailbox.take(in(30s), 0).control == std::vector<std::string>{"wake"});
    poster.join();
    // The end of time, which the brain passes when nothing is due.
    std::thread again([&] { mailbox.post("wake"); });
    CHECK(mailbox.take(SteadyTime::max(), 0).control.size() == 1);
    again.join();
  }

  TEST_CASE("posts of many threads all arrive, each thread's in order") {
    TestMailbox mailbox(64);
    constexpr int kThreads = 4;
    constexpr int kEach = 2'000;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&mailbox, thread] {
        for (int i = 0; i < kEach; ++i) {
          mailbox.post_reading(thread * kEach + i);
          mailbox.post(std::to_string(i));
        }
      });
    }
    std::vector<int> next(kThreads, 0);
    std::size_t readings = 0;
    std::size_t controls = 0;
    bool orderly = true;
    const auto deadline = in(30s);
    while ((readings < kThreads * kEach || controls < kThreads * kEach) &&
           std::chrono::steady_clock::now() < deadline) {
      const auto taken = mailbox.take(deadline, 16);
      controls += taken.control.size();
      readings += taken.readings.size();
      for (const int reading : taken.readings) {
        const auto thread = static_cast<std::size_t>(reading / kEach);
        orderly = orderly && reading % kEach == next[thread]++;
      }
    }
    for (auto& thread : threads) thread.join();
    CHECK(orderly);
    CHECK(readings == kThreads * kEach);
    CHECK(controls == kThreads * kEach);
  }
}
