// The program's manual page, section 1.
#pragma once

#include <string>

#include "app/usage.hpp"

namespace iometer::app {

// In the language of groff_man(7). `date` is the page's, 2026-03-01.
std::string manual_page(const ProgramUsage& usage, const std::string& date);

}  // namespace iometer::app
