// Which topics a subscription's filter stands for (MQTT 3.1.1 section 4.7).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace iometer::mqtt {

// `+` for one level, `#` for the rest and its parent; neither for a first level that begins with
// `$`.
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);

[[nodiscard]] bool matches_any(const std::vector<std::string>& filters, std::string_view topic);

}  // namespace iometer::mqtt
