// The files of src/web/assets, compiled into the program: nothing is read from disk when it runs.
// The table is made by embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace iometer::web {

struct Asset {
  std::string_view name;  // of the file
  std::string_view content;
};

std::span<const Asset> assets();

// Empty where there is none of that name.
std::string_view asset(std::string_view name);

}  // namespace iometer::web
