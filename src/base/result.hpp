// Errors as values: every call that can fail returns a Result, and the error's kind is the decision
// that the caller takes (retry, retry slowly, drop and count, stop and say which key). Nothing here
// throws or logs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace iometer::base {

// What a caller does about an error.
enum class ErrorKind {
  kTransient,  // try again after a back-off: network, server, broker
  kAuth,       // try again slowly and tell the user: credentials refused
  kProtocol,   // the other side sent something that we cannot use: drop it, count it, go on
  kConfig,     // the user has to change something: names the key, exit code 2
};

// What happened, where (JSON path, topic, host, key) and what to do next, as one sentence for a
// person.
struct Error {
  ErrorKind kind = ErrorKind::kTransient;
  std::string what;

  bool operator==(const Error&) const = default;
};

// Either a value or an Error. Check with `if (result)` before `*result`.
template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` and `return error;` are the point
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// The result of something that gives nothing but can fail.
using Status = Result<std::monostate>;
inline Status success() { return std::monostate{}; }

inline Error transient_error(std::string what) { return {ErrorKind::kTransient, std::move(what)}; }
inline Error auth_error(std::string what) { return {ErrorKind::kAuth, std::move(what)}; }
inline Error protocol_error(std::string what) { return {ErrorKind::kProtocol, std::move(what)}; }
inline Error config_error(std::string what) { return {ErrorKind::kConfig, std::move(what)}; }

}  // namespace iometer::base
