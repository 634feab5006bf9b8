#include "runner/sdk.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

TEST(Sdk, TheBinaryCarriesTheSourcesAndNothingElse) {
  const test::TempFolder home;
  const auto folder = unpack_sdk(home.path());
  ASSERT_TRUE(folder) << folder.error().detail;
  EXPECT_EQ(read_file(*folder / "muster/__init__.py").value(),
            read_file(std::filesystem::path(MUSTER_SOURCE_DIR) / "python/muster/__init__.py").value());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder)) {
    EXPECT_NE(entry.path().filename(), "__pycache__");
  }
}

TEST(Sdk, IsUnpackedOnceHoweverManyRunnersStart) {
  const test::TempFolder home;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(unpack_sdk(home.path())); });
  }
  for (std::thread& thread : threads) thread.join();
  std::size_t folders = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(home / "sdk")) ++folders;
  EXPECT_EQ(folders, 1U);
}

TEST(Sdk, LeavesNothingHalfUnpacked) {
  const test::TempFolder home;
  // An odd number of bytes: half of the archive may end where one of its files does.
  EXPECT_FALSE(unpack_sdk(home.path(), embedded_sdk().substr(0, embedded_sdk().size() / 2 | 1)));
  EXPECT_TRUE(std::filesystem::is_empty(home / "sdk"));
}

}  // namespace
}  // namespace muster::runner
