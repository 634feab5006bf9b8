#include "cli/fields.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/terminal/times.h"

namespace muster::cli {

std::int64_t number_at(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

TimeUs time_at(const Json& object, const char* key) { return from_rfc3339(text_at(object, key)).value_or(0); }

std::string pairs_text(const Json& object) {
  std::string text;
  if (!object.is_object()) return text;
  for (const auto& [key, value] : object.items()) {
    if (!text.empty()) text += ' ';
    text += key;
    const std::string words = value.is_string() ? value.get<std::string>() : dump_json(value);
    if (!words.empty()) text += "=" + words;
  }
  return text;
}

std::string span_text(const Json& object, const char* from, const char* to, TimeUs now) {
  const TimeUs began = time_at(object, from);
  const TimeUs ended = time_at(object, to);
  return began == 0 ? "" : duration_words((ended == 0 ? now : ended) - began);
}

Result<Json> pairs_from(const std::vector<std::string>& pairs, std::string_view option) {
  Json object = Json::object();
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    if (key.empty()) return fail_hint(Code::invalid, "write it as KEY=VALUE", "{}: \"{}\" has no key", option, to_utf8(pair));
    object[key] = equals == std::string::npos ? "" : pair.substr(equals + 1);
  }
  return object;
}

}  // namespace muster::cli
