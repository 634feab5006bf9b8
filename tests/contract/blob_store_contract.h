#pragma once
// What every BlobStore promises. A backend's test includes this and instantiates BlobStoreContract with a function that opens an empty
// store.

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/clock.h"
#include "base/hash.h"
#include "blob/blob_store.h"

namespace muster::test {

/// Opens a store with nothing in it; whatever it lives in must live as long as it does.
using OpenEmptyBlobStore = std::function<std::shared_ptr<blob::BlobStore>()>;

class BlobStoreContract : public testing::TestWithParam<OpenEmptyBlobStore> {
 protected:
  std::shared_ptr<blob::BlobStore> store_ = GetParam()();

  static Result<blob::BlobInfo> put(blob::BlobStore& store, std::string_view bytes, std::string_view expected = {}) {
    auto writer = store.create();
    if (!writer) return tl::unexpected(writer.error());
    if (auto written = (*writer)->write(bytes); !written) return tl::unexpected(written.error());
    return (*writer)->commit(expected);
  }

  static std::string read_back(blob::BlobStore& store, std::string_view sha256) {
    const auto source = store.open(sha256);
    if (!source) return "(" + source.error().detail + ")";
    std::string bytes((*source)->size(), '\0');
    const auto got = (*source)->read(0, bytes);
    if (!got) return "(" + got.error().detail + ")";
    bytes.resize(*got);
    return bytes;
  }
};

TEST_P(BlobStoreContract, KeepsWhatWasCommitted) {
  const auto info = put(*store_, "hello");
  ASSERT_TRUE(info) << info.error().detail;
  EXPECT_EQ(info->sha256, sha256_hex("hello"));
  EXPECT_EQ(info->size, 5u);
  EXPECT_TRUE(store_->has(info->sha256));
  EXPECT_EQ(store_->stat(info->sha256)->size, 5u);
  EXPECT_EQ(read_back(*store_, info->sha256), "hello");
}

TEST_P(BlobStoreContract, KeepsTheEmptyBlob) {
  ASSERT_TRUE(put(*store_, ""));
  EXPECT_EQ(store_->stat(sha256_hex(""))->size, 0u);
}

TEST_P(BlobStoreContract, HasNothingBeforeCommit) {
  auto writer = store_->create().value();
  ASSERT_TRUE(writer->write("half"));
  EXPECT_FALSE(store_->has(sha256_hex("half")));
  writer.reset();
  EXPECT_FALSE(store_->has(sha256_hex("half")));
}

TEST_P(BlobStoreContract, RefusesBytesOfAnotherHash) {
  const auto info = put(*store_, "hello", sha256_hex("other"));
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Code::invalid);
  EXPECT_FALSE(store_->has(sha256_hex("hello")));
  EXPECT_FALSE(store_->has(sha256_hex("other")));
  const auto all = store_->put_all({{sha256_hex("other"), "hello"}});
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().code, Code::invalid);
  EXPECT_FALSE(store_->has(sha256_hex("hello")));
}

TEST_P(BlobStoreContract, SaysNotFoundForWhatIsNotThereAndForWhatIsNoHash) {
  for (const std::string& name :
       {std::string(64, '0'), std::string("../../etc/passwd"), std::string(), std::string(64, 'G'), std::string("ab")}) {
    EXPECT_FALSE(store_->has(name));
    EXPECT_EQ(store_->stat(name).error().code, Code::not_found);
    EXPECT_EQ(store_->open(name).error().code, Code::not_found);
  }
}

TEST_P(BlobStoreContract, TakesTheSameBlobAgain) {
  ASSERT_TRUE(put(*store_, "twice", sha256_hex("twice")));
  ASSERT_TRUE(put(*store_, "twice", sha256_hex("twice")));
  ASSERT_TRUE(store_->put_all({{sha256_hex("twice"), "twice"}, {sha256_hex("twice"), "twice"}}));
  EXPECT_EQ(read_back(*store_, sha256_hex("twice")), "twice");
}

TEST_P(BlobStoreContract, GivesBackAnyBytesHoweverTheyCame) {
  EXPECT_TRUE(rc::check([&](const std::vector<std::string>& parts) {
    auto writer = store_->create().value();
    std::string whole;
    for (const std::string& part : parts) {
      RC_ASSERT(writer->write(part).has_value());
      whole += part;
    }
    const auto info = writer->commit(sha256_hex(whole));
    RC_ASSERT(info.has_value());
    RC_ASSERT(read_back(*store_, info->sha256) == whole);
  }));
}

TEST_P(BlobStoreContract, PutsManyAtOnce) {
  std::vector<std::string> contents;
  for (int i = 0; i < 300; ++i) contents.push_back("blob " + std::to_string(i));
  std::vector<blob::BlobStore::Bytes> blobs;
  for (const std::string& bytes : contents) blobs.push_back({sha256_hex(bytes), bytes});
  ASSERT_TRUE(store_->put_all(blobs));
  for (const auto& [sha256, bytes] : blobs) ASSERT_EQ(read_back(*store_, sha256), bytes);
  EXPECT_TRUE(store_->put_all({}));
}

TEST_P(BlobStoreContract, ReadsFromAnyPlaceOn) {
  ASSERT_TRUE(put(*store_, "0123456789"));
  const auto source = store_->open(sha256_hex("0123456789")).value();
  EXPECT_EQ(source->size(), 10u);
  std::string piece(4, '\0');
  EXPECT_EQ(source->read(5, piece).value(), 4u);
  EXPECT_EQ(piece, "5678");
  EXPECT_EQ(source->read(9, piece).value(), 1u);
  EXPECT_EQ(piece[0], '9');
  EXPECT_EQ(source->read(10, piece).value(), 0u);
}

TEST_P(BlobStoreContract, ListsEachBlobOnce) {
  std::set<std::string> stored;
  for (int i = 0; i < 50; ++i) stored.insert(put(*store_, "listed " + std::to_string(i)).value().sha256);
  const TimeUs now = SystemClock().now_us();
  std::set<std::string> listed;
  for (int byte = 0; byte < 256; ++byte) {
    const std::vector<blob::StoredBlob> found = store_->list(static_cast<std::uint8_t>(byte)).value();
    for (const blob::StoredBlob& one : found) {
      EXPECT_TRUE(listed.insert(one.sha256).second);
      EXPECT_EQ(one.size, read_back(*store_, one.sha256).size());
      EXPECT_GT(one.used_at, now - 60'000'000);
      EXPECT_LT(one.used_at, now + 60'000'000);
    }
  }
  EXPECT_EQ(listed, stored);
}

TEST_P(BlobStoreContract, RemovesWhatWasNotUsedSince) {
  const std::string sha256 = put(*store_, "removed").value().sha256;
  const TimeUs now = SystemClock().now_us();
  EXPECT_FALSE(store_->remove(sha256, now - 3'600'000'000).value()) << "it was of use since";
  EXPECT_TRUE(store_->has(sha256));
  const auto open = store_->open(sha256).value();
  EXPECT_TRUE(store_->remove(sha256, now + 3'600'000'000).value());
  EXPECT_FALSE(store_->has(sha256));
  EXPECT_EQ(store_->open(sha256).error().code, Code::not_found);
  std::string bytes(7, '\0');
  EXPECT_EQ(open->read(0, bytes).value(), 7u) << "who reads it reads on";
  EXPECT_EQ(bytes, "removed");
  for (const std::string& none : {sha256, std::string("../../etc/passwd"), std::string()})
    EXPECT_FALSE(store_->remove(none, now + 3'600'000'000).value());
  ASSERT_TRUE(put(*store_, "removed"));
  EXPECT_EQ(read_back(*store_, sha256), "removed");
}

TEST_P(BlobStoreContract, ManyThreadsMayStoreTheSame) {
  std::atomic<int> faults = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const std::string bytes = "shared " + std::to_string(i);
        if (!put(*store_, bytes, sha256_hex(bytes))) ++faults;
        // What this thread committed is there, whatever the others are doing with it.
        if (read_back(*store_, sha256_hex(bytes)) != bytes) ++faults;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
}

}  // namespace muster::test
