#pragma once
// Helpers of this room's tests: processes that misbehave, and waiting for what they do.

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "base/id.h"

namespace muster::process::testing {

/// True once `wanted` holds; false when it has not within the time.
inline bool eventually(const std::function<bool()>& wanted, std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!wanted()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

/// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("muster-test-" + random_hex(6))) { std::filesystem::create_directories(path_); }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::map<std::string, std::string> plain_variables() { return {{"PATH", "/usr/local/bin:/usr/bin:/bin"}}; }

}  // namespace muster::process::testing
