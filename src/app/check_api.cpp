#include "app/check_api.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/api_report.hpp"
#include "app/check_endpoint.hpp"
#include "app/one_shot_client.hpp"
#include "app/subscription_trial.hpp"
#include "base/text.hpp"
#include "partner/api_shape.hpp"

namespace iometer::app {
namespace {

using model::ConnectionStatus;
using model::CoreAttachmentStatus;
using model::PinStatus;
using std::chrono::seconds;

// Time for each transport, and for an attempt after a first failure.
constexpr auto kSubscriptionTime = seconds(15);
constexpr auto kClockTolerance = seconds(60);
constexpr int kLowBattery = 15;  // percent

void check_clock(const Config::PartnerApi& config, std::optional<base::Duration> offset,
                 Diagnosis& diagnosis) {
  if (!offset) return diagnosis.note("clock", "the server does not tell its time");
  const auto difference = std::chrono::round<seconds>(*offset);
  if (std::chrono::abs(difference) < kClockTolerance)
    return diagnosis.good("clock", fmt::format("right to {} s", std::abs(difference.count())));
  const auto what = fmt::format("{} s {} the server's", std::abs(difference.count()),
                                difference > seconds(0) ? "behind" : "ahead of");
  const std::string next = "set this machine's clock (NTP)";
  if (config.credentials.method == partner::AuthMethod::kWsse) {
    diagnosis.bad(Trouble::kClock, "clock", what, next + ", or use partner.auth: basic");
  } else {
    diagnosis.note("clock", what + "; the bridge goes by the server's", next);
  }
}

void refused(const base::Error& error, Diagnosis& diagnosis) {
  if (error.kind == base::ErrorKind::kAuth) {
    return diagnosis.bad(Trouble::kCredentials, "credentials", error.what,
                         "take both from IOmeter's partner portal again; the secret must have no "
                         "blank or line break in it");
  }
  diagnosis.bad(Trouble::kApiAnswer, "API answer", error.what,
                "check partner.url; if it is right, the server has trouble: try again later");
}

void check_schema(OneShotClient& client, bool offers, Diagnosis& diagnosis) {
  auto& schema = client.schema();
  if (offers && !schema.found) {
    if (const auto probed = client.api().probe_disable_installation(schema); !probed)
      diagnosis.note("schema", "disableInstallation: " + probed.error().what);
  }
  if (is_api_broken(schema)) {
    diagnosis.bad(Trouble::kApiAnswer, "schema", "the API lacks something that the bridge asks for",
                  "look for a newer version of iometer2mqtt; check --api shows what it is");
  } else {
    diagnosis.good("schema", schema.found ? "as the server tells it"
                                          : "the server does not tell it: as documented");
  }
  if (offers) {
    fmt::print("{}", api_report(schema));
    std::fflush(stdout);
  }
}

void check_subscription(const Config::PartnerApi& config, const partner::ApiSchema& schema,
                        Diagnosis& diagnosis) {
  const auto transport =
      try_subscription(config, partner::hexadecimal_format_of(schema), kSubscriptionTime);
  if (transport) return diagnosis.good("subscription", *transport);
  diagnosis.bad(
      Trouble::kApiAnswer, "subscription", transport.error().what,
      "set partner.transport: auto; where a proxy is between, it has to let WebSockets or "
      "event streams through");
}

struct DeviceTrouble {
  std::string_view what;
  std::string_view next;
};

// The first thing that keeps values from coming; the bridge part first, as without it the rest is
// old.
std::optional<DeviceTrouble> trouble_of(const model::Device& device) {
  const auto& core = device.core;
  if (device.bridge.connection_status.value() == ConnectionStatus::kDisconnected)
    return DeviceTrouble{"its Wi-Fi bridge has no connection",
                         "see whether it has power and the Wi-Fi it was set up with"};
  if (core.connection_status.value() == ConnectionStatus::kDisconnected)
    return DeviceTrouble{"the core on the meter is out of its Wi-Fi bridge's reach",
                         "bring the two closer together, and see whether the core has power"};
  if (core.attachment_status.value() == CoreAttachmentStatus::kDetached)
    return DeviceTrouble{"the core is not on the meter", "put it onto the meter's optical port"};
  if (core.pin_status.value() == PinStatus::kMissing)
    return DeviceTrouble{"the meter's PIN has not been entered",
                         "enter it in the IOmeter app; the grid operator has it"};
  return std::nullopt;
}

void check_device(const model::Device& device, Diagnosis& diagnosis) {
  const auto step = "device " + base::printable(device.id.substr(0, 8));
  if (const auto trouble = trouble_of(device))
    return diagnosis.bad(Trouble::kDevice, step, std::string(trouble->what),
                         std::string(trouble->next));
  const auto& core = device.core;
  if (core.pin_status.value() == PinStatus::kPending)
    return diagnosis.note(step, "the meter's PIN is being entered", "wait some minutes");
  const bool wired = core.power_status.value() == model::CorePowerStatus::kWired;
  if (!wired && core.battery_level && *core.battery_level < kLowBattery)
    return diagnosis.note(step, fmt::format("battery at {} %", *core.battery_level),
                          "have a new one ready");
  diagnosis.good(step, "connected, on the meter, PIN entered");
}

void check_installation(const model::Installation& installation, Diagnosis& diagnosis) {
  const auto name = "installation " + base::printable(installation.id.substr(0, 8));
  if (installation.meters.empty())
    diagnosis.note(name, "no meter has sent a reading yet", "wait for the first reading");
  if (installation.devices.empty()) diagnosis.note(name, "no device is registered");
  for (const auto& device : installation.devices) {
    if (!installation.current_device_id || *installation.current_device_id == device.id)
      check_device(device, diagnosis);
  }
}

void check_installations(const Config::PartnerApi& config, OneShotClient& client,
                         Diagnosis& diagnosis) {
  const auto answer = client.api().installations();
  if (!answer) return refused(answer.error(), diagnosis);
  std::vector<const model::Installation*> wanted;
  for (const auto& one : answer->installations) {
    if (config.installations.empty() || config.installations.contains(one.id))
      wanted.push_back(&one);
  }
  if (wanted.empty()) {
    const bool none = answer->installations.empty();
    return diagnosis.bad(Trouble::kNothingLinked, "installations",
                         none ? "nothing is linked to this partner"
                              : fmt::format("{} linked, none of them in partner.installations",
                                            answer->installations.size()),
                         none ? "iometer2mqtt link shows the address to open in the IOmeter app"
                              : "iometer2mqtt installations lists their ids");
  }
  diagnosis.good("installations", fmt::format("{} linked", wanted.size()));
  for (const auto* one : wanted) check_installation(*one, diagnosis);
}

}  // namespace

void check_api(const Config::PartnerApi& config, bool offers, Diagnosis& diagnosis) {
  const Endpoint endpoint{"API",
                          "partner.url",
                          config.url,
                          config.url.scheme == "https",
                          config.ca_file,
                          "partner.ca_file",
                          Trouble::kApiName,
                          Trouble::kApiConnection,
                          Trouble::kApiCertificate};
  if (!check_endpoint(endpoint, diagnosis)) return;
  const auto made = OneShotClient::create(config);
  if (!made) return refused(made.error(), diagnosis);
  auto& client = **made;
  const auto begun = client.begin();
  // Without any answer there is nothing to say of its clock.
  if (begun || client.clock_offset()) check_clock(config, client.clock_offset(), diagnosis);
  if (!begun) return refused(begun.error(), diagnosis);
  diagnosis.good("credentials", config.credentials.method == partner::AuthMethod::kWsse
                                    ? "accepted (wsse)"
                                    : "accepted (basic)");
  check_schema(client, offers, diagnosis);
  diagnosis.good("partner", fmt::format("{} ({})", base::printable(client.partner().name, 80),
                                        base::printable(client.partner().id, 60)));
  check_subscription(config, client.schema(), diagnosis);
  check_installations(config, client, diagnosis);
}

}  // namespace iometer::app
