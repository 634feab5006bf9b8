#include "cli/terminal/progress.h"

#include <algorithm>

#include "base/text.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kQuiet{300};  // what is done sooner needs no bar
constexpr milliseconds kRedraw{100};
constexpr milliseconds kLineEvery{5'000};
constexpr std::size_t kBarWidth = 24;

std::string bar(double part, std::size_t width) {
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
  std::string text = "[";
  for (std::size_t i = 0; i < width; ++i) text += i < filled ? "█" : "·";
  return text + "]";
}

}  // namespace

std::string progress_line(const std::string& label, std::uint64_t done, std::uint64_t total, milliseconds elapsed, std::size_t width) {
  const double part = total == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const double seconds = std::max(0.001, static_cast<double>(elapsed.count()) / 1000);
  const std::string percent = fmt::format("{:3.0f} %", part * 100);
  const std::string amount = fmt::format("{} of {}", human_size(done), human_size(total));
  const std::string rate = human_size(static_cast<std::uint64_t>(static_cast<double>(done) / seconds)) + "/s";
  const std::string whole = fmt::format("{} {} {}  {}  {}", label, bar(part, kBarWidth), percent, amount, rate);
  if (display_width(whole) <= width) return whole;
  const std::string shorter = fmt::format("{} {}  {}", label, percent, amount);
  return fit(display_width(shorter) <= width ? shorter : fmt::format("{} {}", label, percent), width);
}

Progress::Progress(const Terminal& terminal, Show show) : terminal_(terminal), show_(show) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (on_screen_) terminal_.write("\r\x1b[K");
  on_screen_ = false;
}

void Progress::update(const std::string& label, std::uint64_t done, std::uint64_t total) {
  if (show_ == Show::no) return;
  const std::lock_guard lock(mutex_);
  const std::string shown = printable(label);  // it may be the name of a file
  const Time now = std::chrono::steady_clock::now();
  if (label != label_) {
    label_ = label;
    began_ = last_shown_ = now;
  }
  const auto elapsed = std::chrono::duration_cast<milliseconds>(now - began_);
  const bool quiet = elapsed < kQuiet;
  const bool soon = now - last_shown_ < (terminal_.is_terminal ? kRedraw : kLineEvery);
  if (terminal_.is_terminal) {
    if (quiet || (soon && on_screen_ && done < total)) return;
    terminal_.write("\r" + progress_line(shown, done, total, elapsed, terminal_.width - 1) + "\x1b[K");
    on_screen_ = true;
  } else {
    if (quiet || (soon && done < total)) return;
    terminal_.write(fmt::format("{} {} of {}\n", shown, human_size(done), human_size(total)));
  }
  last_shown_ = now;
}

}  // namespace muster::cli
