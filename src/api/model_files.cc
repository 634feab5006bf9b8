#include "api/model_files.h"

#include "base/text.h"
#include "store/artifacts.h"

namespace muster::api {
namespace {

constexpr int kNamedFiles = 20;
constexpr std::size_t kMostFiles = 100'000;

tl::unexpected<Error> nothing_there(const std::vector<model::Artifact>& some, std::string_view path) {
  std::vector<std::string> names;
  for (const model::Artifact& artifact : some) names.push_back(artifact.path);
  std::string there = names.empty() ? "the run has no artifacts" : "there are " + join(names, ", ");
  if (names.size() == kNamedFiles) there += ", …";
  Error error{Code::invalid,
              fmt::format("model: the run has written no '{}'; {}", path.substr(0, 300), there),
              "give the path of one of them, or of their folder",
              {}};
  error.errors.push_back({"path", fmt::format("nothing was written there; {}", there), error.hint});
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<std::vector<model::ModelFile>> files_of_path(store::Session& session, std::int64_t run_key, std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with("./")) path.remove_prefix(2);
  const std::size_t slash = path.rfind('/');
  const std::size_t parent = slash == std::string_view::npos ? 0 : slash + 1;
  if (const auto file = store::artifacts::find(session, run_key, path)) {
    return std::vector<model::ModelFile>{{std::string(path.substr(parent)), file->size, file->sha256}};
  }
  std::vector<model::ModelFile> files;
  store::PageRequest page{"", 1000};
  const std::string folder = std::string(path) + "/";
  while (!path.empty()) {
    MUSTER_TRY_ASSIGN(const auto found, store::artifacts::list(session, run_key, folder, page));
    for (const model::Artifact& artifact : found.items) files.push_back({artifact.path.substr(parent), artifact.size, artifact.sha256});
    if (files.size() > kMostFiles) return fail(Code::invalid, "model: '{}' has more than {} files", path, kMostFiles);
    if (!found.next) break;
    page.cursor = *found.next;
  }
  if (!files.empty()) return files;
  MUSTER_TRY_ASSIGN(const auto some, store::artifacts::list(session, run_key, "", store::PageRequest{"", kNamedFiles}));
  return nothing_there(some.items, path);
}

}  // namespace muster::api
