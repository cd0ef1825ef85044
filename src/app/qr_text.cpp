#include "app/qr_text.hpp"

#include <qrcodegen.hpp>
#include <stdexcept>

namespace iometer::app {
namespace {

constexpr int kQuietZone = 4;  // modules of nothing around it (ISO 18004)
constexpr std::string_view kBlackOnWhite = "\x1b[38;5;16;48;5;231m";
constexpr std::string_view kReset = "\x1b[0m";

// Of two modules above each other, which are drawn.
std::string_view block(bool upper, bool lower) {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}

}  // namespace

std::optional<std::string> qr_text(std::string_view text, QrColours colours) {
  try {
    const auto code =
        qrcodegen::QrCode::encodeText(std::string(text).c_str(), qrcodegen::QrCode::Ecc::LOW);
    // What is outside the code counts as light.
    const bool dark_is_drawn = colours == QrColours::kBlackOnWhite;
    const auto drawn = [&](int x, int y) { return code.getModule(x, y) == dark_is_drawn; };
    const int end = code.getSize() + kQuietZone;
    std::string result;
    for (int y = -kQuietZone; y < end; y += 2) {
      if (dark_is_drawn) result += kBlackOnWhite;
      for (int x = -kQuietZone; x < end; ++x) result += block(drawn(x, y), drawn(x, y + 1));
      if (dark_is_drawn) result += kReset;
      result += '\n';
    }
    return result;
  } catch (const std::exception&) {  // longer than the largest code holds
    return std::nullopt;
  }
}

}  // namespace iometer::app
