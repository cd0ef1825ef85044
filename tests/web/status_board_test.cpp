#include "web/status_board.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "web/example_snapshot.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using web::StatusBoard;

namespace {

// Long before the real clock's: nothing is waited for.
constexpr base::SteadyTime kBegin{-100'000h};

}  // namespace

TEST_SUITE("web") {
  TEST_CASE("a brain is alive until a minute after its last step") {
    StatusBoard board([] {}, kBegin);
    CHECK(board.is_alive(kBegin + 60s));
    CHECK_FALSE(board.is_alive(kBegin + 61s));
    board.beat(kBegin + 100s);
    CHECK(board.is_alive(kBegin + 160s));
    CHECK_FALSE(board.is_alive(kBegin + 161s));
  }

  TEST_CASE("a snapshot is asked for once a second at most, and never shown when it is older") {
    int asked = 0;
    StatusBoard board([&] { ++asked; }, kBegin);
    CHECK(board.fresh(kBegin) == nullptr);
    CHECK(asked == 1);
    auto snapshot = web::test::example_snapshot();
    board.show(snapshot, kBegin);
    const auto shown = board.fresh(kBegin + 900ms);
    REQUIRE(shown != nullptr);
    CHECK(shown->version == "1.2.3");
    CHECK(asked == 1);
    // Nothing of an hour ago, where the brain does not answer.
    CHECK(board.fresh(kBegin + 1h) == nullptr);
    CHECK(asked == 2);
    // What somebody holds stays as it was.
    snapshot.version = "2";
    board.show(snapshot, kBegin + 1h);
    CHECK(shown->version == "1.2.3");
    CHECK(board.fresh(kBegin + 1h)->version == "2");
  }

  TEST_CASE("who asks gets the snapshot as soon as the brain has made it") {
    const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::steady_clock::now());
    std::thread brain;
    StatusBoard* told = nullptr;
    StatusBoard board(
        [&] { brain = std::thread([&] { told->show(web::test::example_snapshot(), now); }); }, now);
    told = &board;
    CHECK(board.fresh(now) != nullptr);
    brain.join();
  }

  TEST_CASE("the end lets those go who wait") {
    const auto now = std::chrono::time_point_cast<base::Duration>(std::chrono::steady_clock::now());
    std::thread ender;
    StatusBoard* told = nullptr;
    StatusBoard board([&] { ender = std::thread([&] { told->end(); }); }, now + 1h);
    told = &board;
    // The patience is an hour long from here: only the end ends it.
    CHECK(board.fresh(now + 1h) == nullptr);
    ender.join();
    CHECK(board.fresh(now + 1h) == nullptr);
  }
}
