#include "bridge/naming.hpp"

#include "base/text.hpp"

namespace iometer::bridge {

std::string_view Naming::configured_name(const model::Meter& meter) const {
  for (const auto* key : {&meter.number, &meter.id}) {
    const auto found = names.find(std::string(base::trim(*key)));
    if (found != names.end()) return found->second;
  }
  return {};
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
