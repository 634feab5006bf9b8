#include "cli/terminal/table.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

Table sample() {
  Table table({{"RUN"},
               {"STATUS"},
               {"FILE", Column::Align::left, Column::Give::width},
               {"SIZE", Column::Align::right, Column::Give::all},
               {"NOTE", Column::Align::left, Column::Give::all}});
  table.add({{"birds_1"}, {"Completed", Tone::good}, {"outputs/checkpoints/model.pt"}, {"3 MiB"}, {"the best so far"}});
  table.add({{"鸟_2"}, {"Failed"}, {"x"}, {"12 bytes"}, {""}});
  return table;
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  for (const auto line : split(text, '\n')) widest = std::max(widest, display_width(line));
  return widest;
}

TEST(Table, AlignsByDisplayWidth) {
  EXPECT_EQ(sample().render(0, Style()),
            "RUN      STATUS     FILE                              SIZE  NOTE\n"
            "birds_1  Completed  outputs/checkpoints/model.pt     3 MiB  the best so far\n"
            "鸟_2     Failed     x                             12 bytes\n");
}

TEST(Table, GivesUpWidthThenColumns) {
  const std::string narrower = sample().render(60, Style());
  EXPECT_NE(narrower.find("outputs/ch"), std::string::npos);
  EXPECT_NE(narrower.find("…"), std::string::npos);
  EXPECT_NE(narrower.find("SIZE"), std::string::npos);
  const std::string narrow = sample().render(36, Style());
  EXPECT_EQ(narrow.find("NOTE"), std::string::npos);
  EXPECT_EQ(narrow.find("SIZE"), std::string::npos);
  EXPECT_NE(narrow.find("Completed"), std::string::npos);
}

TEST(Table, NeverIsWiderThanItMay) {
  for (std::size_t width = 1; width < 90; ++width) EXPECT_LE(widest_line(sample().render(width, Style())), width) << width;
}

TEST(Table, ColoursDoNotCountAsWidth) {
  const std::string text = sample().render(0, Style(true));
  EXPECT_NE(text.find("\x1b[32mCompleted\x1b[0m  outputs"), std::string::npos);
}

TEST(Table, CellsCannotBreakIt) {
  Table table({{"A"}, {"B"}});
  table.add({{"x\ny\x1b[2J"}});
  EXPECT_EQ(split(table.render(0, Style()), '\n').size(), 3u);
}

}  // namespace
}  // namespace muster::cli
