#pragma once
// Browsers that are signed in, each by a token. Only the SHA-256 of what their cookie holds is kept.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "store/session.h"

namespace muster::store::browser_sessions {

inline constexpr std::int64_t kMostOfOneToken = 50;

struct BrowserSession {
  std::int64_t token_key = 0;
  TimeUs expires_at = 0;
};

/// Remembers `secret`, and forgets sessions that have expired and the oldest of the token beyond kMostOfOneToken.
void add(Session& session, std::string_view secret, const BrowserSession& one, TimeUs now);
/// Also when it has expired. Nothing when it was never made, was signed out, or its token was revoked.
std::optional<BrowserSession> find(Session& session, std::string_view secret);
/// Signing out; one that is not there is no fault.
void remove(Session& session, std::string_view secret);

}  // namespace muster::store::browser_sessions
