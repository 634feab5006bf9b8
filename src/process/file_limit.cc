#include "process/file_limit.h"

#include <algorithm>

#include "base/guarded.h"

namespace muster::process {
namespace {

constexpr rlim_t kEnough = 1u << 20;  // with limits of a thousand million, some kernels and tools walk through all of them

Guarded<std::optional<rlimit>>& before() {
  static Guarded<std::optional<rlimit>> limit;
  return limit;
}

}  // namespace

std::uint64_t raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  const rlim_t wanted = std::min(limit.rlim_max, kEnough);
  if (wanted <= limit.rlim_cur) return limit.rlim_cur;
  const rlimit raised{wanted, limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) return limit.rlim_cur;
  before().with([&](std::optional<rlimit>& kept) {
    if (!kept) kept = limit;
  });
  return wanted;
}

std::optional<rlimit> file_limit_of_children() {
  return before().with([](const std::optional<rlimit>& kept) { return kept; });
}

}  // namespace muster::process
