#include "client/snapshot/snapshot.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "client/blobs.h"
#include "client/snapshot/hash_files.h"
#include "model/snapshot.h"
#include "support/fake_http_server.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;
using test::FakeAnswer;
using test::FakeHttpServer;
using test::FakeRequest;

/// The blob and snapshot part of a server, kept in memory.
class FakeStore {
 public:
  FakeAnswer handle(const FakeRequest& request) {
    const std::lock_guard lock(mutex_);
    const std::string base = "/api/v1/workspaces/default/";
    const std::string what = request.target.substr(base.size());
    FakeAnswer answer;
    if (what == "blobs/missing") {
      answer.body = dump_json({{"missing", missing(Json::parse(request.body)["sha256"])}});
    } else if (what == "blobs") {
      read_archive(request.body);
      ++archives;
      answer.body = "{}";
    } else if (what.rfind("blobs/", 0) == 0) {
      if (sha256_hex(request.body) != what.substr(6))
        answer.status = 422;
      else
        blobs[what.substr(6)] = request.body;
      ++puts;
      answer.body = R"({"code": "invalid", "detail": "hash"})";
    } else {
      Json hashes = Json::array();
      const Json manifest = Json::parse(request.body);
      for (const Json& file : manifest["files"]) hashes.push_back(file["sha256"]);
      const Json lacking = missing(hashes);
      answer.status = lacking.empty() ? 201 : 409;
      if (lacking.empty())
        answer.body = dump_json({{"snapshot_id", model::snapshot_from_json(manifest)->snapshot_id}});
      else
        answer.body = dump_json({{"code", "conflict"}, {"detail", "blobs are missing"}, {"missing", lacking}});
    }
    return answer;
  }

  std::map<std::string, std::string> blobs;
  int archives = 0;
  int puts = 0;

 private:
  Json missing(const Json& hashes) const {
    Json list = Json::array();
    for (const Json& one : hashes) {
      if (blobs.count(one.get<std::string>()) == 0) list.push_back(one);
    }
    return list;
  }

  void read_archive(const std::string& bytes) {
    archive* reader = archive_read_new();
    archive_read_support_format_tar(reader);
    ASSERT_EQ(archive_read_open_memory(reader, bytes.data(), bytes.size()), ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
      std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
      ASSERT_EQ(archive_read_data(reader, content.data(), content.size()), static_cast<la_ssize_t>(content.size()));
      EXPECT_EQ(sha256_hex(content), archive_entry_pathname(entry));
      blobs[archive_entry_pathname(entry)] = content;
    }
    archive_read_free(reader);
  }

  std::mutex mutex_;
};

class SnapshotTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_ / "source"); }
  void TearDown() override { fs::remove_all(root_); }

  void file(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / "source" / path).parent_path());
    ASSERT_TRUE(write_file(root_ / "source" / path, text, 0644, Durable::no));
    // Older than the time in which a hash would not be trusted; only so does the cache come into play.
    fs::last_write_time(root_ / "source" / path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  Result<Snapshot> send() {
    ApiOptions options;
    options.address = {server_.url(), "t", "default"};
    const auto api = *Api::create(std::move(options));
    return send_snapshot(*api, {.folder = root_ / "source", .cache_folder = root_ / "cache", .limits = {}, .on_progress = {}});
  }

  fs::path root_ = fs::temp_directory_path() / ("muster-snapshot-" + random_hex(6));
  FakeStore store_;
  FakeHttpServer server_{[this](const FakeRequest& request) { return store_.handle(request); }};
};

TEST_F(SnapshotTest, SendsSmallFilesTogetherAndLargeOnesAlone) {
  file("train.py", "print()");
  file("copy.py", "print()");
  file("empty", "");
  file("large.bin", std::string(3 << 20, 'l'));
  const auto sent = send();
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(sent->file_count, 4u);
  EXPECT_EQ(store_.archives, 1);
  EXPECT_EQ(store_.puts, 1);
  EXPECT_EQ(store_.blobs.size(), 3u);
  EXPECT_EQ(store_.blobs.at(sha256_hex("print()")), "print()");
  EXPECT_EQ(sent->snapshot_id, model::snapshot_id({{"copy.py", 7, sha256_hex("print()"), 0644},
                                                   {"empty", 0, sha256_hex(""), 0644},
                                                   {"large.bin", 3 << 20, sha256_hex(std::string(3 << 20, 'l')), 0644},
                                                   {"train.py", 7, sha256_hex("print()"), 0644}}));
}

TEST_F(SnapshotTest, ManySmallFilesAreSplitIntoArchivesBelowTheLimit) {
  for (int i = 0; i < 50; ++i) file("f" + std::to_string(i), std::string(700'000, static_cast<char>('A' + i)));
  ASSERT_TRUE(send());
  EXPECT_EQ(store_.blobs.size(), 50u);
  EXPECT_EQ(store_.archives, 3);
  for (const FakeRequest& request : server_.requests()) EXPECT_LE(request.body.size(), 16u << 20) << "what the server takes";
}

TEST_F(SnapshotTest, ASecondTimeSendsOnlyTheManifest) {
  for (int i = 0; i < 20; ++i) file("f" + std::to_string(i), std::to_string(i));
  const auto first = send();
  ASSERT_TRUE(first);
  // What was just made has a fresh change time, so it is hashed again; what matters is that nothing is sent again.
  const auto before = server_.requests().size();
  const auto second = send();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->snapshot_id, first->snapshot_id);
  EXPECT_EQ(second->bytes_sent, 0u);
  EXPECT_LE(server_.requests().size() - before, 2u);
}

TEST_F(SnapshotTest, AServerThatForgotIsGivenWhatItLacks) {
  file("a", "1");
  ASSERT_TRUE(send());
  // As if the hash had been trusted although the server never had, or lost, the blob.
  HashCache cache;
  const auto found = walk(root_ / "source", IgnoreRules{}, {});
  cache["a"] = {found->at(0).stamp, sha256_hex("1")};
  ASSERT_TRUE(save_cache(cache_path(root_ / "cache", root_ / "source"), cache));
  store_.blobs.clear();
  const auto again = send();
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(store_.blobs.size(), 1u);
  EXPECT_EQ(again->bytes_sent, 1u);
}

TEST_F(SnapshotTest, ReportsProgress) {
  file("a", std::string(5000, 'a'));
  ApiOptions options;
  options.address = {server_.url(), "t", "default"};
  const auto api = *Api::create(std::move(options));
  std::vector<SnapshotProgress> seen;
  ASSERT_TRUE(send_snapshot(*api, {root_ / "source", "", {}, [&](const SnapshotProgress& progress) { seen.push_back(progress); }}));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].step, SnapshotProgress::Step::hashing);
  EXPECT_EQ(seen[1].step, SnapshotProgress::Step::sending);
  EXPECT_EQ(seen[1].bytes, 5000u);
}

TEST_F(SnapshotTest, ReportsProgressWithinAFile) {
  constexpr std::uint64_t kSize = 20u << 20;
  file("weights", std::string(kSize, 'w'));
  ApiOptions options;
  options.address = {server_.url(), "t", "default"};
  const auto api = *Api::create(std::move(options));
  std::map<SnapshotProgress::Step, std::vector<std::uint64_t>> seen;
  ASSERT_TRUE(send_snapshot(*api, {root_ / "source", "", {}, [&](const SnapshotProgress& progress) {
                                     EXPECT_EQ(progress.bytes_total, kSize);
                                     seen[progress.step].push_back(progress.bytes);
                                   }}));
  for (const auto& [step, bytes] : seen) {
    EXPECT_GT(bytes.size(), 2u);
    EXPECT_TRUE(std::is_sorted(bytes.begin(), bytes.end()));
    EXPECT_EQ(bytes.back(), kSize);
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(SnapshotTest, AFileThatChangedSinceIsNamed) {
  file("a", "1");
  const auto missing = upload_blobs(
      *[&] {
        ApiOptions options;
        options.address = {server_.url(), "t", "default"};
        return *Api::create(std::move(options));
      }(),
      {{sha256_hex("22"), 2, root_ / "source" / "a"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::invalid);
  EXPECT_NE(missing.error().detail.find("source/a changed"), std::string::npos);
}

TEST_F(SnapshotTest, HashesAreTakenFromTheCacheOnlyWhileTheStampHolds) {
  file("a", "1");
  file("b", "2");
  const auto found = walk(root_ / "source", IgnoreRules{}, {});
  ASSERT_TRUE(found);
  FakeClock later(4'000'000'000'000'000);
  HashCache cache;
  auto hashed = hash_files(root_ / "source", *found, cache, later);
  ASSERT_TRUE(hashed);
  EXPECT_FALSE(hashed->at(0).from_cache);
  EXPECT_EQ(cache.size(), 2u);
  hashed = hash_files(root_ / "source", *found, cache, later);
  EXPECT_TRUE(hashed->at(0).from_cache);
  EXPECT_EQ(hashed->at(0).file.sha256, sha256_hex("1"));
  file("a", "9");
  hashed = hash_files(root_ / "source", *walk(root_ / "source", IgnoreRules{}, {}), cache, later);
  EXPECT_FALSE(hashed->at(0).from_cache);
  EXPECT_EQ(hashed->at(0).file.sha256, sha256_hex("9"));
  EXPECT_TRUE(hashed->at(1).from_cache);
}

}  // namespace
}  // namespace muster::client
