#pragma once
// Text on a terminal: how wide it is, and what of it may be shown. Pure but for the locale tables.

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace muster::cli {

/// Columns that the text takes: combining marks none, East Asian wide characters and most emoji two.
std::size_t display_width(std::string_view text);

/// The text in at most `width` columns, cut with "…" when it is longer. Never cuts inside a character.
std::string fit(std::string_view text, std::size_t width);

/// One line of text with everything that could steer a terminal or hide in it made harmless: control characters, malformed UTF-8, what
/// turns the direction of writing, what has no width. For all that others chose.
std::string printable(std::string_view text);

/// The same for text of ours in several lines, whose line ends and colours (Style) stay.
std::string printable_lines(std::string_view text);

/// A log on a terminal: its colours stay, as do line ends, tabs and what redraws a line (CR, BS); other control sequences (titles, moves,
/// the clipboard) are left out, other control and invisible characters replaced. Sequences and characters may be cut anywhere between
/// two pieces.
class LogFilter {
 public:
  using Write = std::function<void(std::string_view)>;
  explicit LogFilter(Write out) : out_(std::move(out)) {}

  void write(std::string_view bytes);
  /// Writes the beginning of a character that never was finished.
  void finish();

 private:
  enum class State { text, escape, control, string };
  void take(char c, std::string& text);
  void flush(std::size_t bytes);

  Write out_;
  State state_ = State::text;
  std::string sequence_;
  std::string pending_;
};

}  // namespace muster::cli
