#pragma once
// Links that sign a browser in, each once and soon: in memory alone.

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace muster::api {

/// Thread-safe.
class SignInLinks {
 public:
  static constexpr std::chrono::seconds kLife{120};
  static constexpr std::size_t kMost = 1'000;  ///< then the one that ends first makes room

  struct Link {
    std::string secret;
    TimeUs expires_at = 0;
  };
  /// For the token of that key.
  Link make(std::int64_t token_key, TimeUs now);
  /// The token's key, the first time and before it expires.
  std::optional<std::int64_t> take(std::string_view secret, TimeUs now);

 private:
  struct Waiting {
    std::int64_t token_key = 0;
    TimeUs expires_at = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Waiting> by_hash_;
};

}  // namespace muster::api
