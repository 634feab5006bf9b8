#pragma once
// Colours, where they are wanted. Pure.

#include <string>
#include <string_view>

namespace muster::cli {

enum class Tone { plain, strong, faint, good, bad, warning, active };

/// Wraps text in a terminal's colour codes, or leaves it alone.
class Style {
 public:
  explicit Style(bool colour = false) : colour_(colour) {}
  std::string paint(std::string_view text, Tone tone) const;
  bool colour() const { return colour_; }

 private:
  bool colour_;
};

/// The tone of a run's status.
Tone tone_of_status(std::string_view status);

}  // namespace muster::cli
