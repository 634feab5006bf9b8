#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>

#include "api/blob_batch.h"
#include "base/file.h"
#include "base/tar.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;

std::string tar_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string tar;
  for (const auto& [name, bytes] : entries)
    tar += tar_header(name, bytes.size(), 0644) + bytes + std::string(tar_padding(bytes.size()), '\0');
  return tar + std::string(kTarEndBytes, '\0');
}

struct SnapshotsTest : testing::Test {
  Api api;
  static Json file(const std::string& path, const std::string& bytes, int mode = 420) {
    return {{"path", path}, {"size", bytes.size()}, {"sha256", sha256_hex(bytes)}, {"mode", mode}};
  }
};

TEST_F(SnapshotsTest, BlobsAreAskedForSentAndKnown) {
  const std::string a = sha256_hex("a");
  const std::string b = sha256_hex("b");
  const Json asked{{"sha256", {a, b}}};
  EXPECT_EQ(api("POST", Api::in("/blobs/missing"), asked).json()["missing"], (Json{a, b}));
  const auto put = api("PUT", Api::in("/blobs/" + a), "a");
  EXPECT_EQ(put.status, 201);
  EXPECT_EQ(put.json(), (Json{{"sha256", a}, {"size", 1}}));
  EXPECT_EQ(api("PUT", Api::in("/blobs/" + a), "a").status, 200);
  EXPECT_EQ(api("POST", Api::in("/blobs"), tar_of({{a, "a"}, {b, "b"}})).json(), (Json{{"stored", 2}}));
  EXPECT_EQ(api("POST", Api::in("/blobs/missing"), asked).json()["missing"], Json::array());
}

TEST_F(SnapshotsTest, ADamagedBlobIsRepairedByItsUpload) {
  const std::string bytes(3'000'000, 'x');
  const std::string sha256 = sha256_hex(bytes);
  ASSERT_EQ(api("PUT", Api::in("/blobs/" + sha256), bytes).status, 201);
  const auto file = api.folder / "blobs/sha256" / sha256.substr(0, 2) / sha256.substr(2);
  for (const std::string& damaged : {bytes.substr(0, 2'000'000), bytes + "x", std::string(bytes.size(), '\0')}) {
    ASSERT_TRUE(write_file(file, damaged));
    EXPECT_EQ(api("PUT", Api::in("/blobs/" + sha256), bytes).status, 200);
    EXPECT_EQ(read_file(file), bytes);
  }
  EXPECT_EQ(api("PUT", Api::in("/blobs/" + sha256), bytes + "y").code(), "invalid");
  EXPECT_EQ(read_file(file), bytes);
}

TEST_F(SnapshotsTest, ABlobThatHashesOtherwiseIsNotKept) {
  const std::string a = sha256_hex("a");
  EXPECT_EQ(api("PUT", Api::in("/blobs/" + a), "b").code(), "invalid");
  const auto batch = api("POST", Api::in("/blobs"), tar_of({{a, "b"}}));
  EXPECT_EQ(batch.code(), "invalid");
  EXPECT_THAT(batch.json()["detail"].get<std::string>(), HasSubstr(a)) << "clients find their file by it";
  EXPECT_EQ(api("POST", Api::in("/blobs/missing"), Json{{"sha256", {a}}}).json()["missing"], Json{a});
}

TEST_F(SnapshotsTest, ABatchHoldsFilesNamedByTheirHashAlone) {
  EXPECT_EQ(read_blob_batch(tar_of({}), 100)->size(), 0u);
  const std::string whole = tar_of({{sha256_hex("a"), "a"}, {sha256_hex(""), ""}, {sha256_hex("b"), std::string(3000, 'b')}});
  const auto entries = read_blob_batch(whole, 10'000);
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].bytes, "a");
  EXPECT_EQ((*entries)[1].bytes, "");
  EXPECT_EQ((*entries)[2].bytes, std::string(3000, 'b'));
  EXPECT_EQ(read_blob_batch(tar_of({{"../x", "a"}}), 100).error().code, Code::invalid);
  EXPECT_EQ(read_blob_batch(tar_of({{sha256_hex("a"), std::string(101, 'a')}}), 100).error().code, Code::invalid);
  std::string cut = tar_of({{sha256_hex("a"), std::string(3000, 'a')}});
  cut.resize(2000);
  EXPECT_EQ(read_blob_batch(cut, 10'000).error().code, Code::malformed);
  EXPECT_EQ(read_blob_batch(std::string(2000, 'x'), 10'000).error().code, Code::malformed);
}

TEST_F(SnapshotsTest, ASnapshotNeedsItsBlobsAndIsTheSameAgain) {
  const Json body{{"files", {file("b.py", "bb"), file("a.py", "a", 493)}}};
  const auto refused = api("POST", Api::in("/snapshots"), body);
  EXPECT_EQ(refused.code(), "conflict");
  EXPECT_EQ(refused.json()["missing"].size(), 2u);
  api.put_blob("a");
  api.put_blob("bb");
  const auto made = api("POST", Api::in("/snapshots"), body);
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.json()["file_count"], 2);
  EXPECT_EQ(made.json()["size"], 3);
  EXPECT_EQ(api("POST", Api::in("/snapshots"), body).status, 200);
  const Json found = api("GET", Api::in("/snapshots/" + made.json()["snapshot_id"].get<std::string>())).json();
  EXPECT_EQ(found["files"], (Json{file("a.py", "a", 493), file("b.py", "bb")}));
}

TEST_F(SnapshotsTest, ASizeThatTheBlobDoesNotHaveIsRefused) {
  api.put_blob("a");
  Json one = file("a.py", "a");
  one["size"] = 2;
  EXPECT_EQ(api("POST", Api::in("/snapshots"), Json{{"files", {one}}}).code(), "invalid");
}

TEST_F(SnapshotsTest, OneThatIsTooLargeNamesTheLargestFiles) {
  Json files = Json::array();
  for (int i = 0; i < 8; ++i) {
    files.push_back({{"path", fmt::format("f{}", i)}, {"size", i * 100'000}, {"sha256", std::string(64, 'a')}, {"mode", 420}});
  }
  const auto answer = api("POST", Api::in("/snapshots"), Json{{"files", files}});
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.json()["detail"].get<std::string>(), HasSubstr("f7 (684 KiB), f6 (586 KiB), f5 (488 KiB), f4 (391 KiB), f3"));
}

TEST_F(SnapshotsTest, TheArchiveUnpacksToTheFiles) {
  std::map<std::string, std::string> files{
      {"a.py", "print()"}, {"empty", ""}, {"sub/" + std::string(150, 'x') + "/é.txt", std::string(300'000, 'y')}};
  const std::string id = api.put_snapshot(files);
  const auto answer = api("GET", Api::in("/snapshots/" + id + "/archive"));
  ASSERT_TRUE(answer.stream);
  bool ended = false;
  std::string tar;
  while (!ended) tar += test::drain(*answer.stream, &ended);
  archive* reader = archive_read_new();
  archive_read_support_format_tar(reader);
  ASSERT_EQ(archive_read_open_memory(reader, tar.data(), tar.size()), ARCHIVE_OK);
  // libarchive gives names in the locale's characters.
  const char* const locale = ::setlocale(LC_CTYPE, "C.UTF-8");
  ASSERT_NE(locale, nullptr);
  std::map<std::string, std::string> unpacked;
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    std::string bytes(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
    archive_read_data(reader, bytes.data(), bytes.size());
    const char* path = archive_entry_pathname_utf8(entry);
    unpacked[path != nullptr ? path : archive_entry_pathname(entry)] = bytes;
    EXPECT_EQ(archive_entry_perm(entry), 0644u);
  }
  archive_read_free(reader);
  EXPECT_EQ(unpacked.size(), files.size());
  EXPECT_EQ(unpacked["a.py"], files["a.py"]);
  EXPECT_EQ(unpacked.rbegin()->second.size(), 300'000u);
}

TEST_F(SnapshotsTest, AnArchiveBreaksOffWhenABlobIsGone) {
  const std::string id = api.put_snapshot({{"a.py", "print()"}});
  const std::string sha256 = sha256_hex("print()");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(api.folder / "blobs")) {
    if (entry.is_regular_file()) std::filesystem::remove(entry.path());
  }
  const auto answer = api("GET", Api::in("/snapshots/" + id + "/archive"));
  EXPECT_THROW(answer.stream->pull(), std::runtime_error);
}

}  // namespace
}  // namespace muster::api
