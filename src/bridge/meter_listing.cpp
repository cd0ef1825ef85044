#include "bridge/meter_listing.hpp"

#include <algorithm>
#include <utility>

#include "bridge/words.hpp"

namespace iometer::bridge {
namespace {

// Complete lists in a row that have to lack a meter.
constexpr unsigned kUnlisted = 3;

// What the status of a meter's only reader says about missing values; "" = nothing.
std::string_view reader_problem(const model::Device& device) {
  if (device.bridge.connection_status.value() == model::ConnectionStatus::kDisconnected)
    return reasons::kBridgeDisconnected;
  if (device.core.connection_status.value() == model::ConnectionStatus::kDisconnected)
    return reasons::kCoreDisconnected;
  if (device.core.attachment_status.value() == model::CoreAttachmentStatus::kDetached)
    return reasons::kCoreDetached;
  if (device.core.pin_status.value() == model::PinStatus::kMissing) return reasons::kPinMissing;
  return "";
}

}  // namespace

bool note_listing(Meter& meter, const model::Installation& installation, base::SteadyTime now) {
  // The API does not say which device reads which meter: only where there is one of each is it
  // certain.
  const bool certain = installation.meters.size() == 1 && installation.devices.size() == 1;
  meter.status.reader(certain ? reader_problem(installation.devices.front()) : std::string_view(),
                      now);
  const bool is_listed =
      std::any_of(installation.meters.begin(), installation.meters.end(),
                  [&](const model::Meter& one) { return one.id == meter.meter.id; });
  meter.unlisted = is_listed ? 0 : meter.unlisted + 1;
  const auto& current = installation.current_meter_id;
  const bool replaced =
      meter.unlisted >= kUnlisted || (is_listed && current && *current != meter.meter.id);
  return !std::exchange(meter.status.replaced, replaced) && replaced;
}

}  // namespace iometer::bridge
