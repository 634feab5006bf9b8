#pragma once
// Creating with an Idempotency-Key: the answer is stored in the transaction that creates, and a repeated request gets it again.

#include <functional>
#include <optional>

#include <nlohmann/json.hpp>

#include "api/call.h"

namespace muster::api {

inline constexpr std::int64_t kNoWorkspace = 0;

struct Created {
  int status = 201;
  Json body;
};

/// The first answer to a request that is repeated, or nothing. Ask before validating: what was valid then may not be now.
/// invalid for a key that is none; conflict when it came with another body.
Result<std::optional<http::Response>> earlier_answer(const Call& call, std::int64_t workspace_key);

/// Runs `make` in a write transaction (see Store::write for what it may do) and answers with what it returns; or with the first answer,
/// should the same request have come in between.
Result<http::Response> create(const Call& call, std::int64_t workspace_key, const std::function<Result<Created>(store::Session&)>& make);

}  // namespace muster::api
