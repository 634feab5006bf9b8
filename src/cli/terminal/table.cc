#include "cli/terminal/table.h"

#include <algorithm>
#include <numeric>

#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastWidth = 12;

/// The columns that are shown and how wide each is.
struct Layout {
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths;  ///< by column, shown or not

  std::size_t total() const {
    std::size_t sum = shown.empty() ? 0 : (shown.size() - 1) * kGap;
    for (const std::size_t column : shown) sum += widths[column];
    return sum;
  }
};

/// Takes width from the widest column that gives some; false when none has any left.
bool shrink_widest(const std::vector<Column>& columns, Layout& layout) {
  std::size_t widest = columns.size();
  for (const std::size_t i : layout.shown) {
    if (columns[i].give != Column::Give::width || layout.widths[i] <= kLeastWidth) continue;
    if (widest == columns.size() || layout.widths[i] > layout.widths[widest]) widest = i;
  }
  if (widest == columns.size()) return false;
  --layout.widths[widest];
  return true;
}

bool drop_last(const std::vector<Column>& columns, Layout& layout) {
  for (auto at = layout.shown.rbegin(); at != layout.shown.rend(); ++at) {
    if (columns[*at].give != Column::Give::all) continue;
    layout.shown.erase(std::next(at).base());
    return true;
  }
  return false;
}

}  // namespace

void Table::add(std::vector<Cell> row) {
  row.resize(columns_.size());
  for (Cell& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::render(std::size_t width, const Style& style) const {
  Layout layout;
  layout.shown.resize(columns_.size());
  std::iota(layout.shown.begin(), layout.shown.end(), 0u);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = display_width(columns_[i].title);
    for (const auto& row : rows_) widest = std::max(widest, display_width(row[i].text));
    layout.widths.push_back(widest);
  }
  if (width > 0) {
    while (layout.total() > width && (shrink_widest(columns_, layout) || drop_last(columns_, layout))) {
    }
    // Narrower than any terminal: columns go from the end, the first one is cut.
    while (layout.total() > width && layout.shown.size() > 1) layout.shown.pop_back();
    std::size_t& first = layout.widths[layout.shown.front()];
    if (layout.total() > width) first = width;
  }

  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (const std::size_t i : layout.shown) {
      const Cell cell = cell_at(i);
      const std::string shown = fit(cell.text, layout.widths[i]);
      const std::string padding(layout.widths[i] - display_width(shown), ' ');
      const bool right = columns_[i].align == Column::Align::right;
      const bool is_last = i == layout.shown.back();
      if (right) line += padding;
      line += style.paint(shown, cell.tone);
      if (!right && !is_last) line += padding;
      if (!is_last) line.append(kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_line([&](std::size_t i) { return Cell{columns_[i].title, Tone::strong}; });
  for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
  return text;
}

}  // namespace muster::cli
