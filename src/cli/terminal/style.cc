#include "cli/terminal/style.h"

namespace muster::cli {

std::string Style::paint(std::string_view text, Tone tone) const {
  if (!colour_ || tone == Tone::plain || text.empty()) return std::string(text);
  const char* code = "";
  switch (tone) {
    case Tone::plain: break;
    case Tone::strong: code = "1"; break;
    case Tone::faint: code = "2"; break;
    case Tone::good: code = "32"; break;
    case Tone::bad: code = "31"; break;
    case Tone::warning: code = "33"; break;
    case Tone::active: code = "36"; break;
  }
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

Tone tone_of_status(std::string_view status) {
  if (status == "Completed") return Tone::good;
  if (status == "Failed") return Tone::bad;
  if (status == "Canceled" || status == "CancelRequested" || status == "NotResponding") return Tone::warning;
  if (status == "Running" || status == "Finalizing") return Tone::active;
  return Tone::plain;
}

}  // namespace muster::cli
