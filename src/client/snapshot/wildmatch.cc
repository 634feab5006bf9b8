#include "client/snapshot/wildmatch.h"

#include <algorithm>

namespace muster::client {
namespace {

std::uint8_t byte_of(char c) { return static_cast<std::uint8_t>(c); }

}  // namespace

std::optional<WildPattern> WildPattern::compile(std::string_view pattern) {
  WildPattern compiled;
  const auto add = [&](Step::Kind kind, std::uint32_t value = 0) { compiled.steps_.push_back({kind, value}); };
  std::size_t at = 0;
  while (at < pattern.size()) {
    const char c = pattern[at];
    if (c == '*') {
      const std::size_t end = std::min(pattern.find_first_not_of('*', at), pattern.size());
      const bool a_part = end - at >= 2 && (at == 0 || pattern[at - 1] == '/');
      const bool at_front = at == 0;
      at = end;
      if (a_part && end < pattern.size() && pattern[end] == '/') {
        add(Step::Kind::folders);
        add(Step::Kind::folders_way);
        ++at;
      } else if (a_part && end == pattern.size()) {
        if (!at_front) add(Step::Kind::any);  // "a/**" is what lies in a, not a itself
        add(Step::Kind::any_run);
      } else {
        add(Step::Kind::run);
      }
    } else if (c == '?') {
      add(Step::Kind::not_slash);
      ++at;
    } else if (c == '[') {
      const auto end = compiled.read_class(pattern, at);
      if (!end) return std::nullopt;
      add(Step::Kind::one_of, static_cast<std::uint32_t>(compiled.classes_.size() - 1));
      at = *end;
    } else {
      if (c == '\\' && ++at == pattern.size()) return std::nullopt;
      add(Step::Kind::byte, byte_of(pattern[at]));
      ++at;
    }
  }
  return compiled;
}

std::optional<std::size_t> WildPattern::read_class(std::string_view pattern, std::size_t at) {
  ++at;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;

  // The bytes between the brackets, escapes resolved; a '-' that makes a range is told from one that was escaped.
  struct Member {
    std::uint8_t byte;
    bool escaped;
  };
  std::vector<Member> members;
  for (;; ++at) {
    if (at >= pattern.size()) return std::nullopt;
    if (pattern[at] == ']' && !members.empty()) break;
    const bool escaped = pattern[at] == '\\';
    if (escaped && ++at >= pattern.size()) return std::nullopt;
    members.push_back({byte_of(pattern[at]), escaped});
  }

  Class bytes;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i + 2 < members.size() && members[i + 1].byte == '-' && !members[i + 1].escaped) {
      bytes.set(members[i].byte);  // also where the range is the wrong way round
      for (unsigned b = members[i].byte; b <= members[i + 2].byte; ++b) bytes.set(b);
      i += 2;
    } else {
      bytes.set(members[i].byte);
    }
  }
  if (negated) bytes.flip();
  bytes.reset('/');
  classes_.push_back(bytes);
  return at + 1;
}

// All ways through the pattern are followed at once: `here[i]` says that steps 0…i-1 have matched the bytes so far.
bool WildPattern::matches(std::string_view path) const {
  const std::size_t count = steps_.size();
  std::vector<std::uint8_t> here(count + 1);
  std::vector<std::uint8_t> next(count + 1);
  // Steps that may match nothing let the way go on past them.
  const auto skip_optional = [&](std::vector<std::uint8_t>& states) {
    for (std::size_t i = 0; i < count; ++i) {
      if (states[i] == 0) continue;
      const Step::Kind kind = steps_[i].kind;
      if (kind == Step::Kind::run || kind == Step::Kind::any_run) states[i + 1] = 1;
      if (kind == Step::Kind::folders) states[i + 1] = states[i + 2] = 1;
    }
  };
  here[0] = 1;
  skip_optional(here);
  for (const char c : path) {
    const std::uint8_t byte = byte_of(c);
    std::fill(next.begin(), next.end(), 0);
    bool alive = false;
    for (std::size_t i = 0; i < count; ++i) {
      if (here[i] == 0) continue;
      const Step& step = steps_[i];
      bool stays = false;
      bool goes_on = false;
      switch (step.kind) {
        case Step::Kind::byte: goes_on = byte == step.value; break;
        case Step::Kind::not_slash: goes_on = byte != '/'; break;
        case Step::Kind::one_of: goes_on = classes_[step.value][byte]; break;
        case Step::Kind::run: stays = byte != '/'; break;
        case Step::Kind::any: goes_on = true; break;
        case Step::Kind::any_run: stays = true; break;
        case Step::Kind::folders: break;
        case Step::Kind::folders_way:
          stays = true;
          goes_on = byte == '/';
          break;
      }
      if (stays) next[i] = 1;
      if (goes_on) next[i + 1] = 1;
      alive = alive || stays || goes_on;
    }
    if (!alive) return false;
    skip_optional(next);
    here.swap(next);
  }
  return here[count] != 0;
}

}  // namespace muster::client
