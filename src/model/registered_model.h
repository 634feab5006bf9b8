#pragma once
// A version of a registered model.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

struct ModelFile {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
};

struct ModelVersion {
  std::int64_t key = 0;  ///< inside the store
  std::string name;
  std::int64_t version = 0;
  std::string run_id;      ///< "" when it came from no run
  std::string experiment;  ///< of that run
  std::string description;
  std::string framework;
  std::string framework_version;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> properties;
  TimeUs created_at = 0;
  std::string created_by;
  std::uint64_t size = 0;  ///< of all files together
  std::vector<ModelFile> files;
};
/// As the API shows it.
Json to_json(const ModelVersion& version);

}  // namespace muster::model
