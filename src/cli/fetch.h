#pragma once
// Files from the server onto this disk: never over what is there, whole or not at all, and checked.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/context.h"

namespace muster::cli {

struct Fetch {
  std::string url_path;  ///< what to GET
  std::string name;      ///< for people
  std::uint64_t size = 0;
  std::string sha256;
  std::filesystem::path target;
};

enum class Overwrite { no, yes };

/// Refuses all when one target is there already (conflict, naming it; unless overwriting). Blocks; shows progress. A file that arrives
/// damaged is not kept (internal).
Result<void> fetch_files(Context& context, client::Api& api, const std::vector<Fetch>& files, Overwrite overwrite);

/// The files that a list tells of ({"path", "size", "sha256"} each), from `url_of(path)` to below `folder`; each entry says afterwards
/// where its file is, as "file". The answer has a line for each, for people. Errors are those of fetch_files() and target_below().
Result<std::string> fetch_listed(Context& context, client::Api& api, Json& entries,
                                 const std::function<std::string(const std::string& path)>& url_of, const std::filesystem::path& folder,
                                 Overwrite overwrite);

/// `folder`/`relative`, refused when the path would lead out of the folder: paths come from jobs.
Result<std::filesystem::path> target_below(const std::filesystem::path& folder, const std::string& relative);

}  // namespace muster::cli
