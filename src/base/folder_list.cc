#include "base/folder_list.h"

#include <algorithm>

namespace muster {
namespace fs = std::filesystem;
namespace {

std::error_code read_names(const fs::path& folder, std::vector<std::string>& names) {
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (const fs::directory_iterator end; !error && at != end; at.increment(error)) names.push_back(at->path().filename().string());
  return error;
}

Result<void> add_files(const fs::path& folder, const fs::path& prefix, std::vector<std::string>& paths) {
  MUSTER_TRY_ASSIGN(const std::vector<std::string> names, list_if_there(folder));
  for (const std::string& name : names) {
    std::error_code error;
    const fs::file_type type = fs::symlink_status(folder / name, error).type();
    if (type == fs::file_type::none) return tl::unexpected(system_error("look at " + (folder / name).string(), error.value()));
    if (type == fs::file_type::regular) paths.push_back((prefix / name).string());
    if (type == fs::file_type::directory) MUSTER_TRY(add_files(folder / name, prefix / name, paths));
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> list_folder(const fs::path& folder) { return list_folder(folder, read_names); }

Result<std::vector<std::string>> list_folder(const fs::path& folder, const ReadNames& read) {
  return try_again([&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    const std::error_code error = read(folder, names);
    if (error == std::errc::no_such_file_or_directory) return fail(Code::not_found, "list the folder {}: it is not there", folder.string());
    if (error) return tl::unexpected(system_error("list the folder " + folder.string(), error.value()));
    std::sort(names.begin(), names.end());
    return names;
  });
}

Result<std::vector<std::string>> list_if_there(const fs::path& folder) {
  auto names = list_folder(folder);
  if (!names && names.error().code == Code::not_found) return std::vector<std::string>{};
  return names;
}

Result<std::vector<std::string>> files_below(const fs::path& folder) {
  std::vector<std::string> paths;
  MUSTER_TRY(add_files(folder, {}, paths));
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace muster
