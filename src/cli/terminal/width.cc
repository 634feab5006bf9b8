#include "cli/terminal/width.h"

#include <locale.h>
#include <wchar.h>

#include "base/text.h"

namespace muster::cli {
namespace {

/// The tables of character widths belong to a locale; a UTF-8 one is asked for, whatever the user's is.
locale_t utf8_locale() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

struct Character {
  std::size_t bytes;
  std::size_t width;
};

/// The first character of well-formed UTF-8.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = bytes == 1 ? lead : lead & (0x7F >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) code = (code << 6) | (byte(i) & 0x3F);
  if (code < 0x300) return {bytes, code == 0 ? 0u : 1u};
  if (code == 0xFE0F || code == 0x200D) return {bytes, 0};
  if (utf8_locale() == nullptr) return {bytes, 1};
  const locale_t before = ::uselocale(utf8_locale());
  const int width = ::wcwidth(static_cast<wchar_t>(code));
  ::uselocale(before);
  return {bytes, width < 0 ? 1u : static_cast<std::size_t>(width)};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  const std::string good = to_utf8(text);
  for (std::string_view rest = good; !rest.empty();) {
    const Character character = first_character(rest);
    width += character.width;
    rest.remove_prefix(character.bytes);
  }
  return width;
}

std::string fit(std::string_view text, std::size_t width) {
  std::string good = to_utf8(text);
  if (display_width(good) <= width) return good;
  if (width == 0) return "";
  std::size_t kept = 0;
  std::size_t used = 0;
  while (kept < good.size()) {
    const Character character = first_character(std::string_view(good).substr(kept));
    if (used + character.width > width - 1) break;
    used += character.width;
    kept += character.bytes;
  }
  return good.substr(0, kept) + "…";
}

std::string printable(std::string_view text) {
  std::string good = to_utf8(text);
  std::string result;
  for (std::size_t i = 0; i < good.size(); ++i) {
    const auto byte = static_cast<unsigned char>(good[i]);
    const bool c1 = byte == 0xC2 && i + 1 < good.size() && static_cast<unsigned char>(good[i + 1]) < 0xA0;  // U+0080 to U+009F
    if (byte < 0x20 || byte == 0x7F || c1) {
      result += byte == '\t' ? " " : "\xEF\xBF\xBD";
      if (c1) ++i;
    } else {
      result += good[i];
    }
  }
  return result;
}

}  // namespace muster::cli
