#include "model/snapshot.h"

#include <filesystem>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace muster::model {
namespace {

Json entry(std::string path, int mode = 420) {
  return {{"path", std::move(path)}, {"size", 1}, {"sha256", std::string(64, 'a')}, {"mode", mode}};
}

std::string fault_of(Json files) {
  const auto snapshot = snapshot_from_json({{"files", std::move(files)}});
  return snapshot ? "" : snapshot.error().detail;
}

TEST(Snapshot, HasTheIdOfEveryVectorInAnyOrder) {
  std::mt19937 random(7);
  int vectors = 0;
  for (const auto& file : std::filesystem::directory_iterator(MUSTER_SOURCE_DIR "/tests/golden/snapshot")) {
    if (file.path().extension() != ".json") continue;
    const Json vector = parse_json(read_file(file.path()).value()).value();
    std::vector<SnapshotFile> files;
    for (const Json& one : vector["files"]) files.push_back({one["path"], one["size"], one["sha256"], one["mode"]});
    std::shuffle(files.begin(), files.end(), random);
    EXPECT_EQ(snapshot_id(files), vector["snapshot_id"]) << file.path();
    ++vectors;
  }
  EXPECT_GT(vectors, 8);
}

TEST(Snapshot, IsReadSortedAndReckoned) {
  const auto snapshot = snapshot_from_json({{"files", {entry("b"), entry("a/x", 493)}}});
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->files[0].path, "a/x");
  EXPECT_EQ(snapshot->files[0].mode, 0755);
  EXPECT_EQ(snapshot->file_count, 2u);
  EXPECT_EQ(snapshot->size, 2u);
  EXPECT_EQ(snapshot->snapshot_id, snapshot_id(snapshot->files));
}

TEST(Snapshot, RefusesWhatCannotBeAFolder) {
  for (const char* path : {"", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/"}) EXPECT_NE(fault_of({entry(path)}), "") << path;
  EXPECT_NE(fault_of({entry("a"), entry("a")}), "");
  EXPECT_NE(fault_of({entry("a"), entry("a-b"), entry("a/b")}), "");
  EXPECT_NE(fault_of({entry("a", 420 + 1)}), "");
  EXPECT_NE(fault_of({{{"path", "a"}, {"size", -1}, {"sha256", std::string(64, 'a')}, {"mode", 420}}}), "");
  EXPECT_NE(fault_of({{{"path", "a"}, {"size", 1}, {"sha256", std::string(64, 'A')}, {"mode", 420}}}), "");
  EXPECT_NE(fault_of(Json("files")), "");
  EXPECT_EQ(fault_of({entry("a"), entry("ab"), entry("b/a")}), "");
}

TEST(Snapshot, RefusesAFileInThePlaceOfARunsOwnFolder) {
  for (const char* path : {"logs", "outputs", ".muster", ".muster/state.json"})
    EXPECT_NE(fault_of(Json::array({entry(path)})).find(fmt::format("must not be `{}`: every run's folder has", path)), std::string::npos)
        << path;
  for (const char* path : {"logs/a", "outputs/a", "a/logs", "a/.muster", "logs.txt", "Outputs", ".musterx"})
    EXPECT_EQ(fault_of(Json::array({entry(path)})), "") << path;
}

}  // namespace
}  // namespace muster::model
