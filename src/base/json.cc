#include "base/json.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"

namespace muster {
namespace {

constexpr std::size_t kMostFaults = 100;

/// Deepest nesting of brackets outside strings. Counted before parsing, so that no recursion ever meets a hostile depth.
int nesting(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes) return fail(Code::too_large, "the JSON text is larger than {}", human_size(limits.bytes));
  if (nesting(text) > limits.depth) return fail(Code::malformed, "the JSON text is nested deeper than {} levels", limits.depth);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    // nlohmann's text is "[json.exception.parse_error.101] parse error at line 1, column 5: …".
    const std::string_view words = error.what();
    const std::size_t at = words.find("] ");
    return fail(Code::malformed, "not JSON: {}", to_utf8(at == std::string_view::npos ? words : words.substr(at + 2)));
  } catch (const Json::out_of_range&) {
    return fail(Code::invalid, "the JSON text has a number that is too large");
  }
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json number_to_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

const Json& member(const Json& object, const char* key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto at = object.find(key);
  return at == object.end() ? kNull : *at;
}

std::string text_at(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : "";
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json time_to_json(TimeUs time) { return time == 0 ? Json() : Json(to_rfc3339(time)); }

ObjectReader::ObjectReader(const Json& object, OtherKeys others) : object_(object), others_(others) {
  if (!object.is_object()) fault("", fmt::format("must be an object, not {}", object.type_name()));
}

const Json* ObjectReader::find(std::string_view key) {
  known_.emplace_back(key);
  if (!object_.is_object()) return nullptr;
  const auto at = object_.find(key);
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

bool ObjectReader::has(std::string_view key) const { return object_.is_object() && object_.contains(key); }

const Json* ObjectReader::member(std::string_view key) { return find(key); }

std::optional<std::string> ObjectReader::optional_text(std::string_view key) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  fault(std::string(key), fmt::format("must be a string, not {}", value->type_name()));
  return std::nullopt;
}

std::string ObjectReader::text(std::string_view key) {
  if (object_.is_object() && (!object_.contains(key) || object_.at(std::string(key)).is_null())) fault(std::string(key), "is required");
  return optional_text(key).value_or("");
}

std::string ObjectReader::text_or(std::string_view key, std::string fallback) { return optional_text(key).value_or(std::move(fallback)); }

std::optional<std::int64_t> ObjectReader::optional_integer(std::string_view key, std::int64_t low, std::int64_t high) {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_integer() && !(value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX);
  if (fits && value->get<std::int64_t>() >= low && value->get<std::int64_t>() <= high) return value->get<std::int64_t>();
  fault(std::string(key), fmt::format("must be a whole number from {} to {}, not {}", low, high, dump_json(*value).substr(0, 40)));
  return std::nullopt;
}

std::int64_t ObjectReader::integer_or(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high) {
  return optional_integer(key, low, high).value_or(fallback);
}

std::int64_t ObjectReader::integer(std::string_view key, std::int64_t low, std::int64_t high) {
  if (object_.is_object() && (!object_.contains(key) || object_.at(std::string(key)).is_null())) fault(std::string(key), "is required");
  return optional_integer(key, low, high).value_or(low);
}

bool ObjectReader::boolean_or(std::string_view key, bool fallback) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  fault(std::string(key), fmt::format("must be true or false, not {}", value->type_name()));
  return fallback;
}

std::vector<std::string> ObjectReader::texts_or_empty(std::string_view key) {
  const Json* value = find(key);
  std::vector<std::string> texts;
  if (value == nullptr) return texts;
  if (!value->is_array()) {
    fault(std::string(key), fmt::format("must be a list of strings, not {}", value->type_name()));
    return texts;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& item = (*value)[i];
    // A wrong item keeps its place, so that what is said of later ones names the right place.
    texts.push_back(item.is_string() ? item.get<std::string>() : std::string());
    if (!item.is_string()) fault(fmt::format("{}[{}]", key, i), fmt::format("must be a string, not {}", item.type_name()));
  }
  return texts;
}

std::map<std::string, std::optional<std::string>> ObjectReader::text_patch_or_empty(std::string_view key) {
  const Json* value = find(key);
  std::map<std::string, std::optional<std::string>> texts;
  if (value == nullptr) return texts;
  if (!value->is_object()) {
    fault(std::string(key), fmt::format("must be an object of strings, not {}", value->type_name()));
    return texts;
  }
  for (const auto& [name, item] : value->items()) {
    if (item.is_string())
      texts[name] = item.get<std::string>();
    else if (item.is_null())
      texts[name] = std::nullopt;
    else
      fault(fmt::format("{}.{}", key, name), fmt::format("must be a string, not {}", item.type_name()));
  }
  return texts;
}

std::map<std::string, std::string> ObjectReader::text_map_or_empty(std::string_view key) {
  std::map<std::string, std::string> texts;
  for (auto& [name, value] : text_patch_or_empty(key)) {
    if (value)
      texts[name] = std::move(*value);
    else
      fault(fmt::format("{}.{}", key, name), "must be a string, not null");
  }
  return texts;
}

void ObjectReader::fault(std::string field, std::string detail, std::string hint) {
  const auto same = [&](const FieldError& one) { return one.field == field; };
  if (!field.empty() && std::any_of(faults_.begin(), faults_.end(), same)) return;
  // A list of a million wrong items must not become an answer of a million faults.
  if (faults_.size() < kMostFaults)
    faults_.push_back({std::move(field), std::move(detail), std::move(hint)});
  else
    ++more_faults_;
}

void ObjectReader::adopt(std::string_view field, const Error& error) {
  if (error.errors.empty()) fault(std::string(field), error.detail, error.hint);
  for (const FieldError& one : error.errors) {
    const std::string_view dot = field.empty() || one.field.empty() ? "" : ".";
    fault(fmt::format("{}{}{}", field, dot, one.field), one.detail, one.hint);
  }
}

Result<void> ObjectReader::finish(std::string_view what) {
  if (object_.is_object() && others_ == OtherKeys::refused) {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) fault(to_utf8(key), "is not known here");
    }
  }
  if (faults_.empty()) return {};
  Error error{Code::invalid, "", "", faults_};
  std::vector<std::string> words;
  for (const FieldError& one : error.errors)
    words.push_back(one.field.empty() ? one.detail : fmt::format("`{}` {}", one.field, one.detail));
  if (more_faults_ > 0) words.push_back("and " + counted(more_faults_, "more fault"));
  error.detail = fmt::format("{}: {}", what, join(words, "; "));
  error.hint = faults_.front().hint;
  return tl::unexpected(std::move(error));
}

}  // namespace muster
