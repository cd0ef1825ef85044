// The configuration file: any text is a configuration or is refused with a reason, and the copy for
// the broker is JSON without secrets.
#include "app/config.hpp"
#include "app/option_sources.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "fuzz/check.hpp"

using namespace iometer;
using namespace std::chrono_literals;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  app::OptionValues values;
  const auto read = app::read_config_text(std::string(fuzz::text_of(data, size)), "c", values);
  check(read.ok() || read.error().kind == base::ErrorKind::kConfig, "a text is refused as such");
  app::OptionValues addon;
  const auto form = app::read_addon_text(std::string(fuzz::text_of(data, size)), addon);
  check(form.ok() || form.error().kind == base::ErrorKind::kConfig, "add-on options, too");
  for (const auto& option : app::option_table()) {
    // No path that the input names may be opened.
    if (option.key.ends_with("_file") && !values.get(option.key).empty())
      values.set(option.key, "/nonexistent", "fuzz");
  }
  const auto config = app::make_config(values);
  if (!config) {
    check(config.error().kind == base::ErrorKind::kConfig && !config.error().what.empty(),
          "a configuration is refused with a reason");
    return 0;
  }
  const auto redacted = base::Json::parse(app::redacted_json(values));
  check(redacted.ok(), "the redacted configuration is JSON");
  for (const auto* key : {"partner.id", "partner.secret", "mqtt.username", "mqtt.password"}) {
    const auto* shown = (*redacted)[key].string();
    check(shown == nullptr || *shown == "***", "no secret is shown");
  }
  check(!config->mqtt.client_id.empty() && config->partner.poll_interval >= 1s &&
            base::is_valid_utf8(config->mqtt.base_topic),
        "what is taken is complete and in range");
  return 0;
}
