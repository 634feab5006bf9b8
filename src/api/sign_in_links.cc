#include "api/sign_in_links.h"

#include <algorithm>

#include "base/hash.h"
#include "base/id.h"

namespace muster::api {

SignInLinks::Link SignInLinks::make(std::int64_t token_key, TimeUs now) {
  Link link{"ml_" + random_hex(32), now + std::chrono::microseconds(kLife).count()};
  const std::lock_guard lock(mutex_);
  std::erase_if(by_hash_, [&](const auto& one) { return one.second.expires_at <= now; });
  if (by_hash_.size() >= kMost) {
    by_hash_.erase(std::min_element(by_hash_.begin(), by_hash_.end(),
                                    [](const auto& a, const auto& b) { return a.second.expires_at < b.second.expires_at; }));
  }
  by_hash_[sha256_hex(link.secret)] = {token_key, link.expires_at};
  return link;
}

std::optional<std::int64_t> SignInLinks::take(std::string_view secret, TimeUs now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_hash_.find(sha256_hex(secret));
  if (found == by_hash_.end()) return std::nullopt;
  const Waiting link = found->second;
  by_hash_.erase(found);
  if (link.expires_at <= now) return std::nullopt;
  return link.token_key;
}

}  // namespace muster::api
