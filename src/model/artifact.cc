#include "model/artifact.h"

#include <nlohmann/json.hpp>

namespace muster::model {

Json to_json(const Artifact& artifact) {
  return {{"path", artifact.path}, {"size", artifact.size}, {"sha256", artifact.sha256}, {"created_at", time_to_json(artifact.created_at)}};
}

}  // namespace muster::model
