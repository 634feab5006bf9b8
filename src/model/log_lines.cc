#include "model/log_lines.h"

#include <cstddef>

#include "base/text.h"

namespace muster::model {
namespace {

std::size_t count_while(std::string_view text, std::size_t from, bool (*fits)(char)) {
  std::size_t n = 0;
  while (from + n < text.size() && fits(text[from + n])) ++n;
  return n;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

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
  const std::size_t letters = count_while(text, 1, is_letter);
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

}  // namespace muster::model
