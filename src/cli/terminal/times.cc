#include "cli/terminal/times.h"

#include <charconv>

#include "base/text.h"

namespace muster::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::string two(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit) {
  return small == 0 ? fmt::format("{} {}", large, large_unit) : fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
}

std::int64_t unit_seconds(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return kMinute;
    case 'h': return kHour;
    case 'd': return kDay;
    default: return 0;
  }
}

}  // namespace

std::string duration_words(std::int64_t microseconds) {
  if (microseconds < 0) return "0 s";
  if (microseconds < kSecond) return fmt::format("{} ms", (microseconds + 999) / 1000);
  if (microseconds < 10 * kSecond) return fmt::format("{:.1f} s", static_cast<double>(microseconds) / kSecond);
  const std::int64_t seconds = microseconds / kSecond;
  if (seconds < kMinute) return fmt::format("{} s", seconds);
  if (seconds < kHour) return two(seconds / kMinute, "min", seconds % kMinute, "s");
  if (seconds < kDay) return two(seconds / kHour, "h", seconds % kHour / kMinute, "min");
  return two(seconds / kDay, "d", seconds % kDay / kHour, "h");
}

std::string ago(TimeUs then, TimeUs now) {
  const std::int64_t seconds = (now - then) / kSecond;
  if (seconds < 2) return "just now";
  if (seconds < kMinute) return fmt::format("{} s ago", seconds);
  if (seconds < kHour) return fmt::format("{} min ago", seconds / kMinute);
  if (seconds < kDay) return fmt::format("{} h ago", seconds / kHour);
  if (seconds < 2 * kDay) return "1 day ago";
  if (seconds < 14 * kDay) return fmt::format("{} days ago", seconds / kDay);
  return to_rfc3339(then).substr(0, 10);
}

std::string date_and_time(TimeUs time) {
  std::string text = to_rfc3339(time).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

Result<std::int64_t> parse_duration(std::string_view text, std::string_view option, std::int64_t least) {
  constexpr std::int64_t kMost = 100LL * 365 * kDay;
  const auto refusal = [&] {
    return fail_hint(Code::invalid, "write it as 90, 90s, 15m, 2h, 7d or 1h30m", "{}: \"{}\" is not a duration of at least {} s", option,
                     to_utf8(text), least);
  };
  const auto too_long = [&] { return fail(Code::invalid, "{}: \"{}\" is longer than 100 years", option, to_utf8(text)); };
  std::int64_t total = 0;
  std::string_view rest = text;
  if (rest.empty()) return refusal();
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc::result_out_of_range && rest.front() != '-') return too_long();
    if (error != std::errc() || number < 0) return refusal();
    if (number > kMost) return too_long();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::int64_t unit = 1;
    if (!rest.empty()) {
      unit = unit_seconds(rest.front());
      rest.remove_prefix(1);
    } else if (total != 0) {
      return refusal();  // "1h30": the last number has no unit
    }
    if (unit == 0) return refusal();
    total += number * unit;
    if (total > kMost) return too_long();
  }
  if (total < least) return refusal();
  return total;
}

}  // namespace muster::cli
