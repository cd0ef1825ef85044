#include "partner/message_assembler.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using iometer::partner::MessageAssembler;
using Outcome = MessageAssembler::Outcome;

TEST_SUITE("partner") {
  TEST_CASE("messages are the same wherever they are cut") {
    const auto seed = std::random_device()();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const std::vector<std::string> messages{
        "{\"type\":\"connection_ack\"}\n", "",
        "{\"unit\":\"m\xc2\xb3\",\"note\":\"\xf0\x9f\x94\x8c\"}", std::string(70'000, 'x')};
    for (int round = 0; round < 200; ++round) {
      MessageAssembler assembler;
      for (const auto& message : messages) {
        std::string_view rest = message;
        auto outcome = Outcome::kIncomplete;
        while (outcome == Outcome::kIncomplete) {
          const auto cut = std::uniform_int_distribution<std::size_t>(0, rest.size())(random);
          // An empty last piece is legal: gqlgen sends one after a large answer.
          const bool final = cut == rest.size() && random() % 2 == 0;
          outcome = assembler.add(rest.substr(0, cut), final);
          rest.remove_prefix(cut);
        }
        REQUIRE(outcome == Outcome::kComplete);
        CHECK(assembler.take() == message);
      }
    }
  }

  TEST_CASE("a message that is too large is skipped to its end") {
    MessageAssembler assembler;
    const std::string half(MessageAssembler::kMaxBytes / 2, 'x');
    CHECK(assembler.add(half, false) == Outcome::kIncomplete);
    CHECK(assembler.add(half, true) == Outcome::kComplete);
    CHECK(assembler.take().size() == MessageAssembler::kMaxBytes);
    CHECK(assembler.add(half, false) == Outcome::kIncomplete);
    CHECK(assembler.add(half, false) == Outcome::kIncomplete);
    CHECK(assembler.add("x", false) == Outcome::kIncomplete);
    for (int i = 0; i < 20; ++i) CHECK(assembler.add(half, false) == Outcome::kIncomplete);
    CHECK(assembler.add("end", true) == Outcome::kTooLarge);
    CHECK(assembler.add("next", true) == Outcome::kComplete);
    CHECK(assembler.take() == "next");
    CHECK(assembler.add(half + half + "x", true) == Outcome::kTooLarge);
    CHECK(assembler.add(half, false) == Outcome::kIncomplete);
    CHECK(assembler.add(half + "x", false) == Outcome::kIncomplete);
    assembler.reset();
    CHECK(assembler.add("after a reset", true) == Outcome::kComplete);
  }

  TEST_CASE("the whole message must be UTF-8, its pieces need not be") {
    MessageAssembler assembler;
    CHECK(assembler.add("m\xc2", false) == Outcome::kIncomplete);
    CHECK(assembler.add("\xb3", true) == Outcome::kComplete);
    CHECK(assembler.take() == "m\xc2\xb3");
    CHECK(assembler.add("m\xc2", false) == Outcome::kIncomplete);
    CHECK(assembler.add("x", true) == Outcome::kNotText);
  }
}
