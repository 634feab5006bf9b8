#include "store/browser_sessions.h"

#include "base/hash.h"

namespace muster::store::browser_sessions {

void add(Session& session, std::string_view secret, const BrowserSession& one, TimeUs now) {
  session.run("DELETE FROM browser_sessions WHERE expires_at <= ?", {now});
  session.run("INSERT INTO browser_sessions (hash, token_key, created_at, expires_at) VALUES (?, ?, ?, ?)",
              {sha256_hex(secret), one.token_key, now, one.expires_at});
  session.run(
      "DELETE FROM browser_sessions WHERE token_key = ? AND key NOT IN "
      "(SELECT key FROM browser_sessions WHERE token_key = ? ORDER BY key DESC LIMIT ?)",
      {one.token_key, one.token_key, kMostOfOneToken});
}

std::optional<BrowserSession> find(Session& session, std::string_view secret) {
  std::optional<BrowserSession> found;
  session.query("SELECT token_key, expires_at FROM browser_sessions WHERE hash = ?", {sha256_hex(secret)}, [&](const Row& row) {
    found = BrowserSession{row.integer(0), row.integer(1)};
  });
  return found;
}

void remove(Session& session, std::string_view secret) { session.run("DELETE FROM browser_sessions WHERE hash = ?", {sha256_hex(secret)}); }

}  // namespace muster::store::browser_sessions
