#pragma once
// Who makes a request, as its token tells.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "model/identity.h"
#include "model/run.h"
#include "scheduler/run_tokens.h"

namespace muster::api {

/// The processes of one attempt of a run: its runners, or what they started.
struct RunScope {
  scheduler::TokenHolder holder = scheduler::TokenHolder::job;
  std::string run_id;
  int attempt = 1;
  /// As it was when the request came. Null: the attempt is over, or the run is gone; the token opens nothing (Access).
  std::shared_ptr<const model::Run> run;
};

/// Either a user, by a token, or a run's process, which acts for the run's user.
struct Caller {
  std::string name;  ///< of the user: created_by of what it makes
  std::optional<model::Token> token;
  std::optional<RunScope> run;

  /// The only workspace that the caller reaches; nothing: all of them.
  std::optional<std::string> only_workspace() const { return token ? token->workspace : std::nullopt; }
};

}  // namespace muster::api
