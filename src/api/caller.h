#pragma once
// Who makes a request, as its token tells.

#include <cstdint>
#include <optional>
#include <string>

namespace muster::api {

/// The processes of one attempt of a run. They reach their own run and little else (Access).
struct RunScope {
  std::string run_id;
  int attempt = 1;
  // Not filled in for the runner's protocol, which needs no look-up:
  std::string uuid;
  std::string workspace;
  std::optional<std::string> snapshot_id;
};

struct Caller {
  std::string name;             ///< created_by of what it makes
  std::optional<RunScope> run;  ///< nothing for people and their programs
};

}  // namespace muster::api
