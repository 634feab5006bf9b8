#pragma once
// Small questions about text.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

/// Lower-case hex of the bytes.
std::string to_hex(std::string_view bytes);

std::string base64(std::string_view bytes);

/// 0 to 9, whatever the locale: std::isdigit and std::isalnum ask it, and names go into paths, URLs and cgroup names.
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// A to Z and a to z.
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// With A to Z, and no other character, in lower case.
std::string to_lower(std::string_view text);

/// Whether the bytes are well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view bytes);

/// The bytes with every malformed sequence replaced by U+FFFD.
std::string to_utf8(std::string_view bytes);

/// Takes the ending off the text, in whatever case it is; false when it has not that ending.
bool take_ending(std::string_view& text, std::string_view lower_case_ending);

/// How many characters (code points) the UTF-8 text has.
std::size_t utf8_length(std::string_view text);

/// Splits at every `separator`; "" gives one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// A whole decimal number, nothing around it; false when it is not one or does not fit.
bool parse_int64(std::string_view text, std::int64_t& value);
/// A number that is all of the text, "inf" and "nan" included; false when it is not one or is out of range.
bool parse_double(std::string_view text, double& value);

/// Whether the path stays inside its folder: relative, UTF-8, '/'-separated, no empty, "." or ".." part, no NUL, at most 4096 bytes.
bool is_safe_relative_path(std::string_view path);

/// "1.5 GiB", "300 MiB", "12 bytes": for people.
std::string human_size(std::uint64_t bytes);

}  // namespace muster
