#pragma once
// Tables that fit the terminal. Pure.

#include <string>
#include <vector>

#include "cli/terminal/style.h"

namespace muster::cli {

struct Column {
  enum class Align { left, right };
  enum class Give { nothing, width, all };  ///< what it gives up when the table is too wide: nothing, some width, or itself as a whole

  std::string title;
  Align align = Align::left;
  Give give = Give::nothing;
};

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }

  /// Lines, each ended by '\n'. `width` 0: as wide as it gets. First columns that give width are shortened, down to 12 columns each; then
  /// columns that give all are left out, from the right; then the last column is cut.
  std::string render(std::size_t width, const Style& style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace muster::cli
