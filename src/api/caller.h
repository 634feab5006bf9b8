#pragma once
// Who makes a request, as its token tells.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

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

struct Caller {
  std::string name;             ///< created_by of what it makes
  std::optional<RunScope> run;  ///< nothing for people and their programs
};

}  // namespace muster::api
