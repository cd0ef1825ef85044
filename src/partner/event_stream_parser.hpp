// Takes an event stream apart (WHATWG HTML, section 9.2 "Server-sent events"), wherever its bytes
// were cut. Unlike a browser it also gives events without data: the end of a GraphQL stream is one.
// Bounded: what is too large is thrown away while it comes, and said.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace iometer::partner {

struct ServerEvent {
  std::string name;  // of `event`; may be empty
  std::string data;  // the lines of `data`, joined by LF

  bool operator==(const ServerEvent&) const = default;
};

class EventStreamParser {
 public:
  // Of a line, and of an event's data.
  static constexpr std::size_t kMaxBytes = 1U << 20U;

  // What came, in its order. All may be called from inside add(); none may be empty.
  struct Hooks {
    std::function<void(ServerEvent)> event;
    std::function<void()> comment;    // servers send them to keep the connection alive
    std::function<void()> too_large;  // an event was left out
  };

  explicit EventStreamParser(Hooks hooks) : hooks_(std::move(hooks)) {}

  void add(std::string_view bytes);

 private:
  void add_to_line(std::string_view text);
  void end_line();
  void field(std::string_view name, std::string_view value);
  void dispatch();

  Hooks hooks_;
  std::string line_;
  ServerEvent event_;
  bool has_data_ = false;
  bool too_large_ = false;       // the event, of which the rest is still to come
  bool line_too_large_ = false;  // the line
  bool at_start_ = true;         // a byte order mark may come
  bool after_cr_ = false;        // a following LF belongs to it
};

}  // namespace iometer::partner
