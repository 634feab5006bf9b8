#pragma once
// SQL that SQLite and PostgreSQL spell differently, under one name each. Statements elsewhere in this room are what both understand
// (tests/lint/test_sql.py).

#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::store::dialect {

/// Joins in the order in which the tables are written: SQLite's planner knows nothing of how often values occur.
inline constexpr std::string_view kThen = "CROSS JOIN";

/// After a table's name: the index to walk it by.
inline std::string by_index(std::string_view index) { return fmt::format("INDEXED BY {}", index); }

/// A condition: the column is like the `?`, a pattern of like_pattern(). Upper and lower case differ.
inline std::string is_like(std::string_view column) { return fmt::format("{} GLOB ?", column); }
/// `text` as such a pattern; only `*` means more than itself: any characters.
inline std::string like_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (c == '?' || c == '[')
      pattern.append({'[', c, ']'});
    else
      pattern.push_back(c);
  }
  return pattern;
}

}  // namespace muster::store::dialect
