// What a start makes of the state that it finds on the disk.
#include "app/bridge_state.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "app/test_files.hpp"

using namespace iometer;
namespace fs = std::filesystem;

TEST_SUITE("io") {
  TEST_CASE("bridge state: what nobody understands is set aside, and a new one is begun") {
    const test::TestFiles files;
    files.write("state.json", "{");
    const auto state = app::open_state(files.directory());
    REQUIRE(state.ok());
    CHECK(state->file);
    CHECK_FALSE(state->memory);
    CHECK(state->error.empty());
    CHECK(fs::exists(files.directory() + "/state.json.corrupt"));
  }

  TEST_CASE("bridge state: what cannot be read now is left alone, for it may be good") {
    const test::TestFiles files;
    const auto name = files.directory() + "/state.json";
    fs::create_symlink(name, name);
    const auto state = app::open_state(files.directory());
    REQUIRE(state.ok());
    CHECK_FALSE(state->file);  // nothing comes in its place
    CHECK_FALSE(state->memory);
    CHECK(state->error.find(name) != std::string::npos);
    CHECK(fs::is_symlink(name));
    CHECK_FALSE(fs::exists(name + ".corrupt"));
  }
}
