#include "io/subscriber_probe.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace iometer::io {
namespace {

constexpr char kConnect = 0x10;
constexpr char kConnack = 0x20;
constexpr char kPublishQos1 = 0x32;
constexpr char kPuback = 0x40;
constexpr std::string_view kDisconnect("\xe0\x00", 2);
constexpr std::size_t kLargest = 64U << 10U;

// Two bytes of length, and the text (section 1.5.4).
void append(std::string& body, std::string_view text) {
  body += static_cast<char>(text.size() >> 8U);
  body += static_cast<char>(text.size());
  body += text;
}

std::string packet(char kind, std::string_view body) {
  std::string bytes(1, kind);
  auto length = body.size();
  do {
    const auto low = length % 128;
    length /= 128;
    bytes += static_cast<char>(low | (length > 0 ? 0x80U : 0U));
  } while (length > 0);
  return bytes.append(body);
}

std::string connect_packet(const mqtt::BrokerAccess& login, const std::string& client_id) {
  const bool has_user = !login.username.empty();
  const bool has_password = !login.password.empty();
  std::string body;
  append(body, "MQTT");
  body += '\x05';
  body += static_cast<char>(0x02U | (has_user ? 0x80U : 0U) | (has_password ? 0x40U : 0U));
  body.append("\0\x3c\0", 3);  // keep-alive, no properties
  append(body, client_id);
  if (has_user) append(body, login.username);
  if (has_password) append(body, login.password.reveal());
  return packet(kConnect, body);
}

std::string publish_packet(const std::string& topic) {
  std::string body;
  append(body, topic);
  body.append("\0\x01\0", 3);  // packet identifier, no properties
  return packet(kPublishQos1, body);
}

// The body of the next packet, which has to be of that kind.
base::Result<std::string> receive_packet(EndpointProbe& connected, char kind) {
  const auto first = connected.receive(1);
  if (!first) return first.error();
  std::size_t length = 0;
  for (unsigned shift = 0; shift <= 21; shift += 7) {
    const auto byte = connected.receive(1);
    if (!byte) return byte.error();
    const auto digit = static_cast<std::uint8_t>(byte->front());
    length |= static_cast<std::size_t>(digit & 0x7fU) << shift;
    if (digit < 0x80) break;
  }
  const bool is_it = (first->front() & '\xf0') == kind;
  if (!is_it || length < 2 || length > kLargest)
    return base::protocol_error("the broker answered with something else");
  return connected.receive(length);
}

}  // namespace

base::Result<int> ask_for_subscriber(EndpointProbe& connected, const mqtt::BrokerAccess& login,
                                     const std::string& client_id, const std::string& topic) {
  if (auto sent = connected.send(connect_packet(login, client_id)); !sent) return sent.error();
  const auto accepted = receive_packet(connected, kConnack);
  if (!accepted) return accepted.error();
  if (const auto reason = static_cast<std::uint8_t>((*accepted)[1]); reason != 0) {
    return base::protocol_error(
        fmt::format("it did not accept a connection by MQTT 5 (code {:#x})", reason));
  }
  if (auto sent = connected.send(publish_packet(topic)); !sent) return sent.error();
  const auto answer = receive_packet(connected, kPuback);
  if (!answer) return answer.error();
  static_cast<void>(connected.send(kDisconnect));
  return answer->size() > 2 ? static_cast<std::uint8_t>((*answer)[2]) : 0;
}

}  // namespace iometer::io
