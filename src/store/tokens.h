#pragma once
// Bearer tokens of people and programs. Only their SHA-256 is kept: they are long and random, so that a plain hash tells nothing.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/session.h"

namespace muster::store::tokens {

struct Token {
  std::int64_t key = 0;
  std::string name;  ///< who holds it; becomes created_by of what it makes
  TimeUs created_at = 0;
};

/// Remembers `secret`. conflict when it is known already.
Result<Token> add(Session& session, std::string_view secret, std::string_view name, TimeUs now);
std::optional<Token> find(Session& session, std::string_view secret);
/// False when there was none.
bool remove(Session& session, std::string_view secret);

}  // namespace muster::store::tokens
