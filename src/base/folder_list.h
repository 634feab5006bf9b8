#pragma once
// What is in a folder, all of it or an error: half a list would be taken for the whole.

#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "base/result.h"

namespace muster {

/// Makes the call again while a fault of the disk, which may pass, is its answer: three times at most.
template <typename Call>
auto try_again(Call call) -> decltype(call()) {
  for (int left = 2;; --left) {
    auto result = call();
    if (result || left == 0 || result.error().code != Code::storage_failed) return result;
  }
}

/// Reads a folder once, adding each name to the list; a test has another in its place.
using ReadNames = std::function<std::error_code(const std::filesystem::path& folder, std::vector<std::string>& names)>;

/// The names in the folder, sorted. A list that breaks off is read again (try_again). not_found when there is no such folder. Blocks on the
/// disk; thread-safe.
Result<std::vector<std::string>> list_folder(const std::filesystem::path& folder);
Result<std::vector<std::string>> list_folder(const std::filesystem::path& folder, const ReadNames& read);
/// The same, with no names when there is no such folder.
Result<std::vector<std::string>> list_if_there(const std::filesystem::path& folder);

/// Paths, from `folder` on, of the regular files below it, sorted; follows no links. None when there is no such folder.
Result<std::vector<std::string>> files_below(const std::filesystem::path& folder);

}  // namespace muster
