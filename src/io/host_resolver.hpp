// Names into addresses by the system's resolver. It blocks for as long as that takes and nothing
// can interrupt it, so it belongs on a thread that nobody waits for. Inline, for the one library
// that needs it.
#pragma once

#include <netdb.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace iometer::io {

struct Resolved {
  std::vector<std::string> addresses;
  std::string error;
};

inline Resolved resolve_by_system(const std::string& host) {
  Resolved resolved;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &list); code != 0) {
    resolved.error = gai_strerror(code);
    return resolved;
  }
  for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof(text), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      resolved.addresses.emplace_back(text);
    }
  }
  freeaddrinfo(list);
  return resolved;
}

// Whoever watches the connect time cannot know about further addresses: none may use it up alone.
inline std::vector<std::string> in_order_of_trial(std::vector<std::string> addresses,
                                                  std::size_t attempt) {
  std::rotate(addresses.begin(),
              addresses.begin() + static_cast<std::ptrdiff_t>(attempt % addresses.size()),
              addresses.end());
  std::reverse(addresses.begin(), addresses.end());
  return addresses;
}

}  // namespace iometer::io
