#include "model/names.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/plural.h"
#include "base/text.h"

namespace muster::model {
namespace {

enum class First { letter, letter_or_digit, letter_or_underscore };

struct Rule {
  std::size_t shortest;
  std::size_t longest;
  First first;
  std::string_view others;  ///< allowed beside letters and digits
};

std::string_view first_words(First first) {
  switch (first) {
    case First::letter: return "a letter";
    case First::letter_or_digit: return "a letter or a digit";
    case First::letter_or_underscore: return "a letter or '_'";
  }
  return "";
}

bool fits_first(First first, char c) {
  return is_letter(c) || (first == First::letter_or_digit && is_digit(c)) || (first == First::letter_or_underscore && c == '_');
}

std::optional<std::string> fault(std::string_view name, const Rule& rule) {
  const auto stranger = std::find_if(
      name.begin(), name.end(), [&](char c) { return !is_letter(c) && !is_digit(c) && rule.others.find(c) == std::string_view::npos; });
  std::string why;
  if (stranger != name.end()) {
    const auto printable = static_cast<unsigned char>(*stranger) > 0x20 && static_cast<unsigned char>(*stranger) < 0x7F;
    why = printable ? fmt::format("it has a '{}'", *stranger) : "it has a character outside printable ASCII";
  } else if (name.size() < rule.shortest || name.size() > rule.longest) {
    why = name.empty() ? "it is empty" : "it has " + counted(name.size(), "character");
  } else if (!fits_first(rule.first, name.front())) {
    why = fmt::format("it starts with '{}'", name.front());
  } else {
    return std::nullopt;
  }
  std::string others;
  for (const char c : rule.others) others += fmt::format(", '{}'", c);
  return fmt::format("must be {} to {} characters long, of letters, digits{}, {} first: {}", rule.shortest, rule.longest, others,
                     first_words(rule.first), why);
}

std::optional<std::string> pair_fault(std::string_view key, std::size_t longest_key, std::string_view value, std::size_t longest_value) {
  const std::size_t key_length = utf8_length(key);
  if (key_length < 1 || key_length > longest_key)
    return fmt::format("must have a key of 1 to {} characters: it has {}", longest_key, key_length);
  if (std::any_of(key.begin(), key.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return "must have a key without control characters";
  }
  if (const std::size_t length = utf8_length(value); length > longest_value) {
    return fmt::format("must have a value of at most {} characters: it has {}", longest_value, length);
  }
  if (value.find('\0') != std::string_view::npos) return "must have a value without NUL characters";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> experiment_name_fault(std::string_view name) { return fault(name, {1, 255, First::letter_or_digit, "_-"}); }

std::optional<std::string> run_id_fault(std::string_view name) { return fault(name, {1, 255, First::letter_or_digit, "_-"}); }
std::optional<std::string> workspace_name_fault(std::string_view name) { return fault(name, {3, 33, First::letter_or_digit, "_-"}); }

std::optional<std::string> compute_name_fault(std::string_view name) { return fault(name, {2, 16, First::letter, "-"}); }

std::optional<std::string> model_name_fault(std::string_view name) { return fault(name, {1, 255, First::letter_or_digit, "-._"}); }

std::optional<std::string> environment_name_fault(std::string_view name) { return fault(name, {1, 255, First::letter_or_digit, "_-."}); }

std::optional<std::string> user_name_fault(std::string_view name) { return fault(name, {1, 64, First::letter_or_digit, "_-.@+"}); }

std::optional<std::string> variable_name_fault(std::string_view name) { return fault(name, {1, 255, First::letter_or_underscore, "_"}); }

std::optional<std::string> tag_fault(std::string_view key, std::string_view value) { return pair_fault(key, 255, value, 5000); }

std::optional<std::string> parameter_fault(std::string_view name, std::string_view value) { return pair_fault(name, 250, value, 6000); }

std::optional<std::string> description_fault(std::string_view text) {
  constexpr std::size_t kLongestDescription = 5000;
  if (const std::size_t length = utf8_length(text); length > kLongestDescription)
    return fmt::format("must have at most {} characters, not {}", kLongestDescription, length);
  if (text.find('\0') != std::string_view::npos) return "must not hold a NUL character";
  return std::nullopt;
}

std::optional<std::string> display_name_fault(std::string_view name) {
  constexpr std::size_t kLongestDisplayName = 256;
  if (const std::size_t length = utf8_length(name); length > kLongestDisplayName) {
    return fmt::format("must have at most {} characters, not {}", kLongestDisplayName, length);
  }
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
    return "must be one line, without control characters";
  return std::nullopt;
}

}  // namespace muster::model
