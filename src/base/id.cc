#include "base/id.h"

#include <sys/random.h>

#include <stdexcept>

#include "base/text.h"

namespace muster {

std::string random_hex(int bytes) {
  std::string raw(static_cast<std::size_t>(bytes), '\0');
  // Up to 256 bytes, getrandom is never interrupted and never short (getrandom(2)).
  if (bytes > 256 || getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size())) throw std::runtime_error("getrandom failed");
  return to_hex(raw);
}

std::string make_run_id(std::string_view experiment, TimeUs now) {
  return fmt::format("{}_{}_{}", experiment, now / 1'000'000, random_hex(4));
}

}  // namespace muster
