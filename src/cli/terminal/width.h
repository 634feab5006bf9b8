#pragma once
// How wide text is on a terminal. Pure but for the locale tables.

#include <string>
#include <string_view>

namespace muster::cli {

/// Columns that the text takes: combining marks none, East Asian wide characters and most emoji two.
std::size_t display_width(std::string_view text);

/// The text in at most `width` columns, cut with "…" when it is longer. Never cuts inside a character.
std::string fit(std::string_view text, std::size_t width);

/// The text with everything that could steer a terminal (control characters, malformed UTF-8) made harmless; for names that others chose.
std::string printable(std::string_view text);

}  // namespace muster::cli
