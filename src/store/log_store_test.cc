#include "store/log_store.h"

#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/file.h"
#include "support/no_descriptors.h"
#include "support/small_disk.h"
#include "support/temp_folder.h"

namespace muster::store {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::Field;

const std::string kRun(32, 'a');
const LogId kLog{kRun, 1, 0, "azureml-logs/70_driver_log.txt"};

std::string all_of(const LogStore& logs, const LogId& id) { return logs.read(id, 0, 1 << 20).value_or("(none)"); }

TEST(LogStore, AppendsAndReadsBack) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  EXPECT_EQ(logs.size(kLog), 0u);
  EXPECT_EQ(logs.append(kLog, 0, "hello ", 10, 3), 6u);
  EXPECT_EQ(logs.append(kLog, 6, "world", 20, 3), 11u);
  EXPECT_EQ(all_of(logs, kLog), "hello world");
  EXPECT_EQ(logs.read(kLog, 6, 3), "wor");
  EXPECT_EQ(logs.read(kLog, 11, 3), "");
  EXPECT_EQ(logs.read(kLog, 99, 3), "");
  EXPECT_EQ(logs.info(kLog)->rank, 3);
  EXPECT_EQ(logs.read({kRun, 1, 0, "other"}, 0, 1).error().code, Code::not_found);
  EXPECT_EQ(logs.info({kRun, 2, 0, kLog.path}).error().code, Code::not_found);
}

TEST(LogStore, WhatIsThereAlreadyIsSkippedAndAGapRefused) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  ASSERT_TRUE(logs.append(kLog, 0, "abcdef", 10, 0));
  EXPECT_EQ(logs.append(kLog, 0, "abcdef", 10, 0), 6u);
  EXPECT_EQ(logs.append(kLog, 2, "cd", 10, 0), 6u);
  EXPECT_EQ(logs.append(kLog, 4, "efgh", 10, 0), 8u);
  const auto gap = logs.append(kLog, 9, "j", 10, 0);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, Code::conflict);
  EXPECT_EQ(all_of(logs, kLog), "abcdefgh");
}

TEST(LogStore, GathersAnyRepeatedPiecesAndRestartsIntoTheSameBytes) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    const test::TempFolder folder;
    auto logs = std::make_unique<LogStore>(folder.path());
    std::mt19937 random(*rc::gen::arbitrary<unsigned>());
    const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit)(random); };
    std::size_t size = 0;
    while (size < text.size()) {
      const auto from = below(size);
      const auto count = below(text.size() - from);
      size = std::max(size, from + count);
      RC_ASSERT(logs->append(kLog, from, std::string_view(text).substr(from, count), 1, 0) == size);
      if (below(4) == 0) logs = std::make_unique<LogStore>(folder.path());
    }
    RC_ASSERT(text.empty() || all_of(*logs, kLog) == text);
  }));
}

TEST(LogStore, MarksTellWhenBytesCame) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  ASSERT_TRUE(logs.append(kLog, 0, "aa", 1'000'000, 0));
  ASSERT_TRUE(logs.append(kLog, 2, "bb", 1'000'001, 0));  // too soon for a mark of its own
  ASSERT_TRUE(logs.append(kLog, 4, "cc", 2'000'000, 0));
  ASSERT_TRUE(logs.append(kLog, 6, "dd", 1'500'000, 0));  // the node's clock was set back
  const auto marks = logs.marks(kLog).value();
  ASSERT_EQ(marks.size(), 3u);
  EXPECT_EQ(marks[0].offset, 0u);
  EXPECT_EQ(marks[1].offset, 4u);
  EXPECT_EQ(marks[1].time, 2'000'000);
  EXPECT_EQ(marks[2].time, 2'000'000);
  EXPECT_EQ(logs.marks(kLog, 5).value().front().offset, 4u);
  EXPECT_EQ(logs.time_at(kLog, 0), 1'000'000);
  EXPECT_EQ(logs.time_at(kLog, 3), 1'000'000);
  EXPECT_EQ(logs.time_at(kLog, 4), 2'000'000);
  EXPECT_EQ(logs.time_at(kLog, 99), 2'000'000);
  EXPECT_EQ(logs.time_at({kRun, 1, 0, "none"}, 0), 0);
  LogStore later(folder.path());
  ASSERT_TRUE(later.append(kLog, 8, "ee", 1'700'000, 0));
  EXPECT_EQ(later.time_at(kLog, 8), 2'000'000) << "nor does it after a restart";
  EXPECT_TRUE(logs.marks({kRun, 1, 0, "none"}).value().empty());
}

TEST(LogStore, AKillBetweenBytesAndMarkIsHarmless) {
  const test::TempFolder folder;
  {
    LogStore logs(folder.path());
    ASSERT_TRUE(logs.append(kLog, 0, "one\n", 1'000'000, 0));
  }
  const fs::path node = folder / kRun / "1" / "0";
  const Fd index = open_file(node / "index" / kLog.path, O_WRONLY | O_APPEND).value();
  ASSERT_TRUE(write_all(index.get(), "torn"));
  const Fd data = open_file(node / "data" / kLog.path, O_WRONLY | O_APPEND).value();
  ASSERT_TRUE(write_all(data.get(), "two\n"));
  LogStore logs(folder.path());
  EXPECT_EQ(logs.marks(kLog).value().size(), 1u);
  EXPECT_EQ(logs.append(kLog, 4, "two\nthree\n", 2'000'000, 0), 14u);
  EXPECT_EQ(all_of(logs, kLog), "one\ntwo\nthree\n");
  const auto marks = logs.marks(kLog).value();
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[1].offset, 8u);
}

TEST(LogStore, ACompleteLogGrowsNoMore) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  ASSERT_TRUE(logs.append(kLog, 0, "all", 1, 0));
  EXPECT_FALSE(logs.info(kLog)->complete);
  ASSERT_TRUE(logs.complete(kLog));
  ASSERT_TRUE(logs.complete(kLog));
  EXPECT_TRUE(logs.info(kLog)->complete);
  EXPECT_EQ(logs.info(kLog)->rank, 0);
  EXPECT_EQ(logs.append(kLog, 0, "all", 1, 0), 3u) << "a repeated call is still answered";
  EXPECT_EQ(logs.append(kLog, 3, "more", 1, 0).error().code, Code::conflict);
  ASSERT_TRUE(logs.complete({kRun, 1, 0, "azureml-logs/empty.txt"}));
  EXPECT_EQ(logs.info({kRun, 1, 0, "azureml-logs/empty.txt"})->size, 0u);
}

TEST(LogStore, ListsByAttemptNodeAndPath) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  for (const LogId& id : {LogId{kRun, 2, 0, "b"}, LogId{kRun, 1, 10, "a"}, LogId{kRun, 1, 2, "z"}, LogId{kRun, 1, 2, "logs/x/y.txt"}}) {
    ASSERT_TRUE(logs.append(id, 0, "x", 1, std::nullopt));
  }
  std::vector<std::string> names;
  const auto found = logs.list(kRun).value();
  for (const LogInfo& log : found) names.push_back(fmt::format("{}/{}/{}", log.id.attempt, log.id.node_rank, log.id.path));
  EXPECT_THAT(names, ElementsAre("1/2/logs/x/y.txt", "1/2/z", "1/10/a", "2/0/b"));
  EXPECT_EQ(logs.list(kRun, 2)->size(), 1u);
  EXPECT_TRUE(logs.list(std::string(32, 'b'))->empty());

  ASSERT_TRUE(logs.complete_all(kRun, 1, 2));
  EXPECT_TRUE(logs.info({kRun, 1, 2, "z"})->complete);
  EXPECT_FALSE(logs.info({kRun, 1, 10, "a"})->complete);
  ASSERT_TRUE(logs.complete_all(kRun, 1));
  EXPECT_TRUE(logs.info({kRun, 1, 10, "a"})->complete);
  EXPECT_FALSE(logs.info({kRun, 2, 0, "b"})->complete);
}

TEST(LogStore, AFolderThatCannotBeReadIsAnErrorNotARunWithoutLogs) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  ASSERT_TRUE(logs.append(kLog, 0, "x", 1, 3));
  {
    const test::NoDescriptors none;
    EXPECT_EQ(logs.list(kRun).error().code, Code::unavailable);
    EXPECT_EQ(logs.complete_all(kRun, 1).error().code, Code::unavailable);
    EXPECT_EQ(logs.sync(kRun, 1, 0).error().code, Code::unavailable);
    EXPECT_EQ(logs.info(kLog).error().code, Code::unavailable) << "whose it is, is not known";
    EXPECT_EQ(logs.marks(kLog).error().code, Code::unavailable);
  }
  EXPECT_EQ(logs.list(kRun)->size(), 1U);
  EXPECT_EQ(logs.info(kLog)->rank, 3);
}

TEST(LogStore, NamesStayInTheirFolderAndDoNotMeet) {
  const test::TempFolder folder;
  LogStore logs(folder / "logs");
  for (const char* path : {"", "/etc/passwd", "../x", "a/../../x", "a//b", ".", "a\xff"}) {
    EXPECT_EQ(logs.append({kRun, 1, 0, path}, 0, "x", 1, 0).error().code, Code::invalid) << path;
    EXPECT_EQ(logs.open({kRun, 1, 0, path}).error().code, Code::invalid) << path;
  }
  for (const std::string& uuid : {std::string(".."), std::string(), std::string(32, 'A'), std::string(31, 'a') + "/"}) {
    EXPECT_EQ(logs.append({uuid, 1, 0, "a"}, 0, "x", 1, 0).error().code, Code::invalid) << uuid;
    EXPECT_FALSE(logs.remove(uuid)) << uuid;
    EXPECT_FALSE(logs.list(uuid)) << uuid;
  }
  ASSERT_TRUE(logs.append({kRun, 1, 0, "a.txt"}, 0, "x", 1, 0));
  ASSERT_TRUE(logs.append({kRun, 1, 0, "a.txt.index"}, 0, "y", 1, 0));
  EXPECT_EQ(all_of(logs, {kRun, 1, 0, "a.txt"}), "x");
  EXPECT_EQ(logs.append({kRun, 1, 0, "a.txt/b"}, 0, "x", 1, 0).error().code, Code::invalid);
  EXPECT_EQ(logs.append({kRun, 1, 0, std::string(300, 'n')}, 0, "x", 1, 0).error().code, Code::invalid);
}

TEST(LogStore, RemoveTakesAllOfARunAndNothingElse) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  const LogId other{std::string(32, 'b'), 1, 0, "x"};
  ASSERT_TRUE(logs.append(kLog, 0, "x", 1, 0));
  ASSERT_TRUE(logs.append(other, 0, "x", 1, 0));
  ASSERT_TRUE(logs.remove(kRun));
  ASSERT_TRUE(logs.remove(kRun));
  EXPECT_FALSE(fs::exists(folder / kRun));
  EXPECT_EQ(logs.size(other), 1u);
  EXPECT_EQ(logs.append(kLog, 0, "new", 1, 0), 3u);
}

std::ptrdiff_t open_descriptors() { return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()); }

TEST(LogStore, KeepsFewFilesOpen) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  const auto before = open_descriptors();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 400; ++i) ASSERT_TRUE(logs.append({kRun, 1, i, "log"}, static_cast<std::uint64_t>(round), "x", 1, i));
  }
  EXPECT_LE(open_descriptors() - before, 260);
}

TEST(LogStore, ManyThreadsMayAppendTheSamePieces) {
  const test::TempFolder folder;
  LogStore logs(folder.path());
  std::string text;
  for (int i = 0; i < 200; ++i) text += fmt::format("line {}\n", i);
  std::atomic<int> faults = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::size_t at = 0; at < text.size(); at += 10) {
        if (!logs.append(kLog, at, std::string_view(text).substr(at, 10), static_cast<TimeUs>(at), 0)) ++faults;
        if (!text.starts_with(all_of(logs, kLog))) ++faults;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(all_of(logs, kLog), text);
}

TEST(LogStore, AFullDiskKeepsWhatFittedAndGoesOnLater) {
  test::on_small_disk(1 << 20, [](const fs::path& disk) {
    LogStore logs(disk);
    ASSERT_TRUE(logs.append(kLog, 0, "start ", 1, 0));
    const fs::path filler = test::fill_disk(disk);
    const std::string large(100'000, 'x');
    const auto refused = logs.append(kLog, 6, large, 2, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::disk_full);
    fs::remove(filler);
    EXPECT_EQ(logs.append(kLog, 6, large, 2, 0), 100'006u);
    EXPECT_EQ(all_of(logs, kLog), "start " + large);
  });
}

std::string path_of(int fd) { return fs::read_symlink("/proc/self/fd/" + std::to_string(fd)).string(); }

TEST(LogStore, SyncReachesBytesNamesAndFoldersAndOnlyWhatChanged) {
  const test::TempFolder folder;
  std::set<std::string> synced;
  const fs::path root = fs::canonical(folder.path()) / "logs";
  LogStore logs(root, [&](int fd) { return synced.insert(path_of(fd)), 0; });
  const LogId deep{kRun, 1, 0, "logs/a/b.log"};
  ASSERT_TRUE(logs.append(kLog, 0, "hello", 1, 0));
  ASSERT_TRUE(logs.append(deep, 0, "hello", 1, std::nullopt));
  ASSERT_TRUE(logs.append({kRun, 1, 1, "other"}, 0, "hello", 1, std::nullopt));
  EXPECT_TRUE(synced.empty());
  ASSERT_TRUE(logs.sync(kRun, 1, 0));
  const fs::path node = root / kRun / "1/0";
  for (const char* kind : {"data", "index", "meta"}) {
    for (const char* name : {"", "azureml-logs", "azureml-logs/70_driver_log.txt", "logs", "logs/a", "logs/a/b.log"})
      EXPECT_TRUE(synced.contains((node / kind / name).lexically_normal().string()) || *name == '\0') << kind << " " << name;
    EXPECT_TRUE(synced.contains((node / kind).string()));
  }
  for (const fs::path& above : {node, root / kRun / "1", root / kRun, root}) EXPECT_TRUE(synced.contains(above.string())) << above;
  EXPECT_FALSE(synced.contains((root / kRun / "1/1/data/other").string()));
  synced.clear();
  ASSERT_TRUE(logs.sync(kRun, 1, 0));
  EXPECT_TRUE(synced.empty());
  ASSERT_TRUE(logs.append(deep, 5, "!", 2, std::nullopt));
  ASSERT_TRUE(logs.sync(kRun, 1, 0));
  EXPECT_THAT(synced, ElementsAre((node / "data/logs/a/b.log").string(), (node / "index/logs/a/b.log").string()));
  // What a process before this one wrote is not known to be on the disk.
  synced.clear();
  LogStore again(root, [&](int fd) { return synced.insert(path_of(fd)), 0; });
  ASSERT_TRUE(again.sync(kRun, 1, 0));
  EXPECT_TRUE(synced.contains((node / "data/logs/a/b.log").string()));
  ASSERT_TRUE(again.sync(kRun, 7, 3));
}

TEST(LogStore, AfterAFailedSyncTheLogIsEmptyAndTakesItsBytesAgain) {
  const test::TempFolder folder;
  std::string broken;
  LogStore logs(folder / "logs", [&](int fd) {
    if (broken.empty() || path_of(fd).find(broken) == std::string::npos) return 0;
    errno = EIO;
    return -1;
  });
  const LogId fine{kRun, 1, 0, "fine"};
  ASSERT_TRUE(logs.append(kLog, 0, "hello", 1, 0));
  ASSERT_TRUE(logs.append(fine, 0, "hello", 1, 0));
  broken = "data/azureml-logs/70";
  const auto failed = logs.sync(kRun, 1, 0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::storage_failed);
  EXPECT_THAT(failed.error().detail, testing::HasSubstr("70_driver_log.txt"));
  broken.clear();
  // The kernel has dropped what it could not write: a sync that succeeds now says nothing of it.
  EXPECT_EQ(logs.size(kLog).value(), 0);
  EXPECT_EQ(all_of(logs, fine), "hello");
  EXPECT_EQ(logs.append(kLog, 5, "!", 2, 0).error().code, Code::conflict);
  ASSERT_TRUE(logs.append(kLog, 0, "hello!", 2, 0));
  ASSERT_TRUE(logs.sync(kRun, 1, 0));
  EXPECT_EQ(all_of(logs, kLog), "hello!");
  // Of a folder the names are written again.
  ASSERT_TRUE(logs.append({kRun, 1, 0, "new/log"}, 0, "x", 1, 0));
  broken = "data/new";
  EXPECT_FALSE(logs.sync(kRun, 1, 0));
  EXPECT_FALSE(logs.sync(kRun, 1, 0));
  broken.clear();
  EXPECT_TRUE(logs.sync(kRun, 1, 0));
}

}  // namespace
}  // namespace muster::store
