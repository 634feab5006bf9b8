#pragma once
// Expectations kept in files under tests/golden. MUSTER_ACCEPT=1 writes what came out instead of comparing; `git diff` then shows what
// changed.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace muster::test {

inline std::filesystem::path golden_folder() { return std::filesystem::path(MUSTER_SOURCE_DIR) / "tests" / "golden"; }

/// The file's bytes; fails the test when it cannot be read.
inline std::string read_golden(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << "cannot read " << path;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

inline Json read_golden_json(const std::filesystem::path& path) { return Json::parse(read_golden(path), nullptr, false); }

/// The files of a folder that end so, sorted. Fails the test when there is none: a suite of goldens that finds no golden tests nothing.
inline std::vector<std::filesystem::path> golden_files(const std::filesystem::path& folder, std::string_view extension) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == extension) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  EXPECT_FALSE(files.empty()) << "no " << extension << " files in " << folder;
  return files;
}

/// Compares with what the file holds, or with MUSTER_ACCEPT=1 writes it.
inline void expect_golden(const std::filesystem::path& path, const Json& actual) {
  if (const char* accept = std::getenv("MUSTER_ACCEPT"); accept != nullptr && std::string_view(accept) == "1") {
    std::ofstream(path) << actual.dump(2) << '\n';
    return;
  }
  EXPECT_EQ(read_golden_json(path), actual) << "differs from " << path << "; MUSTER_ACCEPT=1 rewrites it";
}

}  // namespace muster::test
