#include "sim/household.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/json.hpp"

namespace iometer::sim {
namespace {

constexpr std::int64_t kMonday = 20'780LL * kSecondsPerDay;  // 2026-11-23
constexpr std::int64_t kTenthWh = 360;                       // in watt-seconds

std::map<std::string, std::int64_t> by_code(const HouseholdReading& reading) {
  std::map<std::string, std::int64_t> result;
  for (const auto& value : reading.values)
    result[obis_text(value.obis, ObisFormat::kDec3)] = value.value;
  return result;
}

}  // namespace

TEST_SUITE("sim") {
  TEST_CASE(
      "registers are the integral of power, to the digit, for every second of a day and a half") {
    for (const std::uint64_t seed : {1U, 2U, 42U, 77'777U}) {
      CAPTURE(seed);
      MeterRegisters meter(seed, true);
      // The integral's part below 0.1 Wh at the beginning is not shown: found from where the first
      // step falls.
      auto previous = meter.at(kMonday * 1000);
      std::int64_t low = 0;
      std::int64_t high = kTenthWh - 1;
      std::int64_t import_ws = 0;
      std::int64_t wrong = 0;
      const auto first = previous.imported;
      for (std::int64_t second = kMonday; second < kMonday + kSecondsPerDay * 3 / 2; ++second) {
        import_ws += std::max(previous.watts, 0);
        const auto now = meter.at((second + 1) * 1000);
        // first + floor((rest + import_ws) / 360) must be the register, for one rest between low
        // and high.
        const auto steps = now.imported - first;
        low = std::max(low, steps * kTenthWh - import_ws);
        high = std::min(high, (steps + 1) * kTenthWh - 1 - import_ws);
        if (low > high || now.imported_t1 + now.imported_t2 != now.imported) ++wrong;
        previous = now;
      }
      CHECK(wrong == 0);
      CHECK(previous.imported > first + 10'000);  // a kilowatt-hour at least
    }
  }

  TEST_CASE("import and export, tariff 1 and 2 are counted apart, from the day of installation") {
    MeterRegisters meter(5, true);
    const auto installed = meter.installed_unix_s();
    CHECK(meter.at(installed * 1000 - 1).imported == 0);
    CHECK(meter.at(installed * 1000 - 1).watts == 0);
    std::int64_t import_ws = 0;
    std::int64_t export_ws = 0;
    std::int64_t t1 = 0;
    std::int64_t wrong = 0;
    for (std::int64_t second = installed; second < installed + 2 * kSecondsPerDay; ++second) {
      const auto state = meter.at(second * 1000);
      if (state.imported != import_ws / kTenthWh || state.exported != export_ws / kTenthWh) ++wrong;
      if (state.imported_t1 != t1 || state.imported_t2 != state.imported - t1) ++wrong;
      const auto before = import_ws / kTenthWh;
      import_ws += std::max(state.watts, 0);
      const auto hour = second % kSecondsPerDay / 3600;
      if (hour >= 6 && hour < 22) t1 += import_ws / kTenthWh - before;
      export_ws += std::max(-state.watts, 0);
    }
    CHECK(wrong == 0);
    CHECK(export_ws > 0);
    CHECK(import_ws > 0);
  }

  TEST_CASE("within a second the registers go on") {
    MeterRegisters meter(1, false);
    auto last = meter.at(kMonday * 1000).imported;
    std::int64_t rises = 0;
    for (std::int64_t ms = kMonday * 1000; ms < kMonday * 1000 + 60'000; ms += 50) {
      const auto now = meter.at(ms).imported;
      CHECK(now >= last);
      CHECK(now <= last + 1);
      if (now > last && ms % 1000 != 0) ++rises;
      last = now;
    }
    CHECK(rises > 0);
  }

  TEST_CASE("tariff 1 rises by day only, tariff 2 by night only") {
    MeterRegisters meter(9, true);
    const auto at_hour = [&](int hour) { return meter.at((kMonday + hour * 3600) * 1000); };
    CHECK(at_hour(22).imported_t2 == at_hour(6).imported_t2);
    CHECK(at_hour(22).imported_t1 > at_hour(6).imported_t1);
    CHECK(at_hour(30).imported_t1 == at_hour(22).imported_t1);
    CHECK(at_hour(30).imported_t2 > at_hour(22).imported_t2);
  }

  TEST_CASE("the plant feeds in around noon and not at night") {
    MeterRegisters meter(1, true);
    int lowest_at_noon = 0;
    int lowest_at_night = 100'000;
    for (int day = 0; day < 7; ++day) {
      for (int minute = 0; minute < 60; ++minute) {
        const auto at = [&](int hour) {
          return (kMonday + day * kSecondsPerDay + hour * 3600 + minute * 60) * 1000;
        };
        lowest_at_noon = std::min(lowest_at_noon, meter.at(at(11)).watts);
        lowest_at_night = std::min(lowest_at_night, meter.at(at(23)).watts);
      }
    }
    CHECK(lowest_at_noon < -1000);
    CHECK(lowest_at_night > 0);
  }

  TEST_CASE("the phases' powers sum up to the net power") {
    HouseholdOptions options;
    options.obis_set = ObisSet::kFull;
    Household household(options);
    const auto first = household.first_received_at_or_after(kMonday * 1000);
    for (int i = 0; i < 500; ++i) {
      const auto values = by_code(household.reading(first + i * 17));
      CHECK(values.size() == 16);
      CHECK(values.at("36.7.0") + values.at("56.7.0") + values.at("76.7.0") == values.at("16.7.0"));
      CHECK(values.at("1.8.1") + values.at("1.8.2") == values.at("1.8.0"));
      CHECK(std::abs(values.at("32.7.0") - 2300) < 60);
    }
  }

  TEST_CASE("each set has its values") {
    HouseholdOptions options;
    options.installations = 14;
    const auto sizes = [&](ObisSet set) {
      options.obis_set = set;
      Household household(options);
      std::set<std::size_t> result;
      for (int i = 0; i < 14; ++i)
        result.insert(by_code(household.reading(100'000'000 + i)).size());
      return result;
    };
    CHECK(sizes(ObisSet::kBasic) == std::set<std::size_t>{3});
    CHECK(sizes(ObisSet::kTariffs) == std::set<std::size_t>{5});
    CHECK(sizes(ObisSet::kPhases) == std::set<std::size_t>{6});
    CHECK(sizes(ObisSet::kMixed) == std::set<std::size_t>{6, 7, 8, 9, 10, 11, 12});
  }

  TEST_CASE("readings are numbered by the time they are received, each meter at the cadence") {
    HouseholdOptions options;
    options.installations = 3;
    options.meters_per_installation = 2;
    for (const int cadence_ms : {20, 1000, 7000, 10'000, 900'000}) {
      options.cadence = std::chrono::milliseconds(cadence_ms);
      Household household(options);
      const auto first = household.first_received_at_or_after(kMonday * 1000 + 123);
      CHECK(household.received_unix_ms(first) >= kMonday * 1000 + 123);
      CHECK(household.received_unix_ms(first - 1) < kMonday * 1000 + 123);
      for (std::int64_t number = first; number < first + 100; ++number) {
        CHECK(household.received_unix_ms(number) <= household.received_unix_ms(number + 1));
        CHECK(household.received_unix_ms(number + 6) - household.received_unix_ms(number) ==
              cadence_ms);
      }
      const auto reading = household.reading(first);
      CHECK(reading.unix_ms <= household.received_unix_ms(first));
      CHECK(reading.meter == &household.meter_of(first));
    }
  }

  TEST_CASE("the same options make the same household, another seed another one") {
    HouseholdOptions options;
    options.installations = 20;
    const Household one(options);
    const Household same(options);
    options.seed = 2;
    const Household other(options);
    CHECK(one.installations() == same.installations());
    CHECK(one.installations() != other.installations());
    std::set<std::string> ids;
    std::set<std::string> numbers;
    for (const auto& meter : one.meters()) {
      ids.insert(meter.id);
      numbers.insert(meter.number);
      CHECK(meter.number.size() == 14);
      CHECK(meter.id.size() == 36);
      CHECK(meter.id[14] == '4');
    }
    CHECK(ids.size() == 20);
    CHECK(numbers.size() == 20);
    CHECK(one.meters().front().number == "1EMH0007058153");
  }

  TEST_CASE("installations are JSON with all fields of the schema") {
    HouseholdOptions options;
    options.meters_per_installation = 2;
    options.devices_per_installation = 2;
    const auto json = base::Json::parse(Household(options).installations().front());
    REQUIRE(json);
    CHECK((*json)["meters"].items().size() == 2);
    CHECK((*json)["currentMeter"]["number"].string() != nullptr);
    CHECK(*(*json)["devices"].items()[1]["bridge"]["connectionStatus"].string() == "disconnected");
    CHECK(*(*json)["currentDevice"]["core"]["pinStatus"].string() == "entered");
    options.meters_per_installation = 0;
    options.devices_per_installation = 0;
    const auto empty = base::Json::parse(Household(options).installations().front());
    REQUIRE(empty);
    CHECK((*empty)["currentMeter"].is_null());
    CHECK((*empty)["meters"].is_array());
  }
}

}  // namespace iometer::sim
