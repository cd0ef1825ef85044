#include "app/completion.hpp"

#include <fmt/format.h>

#include <string_view>

namespace iometer::app {
namespace {

// Inside '…' of a shell.
std::string in_quotes(std::string_view text) {
  std::string quoted;
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted;
}

bool is_long(std::string_view name) { return name.starts_with("--"); }

// "-c --config", where `pick` takes the option.
template <class Pick>
std::string option_names(const CommandUsage& command, Pick pick, std::string_view separator) {
  std::string names;
  for (const auto& option : command.options) {
    if (option.is_positional || !pick(option)) continue;
    for (const auto& name : option.names)
      names += fmt::format("{}{}", names.empty() ? "" : separator, name);
  }
  return names;
}

std::string all_options(const CommandUsage& command) {
  return option_names(
      command, [](const OptionUsage&) { return true; }, " ");
}

std::string command_names(const ProgramUsage& usage, std::string_view separator) {
  std::string names;
  for (const auto& command : usage.commands)
    names += fmt::format("{}{}", names.empty() ? "" : separator, command.name);
  return names;
}

std::string bash_case(const CommandUsage& command) {
  const auto with_value = option_names(
      command, [](const OptionUsage& option) { return option.takes_value; }, " | ");
  std::string text = fmt::format("    {})\n", command.name);
  if (!with_value.empty()) text += fmt::format("      case $3 in {}) return ;; esac\n", with_value);
  return text + fmt::format("      words='{}'\n      ;;\n", all_options(command));
}

// Where a text may be followed by another part of the same argument.
std::string zsh_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return in_quotes(escaped);
}

std::string zsh_argument(const OptionUsage& option) {
  const auto value = option.takes_value ? ":value:_files" : "";
  if (option.is_positional)
    return fmt::format("'{}:{}:_files'", option.is_required ? "" : ":",
                       zsh_text(option.names.front()));
  if (option.names.size() == 1)
    return fmt::format("'{}[{}]{}'", option.names.front(), zsh_text(option.help), value);
  std::string names;
  for (const auto& name : option.names) names += (names.empty() ? "" : ",") + name;
  std::string apart = names;
  for (auto& c : apart)
    if (c == ',') c = ' ';
  return fmt::format("'({})'{{{}}}'[{}]{}'", apart, names, zsh_text(option.help), value);
}

std::string zsh_arguments(const CommandUsage& command) {
  std::string text;
  for (const auto& option : command.options)
    text += fmt::format(" \\\n        {}", zsh_argument(option));
  return text;
}

std::string fish_option(const std::string& condition, const OptionUsage& option) {
  std::string line = fmt::format("complete -c iometer2mqtt -n '{}'", condition);
  for (const auto& name : option.names)
    line += is_long(name) ? fmt::format(" -l {}", name.substr(2))
                          : fmt::format(" -s {}", name.substr(1));
  return line +
         fmt::format("{} -d '{}'\n", option.takes_value ? " -r -F" : "", in_quotes(option.help));
}

std::string fish_options(const std::string& condition, const CommandUsage& command) {
  std::string text;
  for (const auto& option : command.options) {
    if (!option.is_positional) {
      text += fish_option(condition, option);
    } else {
      text += fmt::format("complete -c iometer2mqtt -n '{}' -F\n", condition);
    }
  }
  return text;
}

}  // namespace

std::string bash_completion(const ProgramUsage& usage) {
  std::string cases;
  for (const auto& command : usage.commands) cases += bash_case(command);
  return fmt::format(R"(# bash completion for iometer2mqtt
_iometer2mqtt() {{
  local command='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      {}) command=${{COMP_WORDS[i]}}; break ;;
    esac
  done
  case $command in
    '') words='{} {}' ;;
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
}}
complete -o default -F _iometer2mqtt iometer2mqtt
)",
                     command_names(usage, " | "), command_names(usage, " "),
                     all_options(usage.program), cases);
}

std::string zsh_completion(const ProgramUsage& usage) {
  std::string commands;
  std::string cases;
  for (const auto& command : usage.commands) {
    commands += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.help));
    cases += fmt::format("    {})\n      _arguments{}\n      ;;\n", command.name,
                         zsh_arguments(command));
  }
  return fmt::format(R"(#compdef iometer2mqtt
local -a commands=(
{})
local curcontext=$curcontext state line
_arguments -C{} \
        '1:command:->command' '*::argument:->argument'
case $state in
  command) _describe command commands ;;
  argument)
    case $line[1] in
{}    esac
    ;;
esac
)",
                     commands, zsh_arguments(usage.program), cases);
}

std::string fish_completion(const ProgramUsage& usage) {
  std::string text = "complete -c iometer2mqtt -f\n";
  text += fish_options("__fish_use_subcommand", usage.program);
  for (const auto& command : usage.commands)
    text += fmt::format("complete -c iometer2mqtt -n '__fish_use_subcommand' -a {} -d '{}'\n",
                        command.name, in_quotes(command.help));
  for (const auto& command : usage.commands)
    text += fish_options("__fish_seen_subcommand_from " + command.name, command);
  return text;
}

}  // namespace iometer::app
