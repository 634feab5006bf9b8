#pragma once
// Git's pattern matching for paths. Pure.

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace muster::client {

/// A pattern, ready to be matched. '*', '?' and classes stop at '/'; "**/" in front or between and "/**" at the end do not; '\' takes the
/// next character as it is. Bytes are compared, as Git does. Thread-safe.
class WildPattern {
 public:
  /// Nothing for a pattern that can match nothing: a class without its ']', a '\' at the end.
  static std::optional<WildPattern> compile(std::string_view pattern);

  /// Whether the pattern matches all of `path`. Takes at most time in the product of both lengths, whatever the pattern.
  bool matches(std::string_view path) const;

 private:
  struct Step {
    enum class Kind : std::uint8_t {
      byte,         ///< exactly `value`
      not_slash,    ///< any byte but '/'
      one_of,       ///< a byte of classes_[value]
      run,          ///< any number of bytes but '/'
      any,          ///< any byte
      any_run,      ///< any number of bytes
      folders,      ///< nothing, or what comes up to some '/' (the next step is the way there)
      folders_way,  ///< any bytes, left by a '/'
    };
    Kind kind;
    std::uint32_t value = 0;
  };
  using Class = std::bitset<256>;

  /// Reads "[…]" from its '[' on; where it ends, or nothing when it does not.
  std::optional<std::size_t> read_class(std::string_view pattern, std::size_t at);

  std::vector<Step> steps_;
  std::vector<Class> classes_;
};

}  // namespace muster::client
