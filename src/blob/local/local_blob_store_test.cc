#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <thread>

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "contract/blob_store_contract.h"
#include "support/small_disk.h"
#include "support/temp_folder.h"

namespace muster::test {

INSTANTIATE_TEST_SUITE_P(Local, BlobStoreContract, testing::Values(OpenEmptyBlobStore([] {
                           struct InFolder {
                             TempFolder folder;
                             std::unique_ptr<blob::BlobStore> store = blob::open_local_blob_store((folder / "blobs").string()).value();
                           };
                           auto both = std::make_shared<InFolder>();
                           return std::shared_ptr<blob::BlobStore>(both, both->store.get());
                         })));

}  // namespace muster::test

namespace muster::blob {
namespace {
namespace fs = std::filesystem;

std::ptrdiff_t uploads(const fs::path& root) { return std::distance(fs::directory_iterator(root / "tmp"), fs::directory_iterator()); }

Result<BlobInfo> put(BlobStore& store, std::string_view bytes) {
  auto writer = store.create();
  if (!writer) return tl::unexpected(writer.error());
  if (auto written = (*writer)->write(bytes); !written) return tl::unexpected(written.error());
  return (*writer)->commit();
}

TEST(LocalBlobStore, LaysBlobsOutByTheirHash) {
  const test::TempFolder home;
  const auto store = open_local_blob_store(home.path().string()).value();
  ASSERT_TRUE(put(*store, "hello"));
  const std::string sha256 = sha256_hex("hello");
  EXPECT_EQ(read_file(home / "sha256" / sha256.substr(0, 2) / sha256.substr(2)), "hello");
  EXPECT_EQ(uploads(home.path()), 0);
}

TEST(LocalBlobStore, ClearsWhatAKilledProcessLeft) {
  const test::TempFolder home;
  {
    const auto store = open_local_blob_store(home.path().string()).value();
    ASSERT_TRUE(put(*store, "kept"));
    ASSERT_TRUE(write_file(home / "tmp" / "0123", "half a blo"));
  }
  const auto store = open_local_blob_store(home.path().string()).value();
  EXPECT_EQ(uploads(home.path()), 0);
  EXPECT_TRUE(store->has(sha256_hex("kept")));
}

TEST(LocalBlobStore, ABlobThatWasDamagedIsRepairedByTheNextUpload) {
  const test::TempFolder home;
  const auto store = open_local_blob_store(home.path().string()).value();
  const std::string bytes(3'000'000, 'x');
  const std::string sha256 = sha256_hex(bytes);
  const fs::path file = home / "sha256" / sha256.substr(0, 2) / sha256.substr(2);
  std::string other = bytes;
  other[2'000'000] = 'y';
  for (const std::string& damaged : {std::string(), bytes.substr(0, 100), std::string(bytes.size(), '\0'), other}) {
    for (const bool together : {false, true}) {
      ASSERT_TRUE(put(*store, bytes));
      ASSERT_TRUE(write_file(file, damaged));
      EXPECT_EQ(store->has(sha256), !damaged.empty());  // so that it is asked for
      if (together) {
        ASSERT_TRUE(store->put_all({{sha256, bytes}, {sha256_hex("other"), "other"}}));
      } else {
        ASSERT_TRUE(put(*store, bytes));
      }
      EXPECT_EQ(read_file(file), bytes);
      EXPECT_TRUE(store->has(sha256));
      EXPECT_EQ(uploads(home.path()), 0);
    }
  }
  ASSERT_TRUE(put(*store, ""));
  EXPECT_TRUE(store->has(sha256_hex("")));
}

void make_unused(const fs::path& root, const std::string& sha256, std::chrono::hours since) {
  const fs::path file = root / "sha256" / sha256.substr(0, 2) / sha256.substr(2);
  fs::last_write_time(file, fs::file_time_type::clock::now() - since);
}

TEST(LocalBlobStore, WhoeverAsksForABlobOrStoresItAgainKeepsIt) {
  const test::TempFolder home;
  const auto store = open_local_blob_store(home.path().string()).value();
  const std::string sha256 = put(*store, "asked for").value().sha256;
  const TimeUs cutoff = SystemClock().now_us() - kUseResolution.count();
  const std::vector<std::function<void()>> uses = {[&] { EXPECT_TRUE(store->has(sha256)); }, [&] { EXPECT_TRUE(store->stat(sha256)); },
                                                   [&] { EXPECT_TRUE(put(*store, "asked for")); },
                                                   [&] {
                                                     EXPECT_TRUE(store->put_all({{sha256, "asked for"}}));
                                                   }};
  for (const auto& use : uses) {
    make_unused(home.path(), sha256, std::chrono::hours(48));
    use();
    EXPECT_FALSE(store->remove(sha256, cutoff).value());
  }
  make_unused(home.path(), sha256, std::chrono::hours(48));
  EXPECT_TRUE(store->open(sha256)) << "reading what is referred to already needs no new use";
  EXPECT_TRUE(store->remove(sha256, cutoff).value());
}

TEST(LocalBlobStore, WhoFindsABlobWhileItIsBeingRemovedHasIt) {
  const test::TempFolder home;
  const auto store = open_local_blob_store(home.path().string()).value();
  const std::string sha256 = sha256_hex("contended");
  for (int round = 0; round < 200; ++round) {
    ASSERT_TRUE(put(*store, "contended"));
    make_unused(home.path(), sha256, std::chrono::hours(48));
    bool removed = false;
    std::thread remover([&] { removed = store->remove(sha256, SystemClock().now_us() - kUseResolution.count()).value(); });
    const bool found = round % 2 == 0 ? store->has(sha256) : put(*store, "contended").has_value();
    remover.join();
    if (found) {
      EXPECT_TRUE(store->open(sha256)) << (removed ? "removed after it was found" : "");
    }
  }
}

TEST(LocalBlobStore, LeavesNothingOfARefusedOrAbandonedUpload) {
  const test::TempFolder home;
  const auto store = open_local_blob_store(home.path().string()).value();
  {
    const auto writer = store->create().value();
    ASSERT_TRUE(writer->write("abandoned"));
    EXPECT_EQ(uploads(home.path()), 1);
  }
  EXPECT_FALSE(store->put_all({{sha256_hex("a"), "a"}, {sha256_hex("b"), "not b"}}));
  EXPECT_EQ(uploads(home.path()), 0);
}

TEST(LocalBlobStore, AFullDiskIsAnErrorThatLeavesNothingAndPasses) {
  test::on_small_disk(4 << 20, [](const fs::path& disk) {
    const auto store = open_local_blob_store((disk / "blobs").string()).value();
    ASSERT_TRUE(put(*store, "before"));
    const fs::path filler = test::fill_disk(disk);
    const std::string large(1 << 20, 'x');

    const auto refused = put(*store, large);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::disk_full) << refused.error().detail;
    const auto all = store->put_all({{sha256_hex(large), large}});
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().code, Code::disk_full);
    EXPECT_EQ(uploads(disk / "blobs"), 0);
    EXPECT_FALSE(store->has(sha256_hex(large)));
    EXPECT_TRUE(store->has(sha256_hex("before")));

    fs::remove(filler);
    EXPECT_TRUE(put(*store, large));
  });
}

TEST(LocalBlobStore, AWriterThatFailedOnceCannotCommit) {
  test::on_small_disk(4 << 20, [](const fs::path& disk) {
    const auto store = open_local_blob_store((disk / "blobs").string()).value();
    const auto writer = store->create().value();
    const fs::path filler = test::fill_disk(disk);
    ASSERT_FALSE(writer->write("lost"));
    fs::remove(filler);
    EXPECT_FALSE(writer->commit());
    EXPECT_FALSE(store->has(sha256_hex("")));
  });
}

TEST(LocalBlobStore, CannotBeOpenedWhereAFileIs) {
  const test::TempFolder home;
  ASSERT_TRUE(write_file(home / "blobs", "in the way"));
  EXPECT_FALSE(open_local_blob_store((home / "blobs").string()));
}

}  // namespace
}  // namespace muster::blob
