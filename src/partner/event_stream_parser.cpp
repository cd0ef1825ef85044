#include "partner/event_stream_parser.hpp"

#include <algorithm>
#include <utility>

namespace iometer::partner {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

void EventStreamParser::add(std::string_view bytes) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    add_to_line(bytes.substr(0, end));
    if (end == bytes.npos) return;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line();
  }
}

void EventStreamParser::add_to_line(std::string_view text) {
  if (line_too_large_ || text.size() > kMaxBytes - line_.size()) {
    line_too_large_ = true;
    line_.clear();
    return;
  }
  line_ += text;
}

void EventStreamParser::end_line() {
  std::string_view line = line_;
  if (std::exchange(at_start_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (std::exchange(line_too_large_, false)) {
    too_large_ = true;
  } else if (line.empty()) {
    dispatch();
  } else if (line.front() == ':') {
    hooks_.comment();
  } else {
    const auto colon = line.find(':');
    auto value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    field(line.substr(0, colon), value);
  }
  line_.clear();
}

// `id` and `retry` have no use here: a stream is resumed by the time of its readings.
void EventStreamParser::field(std::string_view name, std::string_view value) {
  if (name == "event") {
    event_.name = value;
  } else if (name == "data") {
    if (value.size() >= kMaxBytes - std::min(kMaxBytes, event_.data.size())) {
      too_large_ = true;
      event_.data.clear();
      return;
    }
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
  }
}

void EventStreamParser::dispatch() {
  auto event = std::exchange(event_, ServerEvent());
  const bool has_data = std::exchange(has_data_, false);
  if (std::exchange(too_large_, false)) {
    hooks_.too_large();
  } else if (has_data || !event.name.empty()) {
    hooks_.event(std::move(event));
  }
}

}  // namespace iometer::partner
