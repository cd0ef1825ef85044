#include "bridge/memory.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "bridge/device_ids.hpp"
#include "homeassistant/diagnostic_catalogue.hpp"
#include "homeassistant/discovery.hpp"
#include "mqtt/topics.hpp"

namespace iometer::bridge {
namespace {

// A leaf that a later version no longer has must stay here, or it is left behind at the broker.
constexpr std::array<std::string_view, 5> kMeterLeaves{"state", "availability", "availability/live",
                                                       "reason", "last_reading"};
constexpr std::array<std::string_view, 2> kDeviceLeaves{"state", "availability"};

}  // namespace

std::vector<std::string> meter_topics(const mqtt::Topics& topics, const RememberedMeter& meter) {
  std::vector<std::string> list;
  list.reserve(kMeterLeaves.size() + meter.values.size());
  for (const auto leaf : kMeterLeaves) list.push_back(topics.meter(meter.slug, leaf));
  for (const auto& value : meter.values) list.push_back(topics.meter_value(meter.slug, value.key));
  return list;
}

std::vector<std::string> device_topics(const mqtt::Topics& topics, std::string_view slug) {
  std::vector<std::string> list;
  list.reserve(kDeviceLeaves.size() + homeassistant::diagnostics().size());
  for (const auto leaf : kDeviceLeaves) list.push_back(topics.device(slug, leaf));
  for (const auto& spec : homeassistant::diagnostics())
    list.push_back(topics.device(slug, spec.key));
  return list;
}

bool is_of_scheme(const mqtt::Topics::Parts& parts) {
  const auto is_leaf = [&](const auto& leaves) {
    return std::find(leaves.begin(), leaves.end(), parts.leaf) != leaves.end();
  };
  // A bridge whose base topic is one level below ours.
  if (parts.slug == "bridge") return false;
  if (parts.of == mqtt::Topics::Parts::Of::kMeter)
    return parts.leaf.starts_with("value/") || is_leaf(kMeterLeaves);
  const auto specs = homeassistant::diagnostics();
  return parts.of == mqtt::Topics::Parts::Of::kDevice &&
         (is_leaf(kDeviceLeaves) || std::any_of(specs.begin(), specs.end(), [&](const auto& spec) {
            return spec.key == parts.leaf;
          }));
}

std::vector<std::string> retained_topics(const Memory& memory) {
  const mqtt::Topics topics(memory.base_topic);
  std::vector<std::string> list;
  const auto add = [&](std::vector<std::string> more) {
    std::move(more.begin(), more.end(), std::back_inserter(list));
  };
  const auto add_config = [&](const std::string& device_id) {
    if (!memory.discovery_prefix.empty())
      list.push_back(homeassistant::config_topic(memory.discovery_prefix, device_id));
  };
  for (const auto leaf : kBridgeLeaves) list.push_back(topics.bridge(leaf));
  add_config(service_device_id(memory.instance));
  for (const auto& meter : memory.meters) {
    add(meter_topics(topics, meter));
    add_config(meter_device_id(meter.meter.id));
  }
  for (const auto& device : memory.devices) {
    add(device_topics(topics, device.slug));
    add_config(device_device_id(device.id));
  }
  return list;
}

}  // namespace iometer::bridge
