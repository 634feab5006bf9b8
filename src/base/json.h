#pragma once
// JSON, by nlohmann: parsing never throws and is limited, dumping never throws. Whoever makes, holds or looks into a Json includes
// <nlohmann/json.hpp>; whoever only passes one on is spared its compilation.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/result.h"

namespace muster {

using Json = nlohmann::json;

struct JsonLimits {
  std::size_t bytes = 8u << 20;
  int depth = 64;
};

/// malformed (with the position) for anything but one JSON value in UTF-8; invalid for a number like 1e400; too_large past the limits.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

/// Compact, always valid UTF-8 (malformed bytes become U+FFFD).
std::string dump_json(const Json& value);

/// A double as the API shows it: non-finite values are the strings "NaN", "Infinity", "-Infinity".
Json number_to_json(double value);

/// The member of an object; null when there is none, or when it is no object.
const Json& member(const Json& object, const char* key);
/// The text under the key; "" when there is none.
std::string text_at(const Json& object, const char* key);

/// Null for a text that is empty.
Json text_or_null(const std::string& text);

/// A moment as RFC 3339, null for 0.
Json time_to_json(TimeUs time);

/// Reads the members of one JSON object and gathers every fault (wrong type, missing, unknown key), so that all are told at once.
/// Usage: `ObjectReader in(body); auto name = in.text("name"); …; MUSTER_TRY(in.finish("experiment"));`
/// A value is only good once finish() has succeeded. Not thread-safe; `object` must outlive the reader.
class ObjectReader {
 public:
  /// `ignored`: of what a newer version wrote, which may say more.
  enum class OtherKeys { refused, ignored };
  explicit ObjectReader(const Json& object, OtherKeys others = OtherKeys::refused);

  /// Required members.
  std::string text(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high);
  /// Optional ones: absent or null gives the fallback.
  std::string text_or(std::string_view key, std::string fallback);
  std::optional<std::string> optional_text(std::string_view key);
  std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high);
  std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t low, std::int64_t high);
  bool boolean_or(std::string_view key, bool fallback);
  std::vector<std::string> texts_or_empty(std::string_view key);
  std::map<std::string, std::string> text_map_or_empty(std::string_view key);
  /// As text_map, but null values are allowed: {"key": null} asks to remove the key.
  std::map<std::string, std::optional<std::string>> text_patch_or_empty(std::string_view key);
  /// The raw member, or nullptr when absent or null. For nested objects and lists.
  const Json* member(std::string_view key);
  bool has(std::string_view key) const;

  /// Adds a fault found by the caller; of several about one field, the first is kept.
  void fault(std::string field, std::string detail, std::string hint = {});
  /// Adds the faults of a nested object that was read by a reader of its own, told as "<field>.<theirs>".
  void adopt(std::string_view field, const Error& error);

  /// invalid with all faults, unknown keys included unless they are ignored, when there is any (the first 100 and how many more). `what`
  /// names the thing read.
  Result<void> finish(std::string_view what);

 private:
  const Json* find(std::string_view key);
  const Json& object_;
  const OtherKeys others_;
  std::vector<std::string> known_;
  std::vector<FieldError> faults_;
  std::size_t more_faults_ = 0;  ///< beyond those kept
};

}  // namespace muster
