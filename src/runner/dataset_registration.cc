#include "runner/dataset_registration.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "client/blobs.h"
#include "client/pages.h"

namespace muster::runner {
namespace {

constexpr int kMostTries = 20;  // somebody who registers at the same moment has taken a version
constexpr std::string_view kEnding = ".json";

/// The newest version there is; 0 for none.
Result<std::int64_t> newest(client::Api& api, const std::string& files, const std::string& folder) {
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(api, files, {{"prefix", folder}}, "files", 0));
  std::int64_t found = 0;
  for (const Json& file : list["files"]) {
    std::string_view name = file["path"].get_ref<const std::string&>();
    name.remove_prefix(std::min(name.size(), folder.size()));
    std::int64_t version = 0;
    if (name.ends_with(kEnding) && parse_int64(name.substr(0, name.size() - kEnding.size()), version)) found = std::max(found, version);
  }
  return found;
}

}  // namespace

Result<void> register_dataset(client::Api& api, const model::RunInput& upload, const std::filesystem::path& scratch) {
  const model::Registration& wanted = *upload.registration;
  const std::string folder = ".muster/datasets/" + wanted.name + "/";
  const std::string files = api.in_workspace({"datastores", upload.datastore, "files"});
  for (int tries = 1;; ++tries) {
    MUSTER_TRY_ASSIGN(const std::int64_t version, newest(api, files, folder));
    if (version > 0) {
      MUSTER_TRY_ASSIGN(const Json there, api.get(api.in_workspace({"datastores", upload.datastore, "files", ".muster", "datasets",
                                                                    wanted.name, std::to_string(version) + std::string(kEnding)})));
      if (text_at(there, "path") == upload.path && text_at(there, "datastore") == upload.datastore) return {};
    }
    const std::string text = dump_json({{"name", wanted.name},
                                        {"version", version + 1},
                                        {"datastore", upload.datastore},
                                        {"path", upload.path},
                                        {"description", text_or_null(wanted.description)},
                                        {"tags", wanted.tags}});
    const std::filesystem::path file = scratch / ".muster" / "dataset.json";
    MUSTER_TRY(write_file(file, text, 0600, Durable::no));
    const std::string sha256 = sha256_hex(text);
    MUSTER_TRY(client::upload_blobs(api, {{sha256, text.size(), file}}));
    const Json described{{"path", folder + std::to_string(version + 1) + std::string(kEnding)}, {"size", text.size()}, {"sha256", sha256}};
    MUSTER_TRY_ASSIGN(const Json answer, api.post(files, Json{{"files", Json::array({described})}, {"overwrite", false}}));
    if (!answer.contains("kept") || answer["kept"].empty()) return {};
    if (tries == kMostTries) return fail(Code::conflict, "{} others took its versions", kMostTries);
  }
}

}  // namespace muster::runner
