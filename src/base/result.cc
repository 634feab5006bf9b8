#include "base/result.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace muster {
namespace {

constexpr std::array<std::pair<Code, std::string_view>, 13> kNames{{
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
    {Code::storage_failed, "storage_failed"},
}};

Code code_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT: return Code::disk_full;
    case EMFILE:
    case ENFILE:
    case EAGAIN:
    case ENOMEM:
    case ENOBUFS: return Code::unavailable;
    case EIO:
    case EROFS:
    case EACCES:
    case EPERM:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ESTALE:
    case ETXTBSY:
    case EFBIG: return Code::storage_failed;
    default: return Code::internal;
  }
}

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
  const Code code = code_of(error_number);
  return Error{code, fmt::format("{}: {}", doing, words), code == Code::disk_full ? "free some space on that disk" : "", {}};
}

}  // namespace muster
