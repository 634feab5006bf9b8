#include "api/line_search.h"

#include <algorithm>

#include <re2/re2.h>

#include "base/text.h"

namespace muster::api {
namespace {

constexpr std::int64_t kMostMemory = 8 << 20;  // of a compiled pattern

Result<std::string_view> read_at(ByteSource& log, std::uint64_t offset, std::span<char> into) {
  if (offset >= log.size()) return std::string_view();
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), log.size() - offset));
  MUSTER_TRY_ASSIGN(const std::size_t got, log.read(offset, into.first(wanted)));
  return std::string_view(into.data(), got);
}

std::uint64_t line_ends(std::string_view text) { return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')); }

std::string shown(std::string_view text) { return to_utf8(text.substr(0, kShownOfLine)); }

/// The lines before `offset`, where a line begins.
Result<std::vector<std::string>> lines_before(ByteSource& log, std::uint64_t offset, std::size_t count) {
  std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(offset, kContextReach)), '\0');
  MUSTER_TRY_ASSIGN(std::string_view text, read_at(log, offset - bytes.size(), bytes));
  std::vector<std::string> lines;
  while (lines.size() < count && text.ends_with('\n')) {
    text.remove_suffix(1);
    const std::size_t begin = text.rfind('\n') + 1;  // of none 0
    if (begin == 0 && offset > bytes.size()) break;  // begins before what was read
    lines.push_back(shown(text.substr(begin)));
    text = text.substr(0, begin);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

/// The lines from `offset` on, where a line begins.
Result<std::vector<std::string>> lines_from(ByteSource& log, std::uint64_t offset, std::size_t count) {
  std::string bytes(kContextReach, '\0');
  MUSTER_TRY_ASSIGN(std::string_view text, read_at(log, offset, bytes));
  std::vector<std::string> lines;
  while (lines.size() < count && !text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(shown(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The match and what is shown around it of its line, which is `line`.
void show_match(std::string_view line, std::size_t begin, std::size_t end, FoundLine& found) {
  const std::size_t match = std::min(end - begin, kShownOfLine);
  const std::size_t room = kShownOfLine - match;
  std::size_t from = begin > room / 2 ? begin - room / 2 : 0;
  if (line.size() <= kShownOfLine) from = 0;
  const std::size_t until = std::min(line.size(), std::max(from + kShownOfLine, begin + match));
  found.parts[0] = to_utf8(line.substr(from, begin - from));
  found.parts[1] = to_utf8(line.substr(begin, match));
  found.parts[2] = to_utf8(line.substr(begin + match, until - begin - match));
  found.cut = from > 0 || until < line.size();
}

}  // namespace

class LinePattern::Compiled {
 public:
  Compiled(const std::string& text, const RE2::Options& options) : expression(text, options) {}
  RE2 expression;
};

LinePattern::LinePattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
LinePattern::~LinePattern() = default;
LinePattern::LinePattern(LinePattern&&) noexcept = default;

Result<LinePattern> LinePattern::create(std::string_view pattern, Kind kind, Case letters) {
  if (pattern.empty()) return fail(Code::invalid, "the pattern is empty");
  if (pattern.size() > kLongestPattern)
    return fail(Code::invalid, "the pattern has {} bytes; at most {} are taken", pattern.size(), kLongestPattern);
  RE2::Options options;
  options.set_never_nl(true);  // a match stays in its line
  options.set_log_errors(false);
  options.set_max_mem(kMostMemory);
  options.set_case_sensitive(letters == Case::matters);
  const re2::StringPiece text(pattern.data(), pattern.size());
  const std::string expression = "(?m)" + (kind == Kind::literal ? RE2::QuoteMeta(text) : std::string(pattern));
  auto compiled = std::make_unique<Compiled>(expression, options);
  if (!compiled->expression.ok()) {
    return fail_hint(Code::invalid, "the syntax is RE2's; look for the text as it is instead (`literal`)",
                     "the pattern is no regular expression: {}", to_utf8(compiled->expression.error()));
  }
  return LinePattern(std::move(compiled));
}

Result<SearchResult> LinePattern::search(ByteSource& log, SearchPlace from, const SearchWishes& wishes) const {
  SearchResult result;
  SearchPlace at = from;
  std::string buffer(kSearchWindow, '\0');
  std::uint64_t looked_at = 0;
  while (true) {
    MUSTER_TRY_ASSIGN(std::string_view window, read_at(log, at.offset, buffer));
    const bool is_last = at.offset + window.size() >= log.size();
    if (const std::size_t last_end = window.rfind('\n'); !is_last && last_end != std::string_view::npos)
      window = window.substr(0, last_end + 1);
    const re2::StringPiece text(window.data(), window.size());
    re2::StringPiece match;
    std::size_t counted = 0;  // line ends before it are in at.line
    std::size_t position = 0;
    while (position < window.size() && compiled_->expression.Match(text, position, window.size(), RE2::UNANCHORED, &match, 1)) {
      const auto begin = static_cast<std::size_t>(match.data() - window.data());
      if (begin == window.size() && window.ends_with('\n')) break;  // the empty beginning of what comes next
      const std::size_t line_begin = begin == 0 ? 0 : window.rfind('\n', begin - 1) + 1;
      const std::size_t line_end = std::min(window.find('\n', begin), window.size());
      if (line_begin > counted) {
        at.line += line_ends(window.substr(counted, line_begin - counted));
        at.line_begin = at.offset + line_begin;
        counted = line_begin;
      }
      if (result.lines.empty() || result.lines.back().line != at.line) {
        FoundLine found{at.line, at.line_begin, {}, false, {}, {}};
        show_match(window.substr(line_begin, line_end - line_begin), begin - line_begin, begin - line_begin + match.size(), found);
        if (wishes.context > 0) {
          MUSTER_TRY_ASSIGN(found.before, lines_before(log, found.offset, wishes.context));
          if (line_end < window.size()) {
            MUSTER_TRY_ASSIGN(found.after, lines_from(log, at.offset + line_end + 1, wishes.context));
          }
        }
        result.lines.push_back(std::move(found));
      }
      position = std::min(line_end + 1, window.size());
      if (result.lines.size() >= wishes.most) {
        window = window.substr(0, position);
        break;
      }
    }
    if (const std::size_t last_end = window.rfind('\n'); last_end != std::string_view::npos) {
      at.line += line_ends(window.substr(counted));
      at.line_begin = at.offset + last_end + 1;
    }
    at.offset += window.size();
    looked_at += window.size();
    result.at_end = at.offset >= log.size() || window.empty();
    if (result.at_end || result.lines.size() >= wishes.most || (wishes.enough && wishes.enough(looked_at))) break;
  }
  result.next = at;
  return result;
}

}  // namespace muster::api
