#include "store/tokens.h"

#include "base/hash.h"

namespace muster::store::tokens {

Result<Token> add(Session& session, std::string_view secret, std::string_view name, TimeUs now) {
  if (find(session, secret)) return fail(Code::conflict, "this token is known already");
  session.run("INSERT INTO tokens (hash, name, created_at) VALUES (?, ?, ?)", {sha256_hex(secret), name, now});
  return Token{session.last_key(), std::string(name), now};
}

std::optional<Token> find(Session& session, std::string_view secret) {
  std::optional<Token> found;
  session.query("SELECT key, name, created_at FROM tokens WHERE hash = ?", {sha256_hex(secret)}, [&](const Row& row) {
    found = Token{row.integer(0), row.text(1), row.integer(2)};
  });
  return found;
}

bool remove(Session& session, std::string_view secret) {
  return session.run("DELETE FROM tokens WHERE hash = ?", {sha256_hex(secret)}) > 0;
}

}  // namespace muster::store::tokens
