#include "bridge/naming.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace iometer::bridge {

bool Naming::means(std::string_view key, const model::Meter& meter) {
  const auto wanted = base::to_lower(base::trim(key));
  return !wanted.empty() && (wanted == base::to_lower(base::trim(meter.number)) ||
                             wanted == base::to_lower(base::trim(meter.id)));
}

std::string_view Naming::configured_name(const model::Meter& meter) const {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const auto& entry) { return means(entry.first, meter); });
  return found == names.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view Naming::name(const model::Meter& meter) const {
  const auto configured = configured_name(meter);
  return configured.empty() ? std::string_view(meter.number) : configured;
}

std::string Naming::display_name(const model::Meter& meter, std::string_view slug) const {
  const auto shown = base::trim(name(meter));
  return shown.empty() ? std::string(slug) : base::printable(shown, 64);
}

}  // namespace iometer::bridge
