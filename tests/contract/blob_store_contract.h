#pragma once
// What every BlobStore promises. A backend's test includes this and instantiates BlobStoreContract with a function that opens an empty
// store.

#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

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
    const auto file = store.open(sha256);
    if (!file) return "(" + file.error().detail + ")";
    std::string bytes;
    char buffer[8192];
    for (ssize_t n = 0; (n = ::read(file->get(), buffer, sizeof buffer)) > 0;) bytes.append(buffer, static_cast<std::size_t>(n));
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
