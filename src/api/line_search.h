#pragma once
// Lines of a log that hold for a pattern: literal, or a regular expression of RE2, which never takes longer than the text is long.
// Memory: one window, whatever the log's size.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"

namespace muster::api {

inline constexpr std::size_t kSearchWindow = 1u << 20;   ///< of a longer line each such piece is searched by itself
inline constexpr std::size_t kShownOfLine = 2000;        ///< bytes, around the match
inline constexpr std::size_t kContextReach = 64u << 10;  ///< lines before and after a match are shown as far as these bytes reach
inline constexpr std::size_t kLongestPattern = 1000;

/// Where a search goes on: at `offset`, inside line `line` (the first is 1), which begins at `line_begin`.
struct SearchPlace {
  std::uint64_t offset = 0;
  std::uint64_t line = 1;
  std::uint64_t line_begin = 0;
};

struct FoundLine {
  std::uint64_t line = 1;
  std::uint64_t offset = 0;         ///< of the line's first byte
  std::string parts[3];             ///< what is before the match, the match, what is after it; no more than is shown
  bool cut = false;                 ///< the line has more
  std::vector<std::string> before;  ///< the lines before it, the nearest last
  std::vector<std::string> after;
};

struct SearchWishes {
  std::size_t context = 0;                    ///< so many lines before and after
  std::size_t most = 100;                     ///< matches
  std::function<bool(std::uint64_t)> enough;  ///< asked with the bytes looked at, after each window; true ends the search there
};

struct SearchResult {
  std::vector<FoundLine> lines;
  SearchPlace next;     ///< where a further search goes on, also of a log that has grown
  bool at_end = false;  ///< all there is was looked at
};

class LinePattern {
 public:
  enum class Kind { literal, expression };
  enum class Case { matters, ignored };
  /// invalid, in words, for a pattern that cannot be read, is empty or too long.
  static Result<LinePattern> create(std::string_view pattern, Kind kind, Case letters);
  ~LinePattern();
  LinePattern(LinePattern&&) noexcept;

  /// Looks from `from` on. Blocks on the source.
  Result<SearchResult> search(ByteSource& log, SearchPlace from, const SearchWishes& wishes) const;

 private:
  class Compiled;
  explicit LinePattern(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace muster::api
