#include "base/clock.h"

#include <array>
#include <ctime>

#include "base/text.h"

namespace muster {

TimeUs SystemClock::now_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::chrono::steady_clock::time_point SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string to_rfc3339(TimeUs time) {
  std::int64_t seconds = time / 1'000'000;
  std::int64_t micros = time % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  std::tm parts{};
  const std::time_t whole = seconds;
  gmtime_r(&whole, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                     parts.tm_min, parts.tm_sec, micros);
}

namespace {

/// Takes `count` digits from the front of `text`; false when they are not all digits.
bool take_digits(std::string_view& text, int count, int& value) {
  value = 0;
  for (; count > 0; --count) {
    if (text.empty() || text[0] < '0' || text[0] > '9') return false;
    value = value * 10 + (text[0] - '0');
    text.remove_prefix(1);
  }
  return true;
}

/// Takes one character that is in `any_of`.
bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

int days_in(int month, int year) {
  constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[static_cast<std::size_t>(month - 1)];
}

/// "03:22:11.123456" behind the date. Digits past the microseconds are dropped.
bool take_time(std::string_view& text, std::tm& parts, std::int64_t& micros) {
  if (!take_digits(text, 2, parts.tm_hour) || !take(text, ":") || !take_digits(text, 2, parts.tm_min) || !take(text, ":") ||
      !take_digits(text, 2, parts.tm_sec) || parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60) {
    return false;
  }
  micros = 0;
  if (!take(text, ".")) return true;
  std::int64_t unit = 100'000;
  int digit = 0;
  int count = 0;
  for (; count < 9 && take_digits(text, 1, digit); ++count, unit /= 10) micros += digit * unit;
  return count > 0;
}

/// "Z" or "+01:00"
bool take_offset(std::string_view& text, int& minutes) {
  minutes = 0;
  if (take(text, "Zz")) return true;
  const int sign = text.starts_with('-') ? -1 : 1;
  int hours = 0;
  if (!take(text, "+-") || !take_digits(text, 2, hours) || !take(text, ":") || !take_digits(text, 2, minutes) || hours > 23 || minutes > 59)
    return false;
  minutes = sign * (hours * 60 + minutes);
  return true;
}

}  // namespace

Result<TimeUs> from_rfc3339(std::string_view text) {
  std::string_view rest = text;
  std::tm parts{};
  std::int64_t micros = 0;
  int offset_minutes = 0;
  const bool date = take_digits(rest, 4, parts.tm_year) && take(rest, "-") && take_digits(rest, 2, parts.tm_mon) && take(rest, "-") &&
                    take_digits(rest, 2, parts.tm_mday) && parts.tm_mon >= 1 && parts.tm_mon <= 12 && parts.tm_mday >= 1 &&
                    parts.tm_mday <= days_in(parts.tm_mon, parts.tm_year);
  if (!date || !take(rest, "Tt ") || !take_time(rest, parts, micros) || !take_offset(rest, offset_minutes) || !rest.empty()) {
    return fail(Code::malformed, "'{}' is not a time such as 2026-11-21T03:22:11.123456Z", to_utf8(text.substr(0, 64)));
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return (static_cast<std::int64_t>(timegm(&parts)) - offset_minutes * 60) * 1'000'000 + micros;
}

}  // namespace muster
