#include "base/result.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace muster {
namespace {

constexpr std::array<std::pair<Code, std::string_view>, 12> kNames{{
    {Code::malformed, "malformed"},
    {Code::unauthorized, "unauthorized"},
    {Code::forbidden, "forbidden"},
    {Code::not_found, "not_found"},
    {Code::method_not_allowed, "method_not_allowed"},
    {Code::timeout, "timeout"},
    {Code::conflict, "conflict"},
    {Code::too_large, "too_large"},
    {Code::invalid, "invalid"},
    {Code::internal, "internal"},
    {Code::unavailable, "unavailable"},
    {Code::disk_full, "disk_full"},
}};

}  // namespace

std::string_view to_string(Code code) {
  for (const auto& [value, name] : kNames) {
    if (value == code) return name;
  }
  return "internal";
}

Code code_from_string(std::string_view name) {
  for (const auto& [value, known] : kNames) {
    if (known == name) return value;
  }
  return Code::internal;
}

Error system_error(std::string_view doing, int error_number) {
  std::array<char, 128> buffer{};
  const char* words = strerror_r(error_number, buffer.data(), buffer.size());
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Error{
      full ? Code::disk_full : Code::internal, fmt::format("{}: {}", doing, words), full ? "free some space on that disk" : "", {}};
}

}  // namespace muster
