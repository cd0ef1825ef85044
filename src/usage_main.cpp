// Writes what is made of the program's own command line, for packages: a manual page, completions.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "app/commands.hpp"
#include "app/completion.hpp"
#include "app/manual.hpp"

int main(int argc, char** argv) {
  using namespace iometer::app;
  const std::string what = argc > 1 ? argv[1] : "";
  const auto usage = program_usage();
  if (what == "man" && argc == 3) {
    fmt::print("{}", manual_page(usage, argv[2]));
  } else if (what == "bash") {
    fmt::print("{}", bash_completion(usage));
  } else if (what == "zsh") {
    fmt::print("{}", zsh_completion(usage));
  } else if (what == "fish") {
    fmt::print("{}", fish_completion(usage));
  } else {
    fmt::print(stderr, "usage: iometer_usage man DATE | bash | zsh | fish\n");
    return 2;
  }
  return 0;
}
