#include "base/crash_point.h"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"

namespace muster {
namespace {

constexpr const char* kVariable = "MUSTER_CRASH_AT";

std::string& meant() {
  static std::string point;
  return point;
}

std::atomic<std::int64_t> times_left{1};

}  // namespace

std::atomic<bool> detail::crash_point_is_armed{false};

void arm_crash_point(std::string_view program, ForChildren others) {
  const char* value = std::getenv(kVariable);  // NOLINT(concurrency-mt-unsafe): before there are threads
  if (value == nullptr) return;
  std::string point = value;
  std::int64_t times = 1;
  if (const auto colon = point.find(':'); colon != std::string::npos) {
    if (!parse_int64(std::string_view(point).substr(colon + 1), times)) times = 1;
    point.resize(colon);
  }
  const bool heeded = point.size() > program.size() && point.starts_with(program) && point[program.size()] == '.';
  if (heeded || others == ForChildren::remove) ::unsetenv(kVariable);  // NOLINT(concurrency-mt-unsafe)
  if (!heeded) return;
  meant() = std::move(point);
  times_left = times;
  detail::crash_point_is_armed = true;
}

void detail::crash_if_meant(std::string_view point) {
  if (point == meant() && --times_left == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace muster
