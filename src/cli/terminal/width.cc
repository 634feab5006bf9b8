#include "cli/terminal/width.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <array>

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

/// The first character of well-formed UTF-8, and its bytes.
char32_t first_code(std::string_view text, std::size_t& bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = bytes == 1 ? lead : lead & (0x7F >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) code = (code << 6) | (byte(i) & 0x3F);
  return code;
}

Character first_character(std::string_view text) {
  std::size_t bytes = 0;
  const char32_t code = first_code(text, bytes);
  if (code < 0x300) return {bytes, code == 0 ? 0u : 1u};
  if (code == 0xFE0F || code == 0x200D) return {bytes, 0};
  if (utf8_locale() == nullptr) return {bytes, 1};
  const locale_t before = ::uselocale(utf8_locale());
  const int width = ::wcwidth(static_cast<wchar_t>(code));
  ::uselocale(before);
  return {bytes, width < 0 ? 1u : static_cast<std::size_t>(width)};
}

/// Characters that show nothing and change how others are shown: bidirectional marks, embeddings, overrides and isolates, zero-width
/// characters, line separators, annotations, tags. python/muster/_terminal/printable.py has the same list.
bool is_invisible(char32_t code) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr std::array<Range, 14> kRanges{{{0xAD, 0xAD},
                                           {0x34F, 0x34F},
                                           {0x61C, 0x61C},
                                           {0x115F, 0x1160},
                                           {0x17B4, 0x17B5},
                                           {0x180E, 0x180E},
                                           {0x200B, 0x200F},
                                           {0x2028, 0x202E},
                                           {0x2060, 0x206F},
                                           {0x3164, 0x3164},
                                           {0xFEFF, 0xFEFF},
                                           {0xFFA0, 0xFFA0},
                                           {0xFFF9, 0xFFFB},
                                           {0xE0000, 0xE0FFF}}};
  return std::any_of(kRanges.begin(), kRanges.end(), [&](const Range& range) { return code >= range.first && code <= range.last; });
}

bool is_joiner(char32_t code) { return code == 0x200C || code == 0x200D; }

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

/// The text with what `kept` does not let through replaced.
template <typename Kept>
std::string filtered(std::string_view text, Kept kept) {
  const std::string good = to_utf8(text);
  std::string result;
  char32_t before = 0;
  for (std::string_view rest = good; !rest.empty();) {
    std::size_t bytes = 0;
    const char32_t code = first_code(rest, bytes);
    // Joiners have a meaning in the scripts that join, and between emoji; elsewhere they hide.
    const bool joins = is_joiner(code) && before >= 0x600 && !is_joiner(before);
    if (joins || kept(code) || !(is_control(code) || is_invisible(code)))
      result += rest.substr(0, bytes);
    else
      result += code == '\t' ? " " : "\xEF\xBF\xBD";
    before = code;
    rest.remove_prefix(bytes);
  }
  return result;
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
  return filtered(text, [](char32_t) { return false; });
}

std::string printable_lines(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    // What Style::paint() makes, and nothing else that begins with an escape character.
    const std::size_t escape = text.find("\x1b[");
    result += filtered(text.substr(0, escape), [](char32_t code) { return code == '\n'; });
    if (escape == std::string_view::npos) break;
    text.remove_prefix(escape);
    std::size_t end = 2;
    while (end < text.size() && (is_digit(text[end]) || text[end] == ';')) ++end;
    const bool colour = end < text.size() && text[end] == 'm';
    if (colour) result += text.substr(0, end + 1);
    if (!colour) result += "\xEF\xBF\xBD";
    text.remove_prefix(colour ? end + 1 : 1);
  }
  return result;
}

void LogFilter::write(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) take(c, text);
  // A character that is cut is finished by the next piece.
  pending_ += text;
  std::size_t whole = pending_.size();
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, pending_.size()); ++back) {
    const auto lead = static_cast<unsigned char>(pending_[pending_.size() - back]);
    if (lead < 0x80) break;
    if (lead < 0xC0) continue;
    if (back < (lead < 0xE0 ? 2u : lead < 0xF0 ? 3u : 4u)) whole = pending_.size() - back;
    break;
  }
  flush(whole);
}

void LogFilter::finish() { flush(pending_.size()); }

void LogFilter::flush(std::size_t bytes) {
  const std::string shown = filtered(std::string_view(pending_).substr(0, bytes), [](char32_t code) {
    return code == '\n' || code == '\r' || code == '\t' || code == '\b' ||
           code == 0x1B;  // take() lets the escape of a colour through alone
  });
  pending_.erase(0, bytes);
  if (!shown.empty()) out_(shown);
}

void LogFilter::take(char c, std::string& text) {
  constexpr std::size_t kLongest = 64;  // of a colour's parameters
  const auto byte = static_cast<unsigned char>(c);
  switch (state_) {
    case State::text:
      if (c == '\x1b')
        state_ = State::escape;
      else
        text += c;
      return;
    case State::escape:
      sequence_.clear();
      if (c == '[')
        state_ = State::control;
      else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_')
        state_ = State::string;  // titles, clipboard, device settings: up to their end
      else if (byte >= 0x20 && byte < 0x30)
        state_ = State::escape;  // ESC ( B and the like: one more byte
      else if (c != '\x1b')
        state_ = State::text;
      return;
    case State::control:
      if (byte >= 0x40 && byte < 0x7F) {
        if (c == 'm' && sequence_.size() <= kLongest && sequence_.find_first_not_of("0123456789;:") == std::string::npos)
          text += "\x1b[" + sequence_ + "m";
        state_ = State::text;
      } else if (c == '\x1b') {
        state_ = State::escape;
      } else if (byte < 0x20 || byte >= 0x7F) {
        state_ = State::text;  // broken off: what follows is text again
        text += c;
      } else if (sequence_.size() <= kLongest) {
        sequence_ += c;
      }
      return;
    case State::string:
      // A string that never ends must not swallow the log.
      if (c == '\a' || c == '\n') state_ = State::text;
      if (c == '\n') text += c;
      if (c == '\x1b') state_ = State::escape;
      return;
  }
}

}  // namespace muster::cli
