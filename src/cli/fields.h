#pragma once
// Reading the server's answers for display: what is absent or of another type reads as empty, never as an error. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"

namespace muster::cli {

/// 0 when absent.
std::int64_t number_at(const Json& object, const char* key);
TimeUs time_at(const Json& object, const char* key);

/// "k=v k2=v2" of an object of strings; a key whose value is empty stands alone.
std::string pairs_text(const Json& object);

/// How long from one moment to another (or to `now`, when the second is not there yet); "" when it has not begun.
std::string span_text(const Json& object, const char* from, const char* to, TimeUs now);

/// Reads "K=V" and "K" (an empty value). invalid without a key; `option` names what was read.
Result<Json> pairs_from(const std::vector<std::string>& pairs, std::string_view option);

}  // namespace muster::cli
