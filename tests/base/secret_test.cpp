#include "base/secret.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <new>
#include <ostream>
#include <type_traits>

#include "base/result.hpp"

using iometer::base::Secret;

namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

// Whether the bytes of an object hold that text once its life is over.
bool leaves_behind(const unsigned char* storage, std::string_view text) {
  return std::string_view(reinterpret_cast<const char*>(storage), sizeof(Secret)).find(text) !=
         std::string_view::npos;
}

}  // namespace

TEST_SUITE("base") {
  TEST_CASE("a secret cannot be printed by accident") {
    CHECK_FALSE(Streamable<Secret>);
    CHECK_FALSE(fmt::is_formattable<Secret>::value);
    CHECK_FALSE(std::is_convertible_v<Secret, std::string>);
    CHECK_FALSE(std::is_convertible_v<Secret, std::string_view>);
    CHECK_FALSE(std::is_convertible_v<std::string, Secret>);
    CHECK(Secret("x").reveal() == "x");
    CHECK(Secret().empty());
  }

  TEST_CASE("a secret is wiped when it goes, also where it was moved from") {
    // Short enough to stand inside the string object itself.
    alignas(Secret) unsigned char storage[sizeof(Secret)];
    auto* secret = new (storage) Secret("hunter2hunter");
    REQUIRE(leaves_behind(storage, "unter2"));
    secret->~Secret();
    CHECK_FALSE(leaves_behind(storage, "unter2"));

    secret = new (storage) Secret("hunter2hunter");
    const Secret taken = std::move(*secret);
    secret->~Secret();
    CHECK(taken.reveal() == "hunter2hunter");
    CHECK_FALSE(leaves_behind(storage, "unter2"));
  }

  TEST_CASE("a result is a value or an error") {
    using namespace iometer::base;
    const Result<int> good = 7;
    CHECK(good.ok());
    CHECK(*good == 7);
    const Result<int> bad = auth_error("no");
    CHECK_FALSE(bad);
    CHECK(bad.error() == Error{ErrorKind::kAuth, "no"});
    CHECK(success().ok());
    CHECK(config_error("").kind == ErrorKind::kConfig);
    CHECK(transient_error("").kind == ErrorKind::kTransient);
    CHECK(protocol_error("").kind == ErrorKind::kProtocol);
    Result<std::string> moved = std::string("text");
    CHECK(moved->size() == 4);
    CHECK(*std::move(moved) == "text");
  }
}
