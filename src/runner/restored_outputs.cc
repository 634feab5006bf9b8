#include "runner/restored_outputs.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"

namespace muster::runner {
namespace {

constexpr std::size_t kMostBytes = 1 << 30;  // as many outputs as a disk's inodes allow, not a limit of ours

}  // namespace

Result<void> save_restored(const RestoredOutputs& restored, const std::filesystem::path& path) {
  return write_file(path, dump_json(Json{{"files", restored}}), 0644, Durable::no);
}

Result<RestoredOutputs> load_restored(const std::filesystem::path& path) {
  const auto text = read_file(path);
  if (!text && text.error().code == Code::not_found) return RestoredOutputs{};
  if (!text) return tl::unexpected(text.error());
  MUSTER_TRY_ASSIGN(const Json json, parse_json(*text, {kMostBytes, 8}));
  ObjectReader in(json);
  const Json* files = in.member("files");
  MUSTER_TRY(in.finish("restored outputs"));
  if (files == nullptr || !files->is_object()) return fail(Code::malformed, "{} has no `files`", path.string());
  RestoredOutputs restored;
  for (const auto& [file, sha256] : files->items()) {
    if (!sha256.is_string()) return fail(Code::malformed, "{}: `{}` has no hash", path.string(), file);
    restored.emplace(file, sha256.get<std::string>());
  }
  return restored;
}

}  // namespace muster::runner
