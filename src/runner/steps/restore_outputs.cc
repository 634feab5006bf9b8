#include <fcntl.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "runner/persist.h"
#include "runner/restored_outputs.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

constexpr const char* kPrefix = "outputs/";

struct Artifact {
  std::string path;
  std::string sha256;
};

/// One page; `cursor` becomes the next one's, "" after the last.
Result<std::vector<Artifact>> list_page(client::Api& api, const std::string& path, std::string& cursor) {
  client::Query query{{"prefix", kPrefix}, {"limit", "1000"}};
  if (!cursor.empty()) query.emplace_back("cursor", cursor);
  MUSTER_TRY_ASSIGN(const Json answer, api.get(path, query));
  std::vector<Artifact> artifacts;
  for (const Json& item : answer.value("artifacts", Json::array())) {
    artifacts.push_back({item.value("path", ""), item.value("sha256", "")});
    if (!is_safe_relative_path(artifacts.back().path) || !artifacts.back().path.starts_with(kPrefix)) {
      return fail(Code::internal, "the server names an output '{}', which leads out of the run's folder", to_utf8(artifacts.back().path));
    }
  }
  const auto next = answer.find("next");
  cursor = next != answer.end() && next->is_string() ? next->get<std::string>() : "";
  return artifacts;
}

/// `own_fault` is set when the fault is this node's.
Result<void> download(client::Api& api, const std::string& from, const Artifact& artifact, const std::filesystem::path& to,
                      std::optional<Error>& own_fault) {
  const auto own = [&](Result<void> result) {
    if (!result) own_fault = result.error();
    return result;
  };
  MUSTER_TRY(own(make_folders(to.parent_path())));
  auto file = open_file(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) return own(tl::unexpected(file.error()));
  Sha256 hash;
  MUSTER_TRY(api.download(from, {}, [&](std::string_view bytes) {
    hash.update(bytes);
    return own(write_all(file->get(), bytes));
  }));
  if (hash.hex() != artifact.sha256) return fail(Code::unavailable, "{} did not arrive whole", artifact.path);
  return {};
}

}  // namespace

Result<void> restore_outputs(NodeRun& run) {
  if (!run.order.restore_outputs) return {};
  const std::stop_token stop = run.stop.asked_token();
  MUSTER_TRY_ASSIGN(const auto api, run.make_api(stop));
  const std::string list = api->in_workspace({"runs", run.order.run_id, "artifacts"});
  RestoredOutputs restored;
  std::string cursor;
  do {
    MUSTER_TRY_ASSIGN(const auto page, persist(stop, [&] { return list_page(*api, list, cursor); }));
    for (const Artifact& artifact : page) {
      const std::string from = api->in_workspace({"runs", run.order.run_id, "artifacts", artifact.path});
      std::optional<Error> own_fault;
      MUSTER_TRY(persist(stop, [&]() -> Result<void> {
        auto once = download(*api, from, artifact, run.folder.root() / artifact.path, own_fault);
        return own_fault ? Result<void>{} : std::move(once);
      }));
      if (own_fault) return tl::unexpected(*own_fault);
      restored.emplace(artifact.path, artifact.sha256);
    }
  } while (!cursor.empty());
  return save_restored(restored, run.folder.restored());
}

}  // namespace muster::runner::steps
