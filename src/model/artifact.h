#pragma once
// A file that a run left or was given.

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

struct Artifact {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
  TimeUs created_at = 0;
  std::string created_by;
  int attempt = 1;
};
/// As the API shows it.
Json to_json(const Artifact& artifact);

}  // namespace muster::model
