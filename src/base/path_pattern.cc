#include "base/path_pattern.h"

#include <vector>

#include "base/text.h"

namespace muster {
namespace {

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// One part of UTF-8: `*` is any number of characters, `?` one.
bool part_matches(std::string_view pattern, std::string_view part) {
  std::size_t at = 0;
  std::size_t in = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_in = 0;
  while (in < part.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      star_in = in;
    } else if (at < pattern.size() && pattern[at] == '?' && !continues_character(part[in])) {
      ++at;
      do ++in;
      while (in < part.size() && continues_character(part[in]));
    } else if (at < pattern.size() && pattern[at] != '?' && pattern[at] == part[in]) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++star_in;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace

bool path_matches(std::string_view pattern, std::string_view path) {
  if (pattern.find_first_of("*?") == std::string_view::npos)
    return path.starts_with(pattern) && (path.size() == pattern.size() || path[pattern.size()] == '/');
  const auto parts = split(path, '/');
  // reached[i]: the first i parts of the path are matched by the pattern's parts so far.
  std::vector<bool> reached(parts.size() + 1, false);
  reached[0] = true;
  for (const std::string_view wanted : split(pattern, '/')) {
    std::vector<bool> next(reached.size(), false);
    bool any_before = false;
    for (std::size_t i = 0; i < reached.size(); ++i) {
      any_before = any_before || reached[i];
      if (wanted == "**")
        next[i] = any_before;
      else
        next[i] = i > 0 && reached[i - 1] && part_matches(wanted, parts[i - 1]);
    }
    reached = std::move(next);
  }
  return reached.back();
}

}  // namespace muster
