#pragma once
// Where a local blob store keeps its files.

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace muster::blob {

struct Layout {
  std::filesystem::path root;

  std::filesystem::path uploads() const { return root / "tmp"; }
  std::filesystem::path fan() const { return root / "sha256"; }
  std::filesystem::path folder(std::string_view sha256) const { return fan() / sha256.substr(0, 2); }
  /// Below the root.
  static std::string name(std::string_view sha256) {
    return std::string("sha256/").append(sha256.substr(0, 2)).append("/").append(sha256.substr(2));
  }
  std::filesystem::path file(std::string_view sha256) const { return folder(sha256) / sha256.substr(2); }
};

/// A blob's last use (last_use.h).
inline TimeUs modified_at(const struct stat& file) {
  return static_cast<TimeUs>(file.st_mtim.tv_sec) * 1'000'000 + file.st_mtim.tv_nsec / 1000;
}

/// Makes the root's folders, and makes sure that what a killed process left is durable or gone.
Result<void> prepare(const Layout& layout);

}  // namespace muster::blob
