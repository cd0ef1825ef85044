// How large a message the broker takes: what its CONNACK says (MQTT 5 section 3.2.2.3.6), or what
// was learnt from connections that ended each time at the same large message. Without it such a
// message would be sent, and end the connection, for ever. Owned by the link; no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "mqtt/message.hpp"

namespace iometer::mqtt {

class PacketLimit {
 public:
  // A reason code of MQTT 5 (section 2.4).
  static constexpr int kTooLarge = 0x95;

  void connected(std::optional<std::uint32_t> told);
  [[nodiscard]] bool takes(const Message& message, base::SteadyTime now) const;

  // That message was handed to the client; `token` is that of its PUBACK, if it wants one.
  void sent(const Message& message, std::optional<std::uint64_t> token);
  void acknowledged(std::uint64_t token);
  void connection_lost(base::SteadyTime now);

 private:
  struct Large {
    std::string topic;
    std::size_t size = 0;
    std::uint64_t token = 0;
  };
  std::optional<std::size_t> told_;
  std::optional<std::size_t> learnt_;
  base::SteadyTime learnt_until_;   // it may have been chance
  std::deque<Large> on_their_way_;  // the first of them may be what the broker does not take
  std::string broke_at_;            // topic
  unsigned breaks_ = 0;             // in a row
};

}  // namespace iometer::mqtt
