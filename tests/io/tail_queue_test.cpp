#include "app/tail_queue.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>

using namespace iometer;
using app::LinkNews;
using app::TailQueue;

namespace {

constexpr auto kAtOnce = std::chrono::steady_clock::time_point::min();

model::MeterReading reading(const std::string& number) {
  model::MeterReading result;
  result.meter.number = number;
  return result;
}

// The number of a reading's meter, or the text of news.
std::string words(const app::TailEvent& event) {
  if (const auto* one = std::get_if<model::MeterReading>(&event)) return one->meter.number;
  return std::get<LinkNews>(event).text;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("tail queue: readings and news come in the order of their arrival") {
    TailQueue queue(10);
    CHECK(queue.post_reading(reading("1")));
    queue.post(LinkNews{"news"});
    CHECK(queue.post_reading(reading("2")));
    for (const auto* expected : {"1", "news", "2"}) {
      const auto taken = queue.take(kAtOnce);
      REQUIRE(taken.has_value());
      CHECK(words(taken->event) == expected);
      CHECK_FALSE(taken->room_again);
    }
    CHECK_FALSE(queue.take(kAtOnce).has_value());
  }

  TEST_CASE("tail queue: a poster that was told to pause is resumed, whatever news come between") {
    TailQueue queue(3);
    CHECK(queue.post_reading(reading("1")));
    CHECK(queue.post_reading(reading("2")));
    CHECK_FALSE(queue.post_reading(reading("3")));  // pause
    CHECK(words(queue.take(kAtOnce)->event) == "1");
    CHECK(words(queue.take(kAtOnce)->event) == "2");
    std::string last = "the link broke";
    SUBCASE("news") { queue.post(LinkNews{last}); }  // fewer than the bound again
    SUBCASE("a reading that was on its way") {
      last = "4";
      CHECK_FALSE(queue.post_reading(reading(last)));
    }
    CHECK_FALSE(queue.take(kAtOnce)->room_again);  // 3
    const auto taken = queue.take(kAtOnce);
    CHECK(words(taken->event) == last);
    CHECK(taken->room_again);
    CHECK(queue.post_reading(reading("5")));
    CHECK_FALSE(queue.take(kAtOnce)->room_again);
  }

  TEST_CASE("tail queue: news alone pause nobody") {
    TailQueue queue(2);
    for (int i = 0; i < 5; ++i) queue.post(LinkNews{"news"});
    for (int i = 0; i < 5; ++i) CHECK_FALSE(queue.take(kAtOnce)->room_again);
  }

  TEST_CASE("tail queue: whoever waits is woken by an event, and by the stop") {
    TailQueue queue(2);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::thread poster([&] { queue.post(LinkNews{"news"}); });
    CHECK(queue.take(until).has_value());
    poster.join();
    std::thread stopper([&] { queue.stop(); });
    CHECK_FALSE(queue.take(until).has_value());
    stopper.join();
    CHECK(std::chrono::steady_clock::now() < until);
    queue.post(LinkNews{"late"});
    CHECK_FALSE(queue.take(until).has_value());
  }

  TEST_CASE("tail queue: news that nobody takes are counted, readings are kept") {
    TailQueue queue(2);
    for (int i = 0; i < 100; ++i) queue.post(LinkNews{"left out"});
    queue.post_reading(model::MeterReading{});
    std::size_t news = 0;
    std::size_t readings = 0;
    std::string last;
    while (const auto taken = queue.take(std::chrono::steady_clock::now())) {
      if (const auto* one = std::get_if<LinkNews>(&taken->event)) {
        ++news;
        last = one->text;
      } else {
        ++readings;
      }
    }
    CHECK(readings == 1);
    CHECK(news == 5);
    CHECK(last == "96 more such messages");
  }
}
