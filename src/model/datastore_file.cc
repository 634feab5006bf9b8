#include "model/datastore_file.h"

#include <nlohmann/json.hpp>

namespace muster::model {

Json to_json(const DatastoreFile& file) {
  return {{"path", file.path},
          {"size", file.size},
          {"sha256", file.sha256},
          {"written_at", time_to_json(file.written_at)},
          {"written_by", file.written_by}};
}

}  // namespace muster::model
