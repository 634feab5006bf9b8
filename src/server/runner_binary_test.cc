#include "server/runner_binary.h"

#include <sys/stat.h>

#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::server {
namespace {
namespace fs = std::filesystem;

struct RunnerBinary : testing::Test {
  void SetUp() override { ASSERT_TRUE(write_file(program, bytes, 0755)); }
  fs::path keep() {
    const auto kept = keep_runner_binary(folder / "home/bin", program, true);
    EXPECT_TRUE(kept) << kept.error().detail;
    return kept.value_or("");
  }
  test::TempFolder folder;
  fs::path program = folder / "program";
  std::string bytes = std::string(3'000'000, 'm') + "end";
};

TEST_F(RunnerBinary, IsKeptOnce) {
  const fs::path kept = keep();
  EXPECT_EQ(read_file(kept).value(), bytes);
  EXPECT_EQ(fs::status(kept).permissions() & fs::perms::owner_exec, fs::perms::owner_exec);
  const auto made = fs::last_write_time(kept);
  EXPECT_EQ(keep(), kept);
  EXPECT_EQ(fs::last_write_time(kept), made);
}

TEST_F(RunnerBinary, ACopyThatAPowerCutEmptiedIsMadeAgain) {
  const fs::path kept = keep();
  for (const std::string& damaged : {std::string(), bytes.substr(0, 1'000'000), std::string(bytes.size(), '\0'), bytes + "x"}) {
    ASSERT_TRUE(write_file(kept, damaged, 0750));
    EXPECT_EQ(keep(), kept);
    EXPECT_EQ(read_file(kept).value(), bytes);
  }
  // Nothing else is left beside it.
  EXPECT_EQ(std::distance(fs::directory_iterator(kept.parent_path()), {}), 1);
}

TEST_F(RunnerBinary, ACopyOfAnotherModeCanBeRunAgain) {
  const fs::path kept = keep();
  for (const mode_t mode : {0640u, 0000u, 0777u, 04750u}) {
    ASSERT_EQ(::chmod(kept.c_str(), mode), 0);
    EXPECT_EQ(keep(), kept);
    EXPECT_EQ(static_cast<mode_t>(fs::status(kept).permissions()), 0750u);
  }
}

TEST_F(RunnerBinary, WhatIsNoFileIsReplaced) {
  const fs::path kept = keep();
  ASSERT_TRUE(fs::remove(kept));
  fs::create_symlink(program, kept);
  EXPECT_EQ(keep(), kept);
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(kept)));
}

TEST_F(RunnerBinary, CopiesOfOtherBuildsGoWhenNothingUsesThem) {
  const fs::path old = keep();
  ASSERT_TRUE(write_file(program, bytes + "new", 0755));
  const auto kept = keep_runner_binary(folder / "home/bin", program, false);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(fs::exists(old));
  EXPECT_EQ(keep(), *kept);
  EXPECT_FALSE(fs::exists(old.parent_path()));
}

}  // namespace
}  // namespace muster::server
