// A text as a QR code of half-block characters for a terminal. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iometer::app {

enum class QrColours {
  kTerminal,      // light modules are drawn: right on a dark background
  kBlackOnWhite,  // by escape sequences, right on any
};

// Nothing where the text is too long for one.
std::optional<std::string> qr_text(std::string_view text, QrColours colours);

}  // namespace iometer::app
