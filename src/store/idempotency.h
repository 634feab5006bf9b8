#pragma once
// Answers to creating requests, kept so that a repeated request gets the first answer again. Look and remember in the transaction that
// creates.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "store/session.h"

namespace muster::store::idempotency {

struct Request {
  std::int64_t workspace_key = 0;
  std::string_view route;      ///< method and path
  std::string_view key;        ///< the Idempotency-Key header
  std::string_view body_hash;  ///< of the request's body
};

struct Answer {
  int status = 200;
  std::string body;
};

/// The first answer, or nothing for a new key. conflict when the key came with another body.
Result<std::optional<Answer>> find(Session& session, const Request& request);
void remember(Session& session, const Request& request, const Answer& answer, TimeUs now);
/// Forgets those remembered before `before` (the API promises 24 hours); how many.
std::int64_t purge(Session& session, TimeUs before);

}  // namespace muster::store::idempotency
