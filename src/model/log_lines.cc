#include "model/log_lines.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/text.h"

namespace muster::model {
namespace {

std::size_t count_while(std::string_view text, std::size_t from, bool (*fits)(char)) {
  std::size_t n = 0;
  while (from + n < text.size() && fits(text[from + n])) ++n;
  return n;
}
bool is_letter_or_underscore(char c) { return is_letter(c) || c == '_'; }

/// "[1,3]<stderr>:" (mpirun --tag-output)
std::size_t mpirun_prefix(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const std::size_t job = count_while(text, 1, is_digit);
  if (job == 0 || text.substr(1 + job, 1) != ",") return 0;
  const std::size_t rank = count_while(text, 2 + job, is_digit);
  const std::string_view rest = text.substr(2 + job + rank);
  for (const std::string_view stream : {"]<stderr>:", "]<stdout>:"}) {
    if (rank > 0 && rest.starts_with(stream)) return 2 + job + rank + stream.size();
  }
  return 0;
}

/// "[rank0]: " (torch's own, with a blank) and "[default0]:" (torchrun's role and rank, without)
std::size_t torch_prefix(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const std::size_t letters = count_while(text, 1, is_letter_or_underscore);
  const std::size_t digits = count_while(text, 1 + letters, is_digit);
  if (letters == 0 || digits == 0 || !text.substr(1 + letters + digits).starts_with("]:")) return 0;
  const std::size_t end = 1 + letters + digits + 2;
  return text.substr(1, letters) == "rank" && text.substr(end, 1) == " " ? end + 1 : end;
}

/// "3: " (srun --label)
std::size_t srun_prefix(std::string_view text) {
  const std::size_t digits = count_while(text, 0, is_digit);
  return digits > 0 && digits <= 5 && text.substr(digits).starts_with(": ") ? digits + 2 : 0;
}

std::size_t prefix_length(std::string_view text) {
  std::size_t length = 0;
  // A launcher under a launcher puts two in front.
  for (int i = 0; i < 3; ++i) {
    const std::string_view rest = text.substr(length);
    std::size_t more = mpirun_prefix(rest);
    if (more == 0) more = torch_prefix(rest);
    if (more == 0) more = srun_prefix(rest);
    if (more == 0) break;
    length += more;
  }
  return length;
}

/// The length of the terminal's escape sequence that `text` begins with.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return text.size();
  if (text[1] == '[') {  // up to its last letter
    const std::size_t body = count_while(text, 2, [](char c) { return c >= 0x20 && c < 0x40; });
    return std::min(text.size(), 2 + body + 1);
  }
  if (text[1] == ']') {  // up to BEL or ESC \.
    const std::size_t end = text.find_first_of("\x07\x1b", 2);
    return end == std::string_view::npos ? text.size() : end + (text[end] == '\x07' ? 1 : std::min<std::size_t>(2, text.size() - end));
  }
  return 2;
}

/// Characters that are not shown, but steer: C1 controls, marks and overrides of the writing direction, the line and paragraph separators.
std::size_t steering_length(std::string_view text) {
  constexpr std::array<std::string_view, 15> kSteering{"\u200E", "\u200F", "\u061C", "\u2028", "\u2029", "\u202A", "\u202B", "\u202C",
                                                       "\u202D", "\u202E", "\u2066", "\u2067", "\u2068", "\u2069", "\uFEFF"};
  for (const std::string_view one : kSteering) {
    if (text.starts_with(one)) return one.size();
  }
  const bool c1 = text.size() > 1 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0;
  return c1 ? 2 : 0;
}

std::string clean(std::string_view line) {
  const std::string good = to_utf8(line);
  std::string result;
  for (std::string_view rest = good; !rest.empty();) {
    const auto c = static_cast<unsigned char>(rest[0]);
    std::size_t passed = c == 0x1B ? escape_length(rest) : steering_length(rest);
    if (passed == 0 && (c < 0x20 || c == 0x7F)) {
      passed = 1;
      if (c == '\t') result += ' ';
    }
    if (passed == 0) result += rest[0];
    rest.remove_prefix(std::max<std::size_t>(1, passed));
  }
  while (result.ends_with(' ')) result.pop_back();
  return result;
}

/// At most so many bytes, not cut within a character.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most) + "…";
}

constexpr std::size_t kMostLastLines = 10;
constexpr std::size_t kMostLastBytes = 4096;
constexpr std::size_t kLongestLastLine = 500;

}  // namespace

std::vector<LogLine> split_log(std::string_view tail) {
  std::vector<LogLine> lines;
  for (std::string_view text : split(tail, '\n')) {
    const std::size_t length = prefix_length(text);
    const std::string_view prefix = text.substr(0, length);
    text.remove_prefix(length);
    while (text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
    if (const std::size_t overwritten = text.rfind('\r'); overwritten != std::string_view::npos) text.remove_prefix(overwritten + 1);
    lines.push_back({prefix, text});
  }
  return lines;
}

std::string last_lines(std::string_view tail) {
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  const std::vector<LogLine> all = split_log(tail);
  for (auto line = all.rbegin(); line != all.rend() && lines.size() < kMostLastLines; ++line) {
    std::string text = cut(clean(line->text), kLongestLastLine);
    if (text.empty()) continue;
    bytes += text.size() + 1;
    if (bytes > kMostLastBytes) break;
    lines.push_back(std::move(text));
  }
  std::reverse(lines.begin(), lines.end());
  return join(lines, "\n");
}

}  // namespace muster::model
