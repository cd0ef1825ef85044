#include "model/open_enum.hpp"

#include <doctest/doctest.h>

#include "model/installation.hpp"

using namespace iometer::model;

TEST_SUITE("model") {
  TEST_CASE("known words of an enumeration are read in any letter case") {
    for (const auto* word : {"missing", "MISSING", "Missing"}) {
      const auto pin = OpenEnum<PinStatus>::from_word(word);
      CHECK(pin.value() == PinStatus::kMissing);
      CHECK(pin.word() == "missing");
      CHECK(pin.is_known());
    }
    CHECK(OpenEnum<PinStatus>::from_word("pending").value() == PinStatus::kPending);
    CHECK(OpenEnum<PinStatus>::from_word("entered").value() == PinStatus::kEntered);
    CHECK(OpenEnum<ConnectionStatus>::from_word("disconnected").value() ==
          ConnectionStatus::kDisconnected);
    CHECK(OpenEnum<CoreAttachmentStatus>::from_word("detached").value() ==
          CoreAttachmentStatus::kDetached);
    CHECK(OpenEnum<CorePowerStatus>::from_word("wired").value() == CorePowerStatus::kWired);
  }

  TEST_CASE("an unknown word keeps its text") {
    const auto status = OpenEnum<ConnectionStatus>::from_word("Degraded");
    CHECK(status.value() == ConnectionStatus::kUnknown);
    CHECK(status.word() == "Degraded");
    CHECK_FALSE(status.is_known());
    CHECK(status != OpenEnum<ConnectionStatus>::from_word("degraded"));
    CHECK(status != OpenEnum<ConnectionStatus>());
    CHECK(OpenEnum<ConnectionStatus>().word().empty());
  }

  TEST_CASE("an enumerator and its word are the same value") {
    const OpenEnum<CorePowerStatus> wired = CorePowerStatus::kWired;
    CHECK(wired.word() == "wired");
    CHECK(wired == OpenEnum<CorePowerStatus>::from_word("WIRED"));
    CHECK(OpenEnum<CorePowerStatus>(CorePowerStatus::kUnknown).word().empty());
  }
}
