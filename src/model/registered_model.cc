#include "model/registered_model.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace muster::model {
Json to_json(const ModelVersion& version) {
  Json files = Json::array();
  for (const ModelFile& file : version.files) files.push_back({{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}});
  return {{"name", version.name},
          {"version", version.version},
          {"id", fmt::format("{}:{}", version.name, version.version)},
          {"run_id", text_or_null(version.run_id)},
          {"experiment", text_or_null(version.experiment)},
          {"description", version.description},
          {"framework", text_or_null(version.framework)},
          {"framework_version", text_or_null(version.framework_version)},
          {"tags", version.tags},
          {"properties", version.properties},
          {"created_at", time_to_json(version.created_at)},
          {"created_by", version.created_by},
          {"size", version.size},
          {"files", std::move(files)}};
}

}  // namespace muster::model
