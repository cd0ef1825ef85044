// The state file's text: every field comes back, and what is wrong is refused with its place.
#include <doctest/doctest.h>

#include <array>

#include "base/json.hpp"
#include "base/random.hpp"
#include "bridge/memory.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using bridge::Memory;
using bridge::RememberedDevice;
using bridge::RememberedMeter;

namespace {

base::WallTime any_time(test::Random& random) {
  return base::WallTime{std::chrono::seconds{random.number(0, 2'000'000'000)} +
                        std::chrono::nanoseconds{random.number(0, 999'999'999)}};
}

std::optional<base::WallTime> perhaps_time(test::Random& random) {
  return random.chance(50) ? std::optional(any_time(random)) : std::nullopt;
}

std::string any_text(test::Random& random) {
  return random.text(static_cast<std::size_t>(random.number(0, 12)),
                     "abcZ09-_/+#\"\\\n\t {}[]:,\x01\x7f") +
         (random.chance(30) ? "Zähler €" : "");
}

std::string any_slug(test::Random& random) {
  return random.text(static_cast<std::size_t>(random.number(1, 12)), "abcz09-_");
}

std::string any_topic(test::Random& random) {
  return random.text(static_cast<std::size_t>(random.number(1, 12)), "abcZ09-_/\"\\\n {}[]:,") +
         (random.chance(30) ? "Zähler €" : "");
}

model::ObisCode any_code(test::Random& random) {
  std::string text =
      std::to_string(random.number(0, 9)) + "-" + std::to_string(random.number(0, 64)) + ":" +
      std::to_string(random.number(0, 255)) + "." + std::to_string(random.number(0, 255)) + "." +
      std::to_string(random.number(0, 255)) + "*" + std::to_string(random.number(0, 255));
  return *model::ObisCode::parse(text);
}

std::vector<base::Duration> any_intervals(test::Random& random) {
  std::vector<base::Duration> list;
  for (int n = random.number(0, 9); n > 0; --n)
    list.push_back(std::chrono::milliseconds{random.number(-5'000, 2'000'000'000)});
  return list;
}

RememberedMeter any_meter(test::Random& random) {
  RememberedMeter meter;
  meter.meter = {any_text(random), any_text(random), any_text(random)};
  meter.slug = any_slug(random);
  meter.configured_name = any_text(random);
  for (int n = random.number(0, 5); n > 0; --n) meter.codes.push_back(any_code(random));
  for (int n = random.number(0, 5); n > 0; --n) {
    const auto digits = std::to_string(random.number(-1'000'000, 1'000'000)) + "." +
                        random.text(static_cast<std::size_t>(random.number(1, 9)), "0123456789");
    meter.values.push_back({any_code(random), any_slug(random), any_text(random), any_time(random),
                            *base::Decimal::parse(digits)});
  }
  meter.received = any_time(random);
  if (random.chance(50))
    meter.clock_offset = std::chrono::milliseconds{random.number(-2'000'000'000, 2'000'000'000)};
  meter.register_intervals = any_intervals(random);
  meter.instantaneous_intervals = any_intervals(random);
  meter.unlinked_since = perhaps_time(random);
  meter.replaced = random.chance(50);
  return meter;
}

Memory any_memory(test::Random& random) {
  Memory memory;
  memory.instance = any_slug(random);
  memory.base_topic = any_topic(random);
  memory.discovery_prefix = random.chance(30) ? "" : any_topic(random);
  memory.transport = random.chance(30) ? "" : any_slug(random);
  memory.saved_at = any_time(random);
  memory.clean = random.chance(50);
  if (random.chance(50)) memory.resent_until = base::WallTime{1'700'000'000s};
  memory.cursor = perhaps_time(random);
  for (int n = random.number(0, 4); n > 0; --n) {
    // Whole seconds: there are many of them.
    memory.fingerprints.emplace_back(std::chrono::floor<std::chrono::seconds>(any_time(random)),
                                     random.bits());
  }
  for (int n = random.number(0, 3); n > 0; --n) memory.meters.push_back(any_meter(random));
  for (int n = random.number(0, 3); n > 0; --n) {
    memory.devices.push_back({any_text(random), any_slug(random), any_text(random),
                              any_text(random), any_time(random), perhaps_time(random)});
  }
  for (int n = random.number(0, 3); n > 0; --n) memory.leftovers.push_back(any_topic(random));
  return memory;
}

// Every field is there.
Memory full_memory() {
  const auto time = *base::parse_rfc3339("2026-03-01T12:00:00.123456789Z");
  RememberedMeter meter;
  meter.meter = {"id-1", "1EMH1", "inst-1"};
  meter.slug = "1emh1";
  meter.configured_name = "House";
  meter.codes = {*model::ObisCode::parse("1-0:1.8.0")};
  meter.values = {{meter.codes[0], "energy_import", "kWh", time, *base::Decimal::parse("1.50")}};
  meter.received = time;
  meter.clock_offset = -90s;
  meter.register_intervals = {10s, 15min};
  meter.instantaneous_intervals = {1500ms};
  meter.unlinked_since = time;
  meter.replaced = true;
  Memory memory;
  memory.instance = "abc";
  memory.transport = "sse";
  memory.base_topic = "iometer";
  memory.discovery_prefix = "homeassistant";
  memory.saved_at = time;
  memory.clean = true;
  memory.cursor = time;
  memory.fingerprints = {{std::chrono::floor<std::chrono::seconds>(time), 0x00ab'cdef'0123'4567U}};
  memory.meters = {meter};
  memory.devices = {{"d-1", "d1", "IOmeter d1", "inst-1", time, time}};
  memory.leftovers = {"old/bridge/info"};
  return memory;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_SUITE("bridge") {
  TEST_CASE("a memory comes back as it was, whatever is in it") {
    const auto full = bridge::parse_memory(bridge::memory_json(full_memory()));
    REQUIRE(full);
    CHECK(*full == full_memory());
    Memory least;
    least.instance = "a";
    least.base_topic = "b";
    const auto read = bridge::parse_memory(bridge::memory_json(least));
    REQUIRE(read);
    CHECK(*read == least);
    test::Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 300; ++i) {
      const auto memory = any_memory(random);
      const auto text = bridge::memory_json(memory);
      CAPTURE(text);
      const auto parsed = bridge::parse_memory(text);
      REQUIRE_MESSAGE(parsed.ok(), (parsed.ok() ? "" : parsed.error().what));
      CHECK(*parsed == memory);
    }
  }

  TEST_CASE("digits of a remembered value are kept") {
    const auto parsed = bridge::parse_memory(bridge::memory_json(full_memory()));
    REQUIRE(parsed);
    CHECK(parsed->meters[0].values[0].value.to_string() == "1.50");
  }

  TEST_CASE("what is wrong in a state file is refused with its place") {
    struct Case {
      std::string_view from;
      std::string_view to;
      std::string_view place;
    };
    constexpr std::array kCases{
        Case{R"("form":1)", R"("form":2)", "form"},
        Case{R"("form":1)", R"("form":"1")", "form"},
        Case{R"("form":1)", R"("from":1)", "form"},
        Case{R"("instance":"abc")", R"("instance":7)", "instance"},
        Case{R"("instance":"abc")", R"("instance":"a/+ b")", "instance"},
        Case{R"("base_topic":"iometer",)", "", "base_topic"},
        Case{R"("base_topic":"iometer")", R"("base_topic":"+")", "base_topic"},
        Case{R"("discovery_prefix":"homeassistant")", R"("discovery_prefix":"#")",
             "discovery_prefix"},
        Case{R"("leftovers":[")", R"("leftovers":["","x)", "leftovers"},
        Case{R"("leftovers":[")", R"("leftovers":["a/#","x)", "leftovers"},
        Case{R"("leftovers":[")", R"("leftovers":["a\u0000","x)", "leftovers"},
        Case{R"("slug":"1emh1")", R"("slug":"+")", "slug"},
        Case{R"("slug":"1emh1")", R"("slug":"a/b")", "slug"},
        Case{R"("slug":"1emh1")", R"("slug":"")", "slug"},
        Case{R"("slug":"d1")", R"("slug":"#")", "slug"},
        Case{R"("key":"energy_import")", R"("key":"#")", "key"},
        Case{R"("discovery_prefix":"homeassistant")", R"("discovery_prefix":null)",
             "discovery_prefix"},
        Case{R"("transport":"sse")", R"("transport":"s s")", "transport"},
        Case{R"("saved_at":"2026)", R"("saved_at":"x2026)", "saved_at"},
        Case{R"("clean":true)", R"("clean":1)", "clean"},
        Case{R"("cursor":"2026-03-01T12:00:00.123456789Z")", R"("cursor":5)", "cursor"},
        Case{R"("meters":[)", R"("meters":5,"x":[)", "meters"},
        Case{R"("meters":[)", R"("metres":[)", "meters"},
        Case{R"("devices":[)", R"("devices":{},"x":[)", "devices"},
        Case{R"("leftovers":[)", R"("leftovers":"","x":[)", "leftovers"},
        Case{R"("fingerprints":[)", R"("fingerprints":true,"x":[)", "fingerprints"},
        Case{R"("meters":[)", R"("meters":[5,)", "id"},
        Case{R"("id":"id-1")", R"("id":null)", "id"},
        Case{R"("number":"1EMH1")", R"("number":1)", "number"},
        Case{R"("installation":"inst-1")", R"("installation":[])", "installation"},
        Case{R"("slug":"1emh1")", R"("slug":false)", "slug"},
        Case{R"("name":"House",)", "", "name"},
        Case{R"("codes":["1-0:1.8.0)", R"("codes":["1-0:1.8.0.0.0)", "codes"},
        Case{R"("codes":[")", R"("codes":[1,")", "codes"},
        Case{R"("codes":[)", R"("codes":1,"x":[)", "codes"},
        Case{R"("values":[)", R"("values":1,"x":[)", "values"},
        Case{R"("code":"1-0:)", R"("code":"1-0-)", "code"},
        Case{R"("key":"energy_import")", R"("key":{})", "key"},
        Case{R"("unit":"kWh")", R"("unit":0)", "unit"},
        Case{R"("time":"2026)", R"("time":"20z6)", "time"},
        Case{R"("value":"1.50")", R"("value":"1,50")", "value"},
        Case{R"("value":"1.50")", R"("value":1.50)", "value"},
        Case{R"("received":"2026)", R"("received":"1026)", "received"},
        Case{R"("clock_offset_ms":-90000)", R"("clock_offset_ms":"-90000")", "clock_offset_ms"},
        Case{R"("clock_offset_ms":-90000)", R"("clock_offset_ms":1e4)", "clock_offset_ms"},
        Case{R"("clock_offset_ms":-90000)", R"("clock_offset_ms":-99999999999999)",
             "clock_offset_ms"},
        Case{R"("clock_offset_ms":-90000)", R"("clock_offset_ms":99999999999999999999999)",
             "clock_offset_ms"},
        Case{R"("register_intervals_ms":[10000)", R"("register_intervals_ms":[1.5)",
             "register_intervals_ms"},
        Case{R"("register_intervals_ms":[)", R"("register_intervals_ms":1,"x":[)",
             "register_intervals_ms"},
        Case{R"("instantaneous_intervals_ms":[)", R"("instantaneous_intervals_ms":[null,)",
             "instantaneous_intervals_ms"},
        Case{R"("unlinked_since":"2026)", R"("unlinked_since":"26)", "unlinked_since"},
        Case{R"("replaced":true)", R"("replaced":"true")", "replaced"},
        Case{R"("id":"d-1")", R"("id":1)", "id"},
        Case{R"("seen":"2026)", R"("seen":"2026-)", "seen"},
        Case{R"("leftovers":[)", R"("leftovers":[1,)", "leftovers"},
        Case{R"("00abcdef01234567 )", R"("00abcdef0123456g )", "fingerprints"},
        Case{R"("00abcdef01234567 )", R"("00abcdef01234567)", "fingerprints"},
        Case{R"("00abcdef01234567 )", R"("00abcdef01234567x)", "fingerprints"},
        Case{R"("00abcdef01234567 )", R"("00abcdef01234567 -)", "fingerprints"},
        Case{R"("00abcdef01234567 )", R"("00abcdef01234567 9999)", "fingerprints"},
        Case{R"("fingerprints":[)", R"("fingerprints":["00abcdef01234567 12x",)", "fingerprints"},
        Case{R"("fingerprints":[)", R"("fingerprints":[5,)", "fingerprints"},
        Case{R"("fingerprints":[)", R"("fingerprints":["",)", "fingerprints"},
    };
    const auto good = bridge::memory_json(full_memory());
    for (const auto& each : kCases) {
      CAPTURE(each.to);
      const auto parsed = bridge::parse_memory(replaced(good, each.from, each.to));
      REQUIRE_FALSE(parsed.ok());
      CHECK(parsed.error().kind == base::ErrorKind::kProtocol);
      CHECK_MESSAGE(parsed.error().what.starts_with(std::string(each.place) + ":"),
                    parsed.error().what);
    }
  }

  TEST_CASE("a state file that is cut or damaged anywhere is refused or read, and breaks nothing") {
    const auto good = bridge::memory_json(full_memory());
    for (std::size_t length = 0; length < good.size(); ++length) {
      CAPTURE(length);
      CHECK_FALSE(bridge::parse_memory(std::string_view(good).substr(0, length)).ok());
    }
    CHECK_FALSE(bridge::parse_memory("[]").ok());
    CHECK_FALSE(bridge::parse_memory("null").ok());
    CHECK_FALSE(bridge::parse_memory(std::string(100'000, '[')).ok());
    test::Random random;
    CAPTURE(random.seed());
    for (int i = 0; i < 2000; ++i) {
      auto damaged = good;
      for (int n = random.number(1, 4); n > 0; --n) {
        damaged[static_cast<std::size_t>(random.number(0, static_cast<int>(good.size()) - 1))] =
            static_cast<char>(random.byte());
      }
      const auto parsed = bridge::parse_memory(damaged);
      if (!parsed) CHECK_FALSE(parsed.error().what.empty());
      // What is read can be written and read again.
      if (parsed) CHECK(bridge::parse_memory(bridge::memory_json(*parsed)).ok());
    }
  }
}
