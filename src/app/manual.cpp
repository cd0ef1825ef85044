#include "app/manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "app/options.hpp"

namespace iometer::app {
namespace {

// Text for troff: a backslash and a hyphen that may be typed are commands otherwise, and so is a
// line that begins with a point or an apostrophe.
std::string plain(std::string_view text) {
  std::string escaped;
  if (text.starts_with('.') || text.starts_with('\'')) escaped = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string bold(std::string_view text) { return "\\fB" + plain(text) + "\\fR"; }

std::string sentence(std::string_view text) {
  std::string sentence = plain(text);
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z')
    sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return sentence + ".";
}

bool is_setting(const OptionUsage& option) {
  const auto table = option_table();
  return std::any_of(table.begin(), table.end(), [&](const OptionSpec& spec) {
    return option.names.front() == flag_name(spec.key);
  });
}

std::string option_entry(const OptionUsage& option) {
  std::string names;
  for (const auto& name : option.names) names += (names.empty() ? "" : ", ") + bold(name);
  if (option.takes_value && !option.is_positional) names += " \\fIvalue\\fR";
  auto help = sentence(option.help);
  if (!option.default_value.empty())
    help += fmt::format(" Default: {}.", plain(option.default_value));
  return fmt::format(".TP\n{}\n{}\n", names, help);
}

// Options that many commands have are described once, below CONFIGURATION.
std::string command_section(const CommandUsage& command) {
  std::string own;
  std::size_t settings = 0;
  std::string arguments;
  for (const auto& option : command.options) {
    if (option.is_positional) arguments += fmt::format(" \\fI{}\\fR", plain(option.names.front()));
    if (is_setting(option)) {
      ++settings;
    } else if (option.names.back() != "--help") {  // as below OPTIONS
      own += option_entry(option);
    }
  }
  std::string text =
      fmt::format(".SS {}{}\n{}\n{}", bold(command.name), arguments, sentence(command.help), own);
  if (settings == 0) return text;
  const auto table = option_table();
  const auto flags = std::count_if(table.begin(), table.end(),
                                   [](const OptionSpec& option) { return !option.secret; });
  return text + fmt::format(".PP\nAnd the flags of CONFIGURATION{}.\n",
                            settings < static_cast<std::size_t>(flags)
                                ? " that begin with " + bold("--partner")
                                : "");
}

std::string configuration_entry(const OptionSpec& option) {
  std::string names = bold(option.key);
  if (!option.secret) names += ", " + bold(flag_name(option.key));
  auto text = fmt::format(".TP\n{}\n{}", names, sentence(option.help));
  if (!option.default_value.empty())
    text += fmt::format(" Default: {}.", plain(option.default_value));
  return text + fmt::format("\nEnvironment: {}.\n", bold(environment_name(option.key)));
}

constexpr std::string_view kConfiguration = R"(.SH CONFIGURATION
Options come from systemd's credentials, the configuration file (YAML), the options of a Home Assistant add\-on,
the environment and flags; later ones win. A key such as \fBmqtt.url\fR is a section and a key in the file.
Secrets are no flags, since other users can see those.
)";

constexpr std::string_view kEnd = R"(.SH EXIT STATUS
.TP
0
It ended as asked.
.TP
1
It failed.
.TP
2
Wrong configuration or arguments. The message names the key, its place and the remedy.
.PP
\fBcheck\fR alone, of what it found first:
.TP
10, 11, 12
The API's name, the connection to it, its certificate.
.TP
13
This machine's clock, where the sign\-in goes by it.
.TP
14
The API's credentials.
.TP
15
The API answers, but not as it should, or there is no way to subscribe.
.TP
16
Nothing is linked, or nothing of what \fBpartner.installations\fR names.
.TP
17
A device: its bridge is offline, the core is out of reach or not on the meter, the PIN is missing.
.TP
20, 21, 22
The broker's name, the connection to it, its certificate.
.TP
23, 24, 25
The login at the broker, the right to publish and read there, its retained messages.
.TP
26
Nobody listens for announcements.
.SH ENVIRONMENT
.TP
\fBCREDENTIALS_DIRECTORY\fR
Where systemd puts the credentials \fBpartner\-secret\fR and \fBmqtt\-password\fR.
.TP
\fBSTATE_DIRECTORY\fR
Where systemd wants the state.
.TP
\fBNOTIFY_SOCKET\fR, \fBWATCHDOG_USEC\fR
How systemd wants to be told that the bridge is ready, and that it works.
.SH FILES
.TP
\fI/etc/iometer2mqtt/iometer2mqtt.yaml\fR
Configuration of \fBiometer2mqtt.service\fR, with its secrets in \fIpartner\-secret\fR and \fImqtt\-password\fR beside it.
.TP
\fI/etc/iometer2mqtt/NAME.yaml\fR
Configuration of \fBiometer2mqtt@NAME.service\fR, a further bridge, with its secrets in \fINAME.partner\-secret\fR and
\fINAME.mqtt\-password\fR.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1),
.BR mosquitto (8)
)";

}  // namespace

std::string manual_page(const ProgramUsage& usage, const std::string& date) {
  std::string text = fmt::format(
      ".TH IOMETER2MQTT 1 \"{}\" \"iometer2mqtt {}\" \"User Commands\"\n", date, IOMETER_VERSION);
  text += fmt::format(".SH NAME\niometer2mqtt \\- {}\n", plain(usage.program.help));
  text += ".SH SYNOPSIS\n.B iometer2mqtt\n\\fIcommand\\fR [\\fIoption\\fR ...]\n";
  text += ".SH OPTIONS\n";
  for (const auto& option : usage.program.options) text += option_entry(option);
  text += ".PP\nEach command has the first one, too.\n.SH COMMANDS\n";
  for (const auto& command : usage.commands) text += command_section(command);
  text += kConfiguration;
  for (const auto& option : option_table()) text += configuration_entry(option);
  return text += kEnd;
}

}  // namespace iometer::app
