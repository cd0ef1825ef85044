#include "app/check_endpoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

#include "app/clock.hpp"
#include "base/text.hpp"
#include "io/endpoint_probe.hpp"

namespace iometer::app {
namespace {

constexpr auto kProbePatience = std::chrono::seconds(10);
// Who renews by hand needs some time; who renews by itself does it a month before.
constexpr auto kSoon = std::chrono::days(14);

std::string step(const Endpoint& endpoint, std::string_view word) {
  return fmt::format("{} {}", endpoint.who, word);
}

bool check_certificate(const Endpoint& endpoint, io::EndpointProbe& probe, Diagnosis& diagnosis) {
  const auto peer = probe.verify(endpoint.ca_file);
  if (!peer) {
    const bool is_file = peer.error().kind == base::ErrorKind::kConfig;
    const bool is_trust = peer.error().kind == base::ErrorKind::kAuth;
    diagnosis.bad(
        endpoint.certificate, step(endpoint, "certificate"),
        base::printable(peer.error().what, 300),
        is_file ? fmt::format("name a PEM file in {}", endpoint.ca_key)
        : is_trust
            ? fmt::format("use the name that the certificate has in {}, and name the authority "
                          "that issued it in {} where it is none of the system's",
                          endpoint.key, endpoint.ca_key)
            : fmt::format("check {}: is it the port for TLS?", endpoint.key));
    return false;
  }
  const auto left = std::chrono::floor<std::chrono::days>(peer->not_after - read_clocks().wall);
  const auto text = fmt::format(
      "valid for {} days, until {}, issued by \"{}\"", left.count(),
      base::format_rfc3339(std::chrono::floor<std::chrono::seconds>(peer->not_after)).substr(0, 10),
      base::printable(peer->issuer, 100));
  if (left < kSoon) {
    diagnosis.note(step(endpoint, "certificate"), text, "have it renewed");
  } else {
    diagnosis.good(step(endpoint, "certificate"), text);
  }
  return true;
}

}  // namespace

bool check_endpoint(const Endpoint& endpoint, Diagnosis& diagnosis) {
  const auto& url = endpoint.url;
  io::EndpointProbe probe(url.host, url.port, kProbePatience);
  const auto addresses = probe.resolve();
  if (!addresses) {
    diagnosis.bad(endpoint.name, step(endpoint, "name"),
                  fmt::format("{}: {}", url.host, addresses.error().what),
                  fmt::format("check {}, and this machine's DNS and network", endpoint.key));
    return false;
  }
  diagnosis.good(step(endpoint, "name"),
                 fmt::format("{} is {}", url.host, fmt::join(*addresses, ", ")));
  const auto connected = probe.connect();
  if (!connected) {
    diagnosis.bad(endpoint.connection, step(endpoint, "connection"),
                  fmt::format("port {}: {}", url.port, connected.error().what),
                  fmt::format("check {}, whether the server runs, and what may be between "
                              "(firewall, another network)",
                              endpoint.key));
    return false;
  }
  diagnosis.good(step(endpoint, "connection"),
                 fmt::format("port {} of {} answers", url.port, *connected));
  return !endpoint.tls || check_certificate(endpoint, probe, diagnosis);
}

}  // namespace iometer::app
