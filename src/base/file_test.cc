#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <latch>
#include <thread>

#include "support/temp_folder.h"

namespace muster {
namespace {
namespace fs = std::filesystem;

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(ReadFile, HoldsItsLimit) {
  test::TempFolder folder;
  ASSERT_TRUE(write_file(folder / "a", std::string(1000, 'x')));
  EXPECT_EQ(read_file(folder / "a", 1000)->size(), 1000u);
  EXPECT_EQ(read_file(folder / "a", 999).error().code, Code::too_large);
  EXPECT_EQ(read_file(folder / "none").error().code, Code::not_found);
  EXPECT_FALSE(read_file(folder.path())) << "a folder";
}

TEST(ReadTail, IsTheEndOfWhatCanBeRead) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_file(folder / "file", "0123456789"));
  EXPECT_EQ(read_tail(folder / "file", 3), "789");
  EXPECT_EQ(read_tail(folder / "file", 100), "0123456789");
  EXPECT_EQ(read_tail(folder / "none", 3), "");
  EXPECT_EQ(read_tail(folder.path(), 3), "");
}

TEST(WriteFile, ReplacesWholeAndLeavesNothingElse) {
  test::TempFolder folder;
  ASSERT_TRUE(write_file(folder / "a", "first", 0600));
  ASSERT_TRUE(write_file(folder / "a", "second", 0600, Durable::no));
  EXPECT_EQ(*read_file(folder / "a"), "second");
  EXPECT_EQ(entries(folder.path()), 1u);
  struct stat info {};
  ASSERT_EQ(::stat((folder / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_FALSE(write_file(folder / "no/such/folder", "x"));
}

TEST(AtomicFile, WhatIsNotCommittedIsGone) {
  test::TempFolder folder;
  ASSERT_TRUE(write_file(folder / "a", "old"));
  {
    auto file = AtomicFile::create(folder / "a");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("new"));
    EXPECT_EQ(*read_file(folder / "a"), "old") << "not before commit";
  }
  EXPECT_EQ(*read_file(folder / "a"), "old");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(AtomicFile, WhatAKilledProcessLeftIsRemovedWhenItIsOld) {
  test::TempFolder folder;
  for (const char* name : {".muster-0123456789ab.tmp", ".muster-ba9876543210.tmp", "a.tmp", ".muster-kept"})
    ASSERT_TRUE(write_file(folder / name, "x"));
  for (const char* old : {".muster-0123456789ab.tmp", "a.tmp", ".muster-kept"}) {
    std::filesystem::last_write_time(folder / old, std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  }
  remove_abandoned(folder.path(), std::chrono::hours(1));
  EXPECT_EQ(entries(folder.path()), 3u);
  EXPECT_FALSE(std::filesystem::exists(folder / ".muster-0123456789ab.tmp"));
  remove_abandoned(folder / "no such folder", std::chrono::hours(1));
}

TEST(AtomicFile, AMovedFromOneDiscardsNothing) {
  test::TempFolder folder;
  auto file = AtomicFile::create(folder / "a");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("new"));
  {
    AtomicFile moved(std::move(*file));
    ASSERT_TRUE(moved.commit());
  }
  EXPECT_EQ(*read_file(folder / "a"), "new");
}

TEST(AtomicFile, AFailedCommitLeavesTheOldFile) {
  test::TempFolder folder;
  ASSERT_TRUE(make_folders(folder / "a/full"));  // a folder of that name can't be replaced
  auto file = AtomicFile::create(folder / "a");
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("new"));
  EXPECT_FALSE(file->commit());
  EXPECT_TRUE(fs::is_directory(folder / "a"));
}

TEST(WriteAll, SaysThatTheDiskIsFull) {
  auto full = open_file("/dev/full", O_WRONLY);
  ASSERT_TRUE(full);
  const auto written = write_all(full->get(), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::disk_full);
  EXPECT_FALSE(written.error().hint.empty());
}

TEST(RemoveTree, NeverFollowsLinks) {
  test::TempFolder folder;
  ASSERT_TRUE(make_folders(folder / "kept"));
  ASSERT_TRUE(write_file(folder / "kept/file", "x"));
  ASSERT_TRUE(make_folders(folder / "gone/deep"));
  fs::create_directory_symlink(folder / "kept", folder / "gone/link");
  ASSERT_TRUE(remove_tree(folder / "gone"));
  EXPECT_FALSE(fs::exists(folder / "gone"));
  EXPECT_TRUE(fs::exists(folder / "kept/file"));
  EXPECT_TRUE(remove_tree(folder / "gone")) << "fine when there is none";
}

TEST(RemoveTree, TwoAtOnceBothSucceed) {
  test::TempFolder folder;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 200; ++i) {
      const fs::path one = folder / "tree" / std::to_string(i % 20);
      ASSERT_TRUE(make_folders(one));
      std::ofstream(one / std::to_string(i)) << i;
    }
    Result<void> others;
    std::latch both(2);
    std::thread other([&] {
      both.arrive_and_wait();
      others = remove_tree(folder / "tree");
    });
    both.arrive_and_wait();
    const auto own = remove_tree(folder / "tree");
    other.join();
    EXPECT_TRUE(own) << own.error().detail;
    EXPECT_TRUE(others) << others.error().detail;
    EXPECT_FALSE(fs::exists(folder / "tree"));
  }
}

TEST(FreeBytes, IsMoreThanNothing) {
  test::TempFolder folder;
  EXPECT_GT(*free_bytes(folder.path()), 0u);
  EXPECT_FALSE(free_bytes(folder / "none"));
}

}  // namespace
}  // namespace muster
