#include "client/snapshot/walk.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/id.h"
#include "client/snapshot/largest.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

class WalkTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(root_); }
  void TearDown() override { fs::remove_all(root_.parent_path()); }

  void file(const std::string& path, const std::string& text = "x", unsigned mode = 0644) {
    fs::create_directories((root_ / path).parent_path());
    ASSERT_TRUE(write_file(root_ / path, text, mode, Durable::no));
  }
  Result<std::vector<FoundFile>> walk_it(SnapshotLimits limits = {}) { return walk(root_, *rules_of(root_), limits); }
  std::string paths() {
    const auto found = walk_it();
    if (!found) return found.error().detail;
    std::string text;
    for (const FoundFile& one : *found) text += one.path + " ";
    return text;
  }

  fs::path root_ = fs::temp_directory_path() / ("muster-walk-" + random_hex(6)) / "source";
};

TEST_F(WalkTest, FindsFilesSortedWithModes) {
  file("b/c.py");
  file("b.py", "12345");
  file("run.sh", "x", 0755);
  fs::create_directories(root_ / "empty");
  const auto found = walk_it();
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].path, "b.py");
  EXPECT_EQ((*found)[0].stamp.size, 5u);
  EXPECT_EQ((*found)[1].path, "b/c.py");
  EXPECT_EQ((*found)[2].mode, 0755);
}

TEST_F(WalkTest, AmlignoreStandsInForGitignore) {
  file("a.txt");
  file("b.txt");
  file(".gitignore", "a.txt\n");
  EXPECT_EQ(paths(), ".gitignore b.txt ");
  file(".amlignore", "b.txt\n.*\n");
  EXPECT_EQ(paths(), "a.txt ");
}

TEST_F(WalkTest, IgnoredFoldersAreNotEntered) {
  file("data/x");
  fs::create_symlink("/", root_ / "data" / "out");
  file(".amlignore", "data/\n");
  EXPECT_EQ(paths(), ".amlignore ");
}

TEST_F(WalkTest, ALinkInsideIsTheFileItLeadsTo) {
  file("real.py", "12345", 0755);
  fs::create_directories(root_ / "d");
  fs::create_symlink("../real.py", root_ / "d" / "link.py");
  const auto found = walk_it();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ((*found)[0].path, "d/link.py");
  EXPECT_EQ((*found)[0].stamp, (*found)[1].stamp);
  EXPECT_EQ((*found)[0].mode, 0755);
}

TEST_F(WalkTest, RefusesEverythingThatCannotBeSentAtOnce) {
  file("fine.py");
  fs::create_symlink("/etc/passwd", root_ / "outside");
  fs::create_symlink("nowhere", root_ / "broken");
  fs::create_directories(root_ / "folder");
  fs::create_symlink("folder", root_ / "folder-link");
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  file(std::string("bad-\xFF-name"));
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", (root_ / "socket").c_str());
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(fd);

  const auto found = walk_it();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::invalid);
  std::map<std::string, std::string> faults;
  for (const FieldError& fault : found.error().errors) {
    faults[fault.field] = fault.detail;
    EXPECT_FALSE(fault.hint.empty());
  }
  EXPECT_EQ(faults.size(), 6u);
  EXPECT_NE(faults["outside"].find("/etc/passwd"), std::string::npos);
  EXPECT_EQ(faults["broken"], "is a broken link");
  EXPECT_NE(faults["folder-link"].find("is a link to the folder "), std::string::npos);
  EXPECT_EQ(faults["pipe"], "is a pipe, which a snapshot cannot hold");
  EXPECT_EQ(faults["socket"], "is a socket, which a snapshot cannot hold");
  EXPECT_NE(faults["bad-\xEF\xBF\xBD-name"].find("UTF-8"), std::string::npos);
}

TEST_F(WalkTest, AFileInThePlaceOfARunsOwnFolderIsRefused) {
  file("train.py");
  file("logs");
  file("a/logs");
  fs::create_symlink("train.py", root_ / "outputs");
  file(".muster");
  const auto found = walk_it();
  ASSERT_FALSE(found);
  std::map<std::string, std::string> faults;
  for (const FieldError& fault : found.error().errors) faults[fault.field] = fault.detail;
  const std::string in_the_way = "is in the place of a folder that every run has";
  EXPECT_EQ(faults, (std::map<std::string, std::string>{{".muster", in_the_way}, {"logs", in_the_way}, {"outputs", in_the_way}}));
  file(".amlignore", "/logs\n/outputs\n.muster\n");
  EXPECT_TRUE(walk_it());
}

TEST_F(WalkTest, OneFaultIsToldInOneSentence) {
  fs::create_symlink("nowhere", root_ / "broken");
  const auto found = walk_it();
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().detail.find("source/broken is a broken link"), std::string::npos);
}

TEST_F(WalkTest, OverTheLimitNamesWhatIsLarge) {
  file("data/train/a.bin", std::string(3000, 'a'));
  file("data/train/b.bin", std::string(2500, 'a'));
  file("data/small", "x");
  file("weights.bin", std::string(4000, 'a'));
  file("train.py");
  const auto found = walk_it({.bytes = 5000, .files = 100});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::too_large);
  EXPECT_EQ(found.error().errors.at(0).field, "data/train/");
  EXPECT_EQ(found.error().errors.at(1).field, "weights.bin");
  const auto many = walk_it({.bytes = 1 << 20, .files = 4});
  ASSERT_FALSE(many);
  EXPECT_NE(many.error().detail.find("5 files"), std::string::npos);
}

TEST_F(WalkTest, AFolderThatIsNotThereIsNamed) {
  const auto found = walk(root_ / "no", IgnoreRules{}, {});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().detail.find("source/no"), std::string::npos);
}

TEST_F(WalkTest, DeepFoldersAreNoTrouble) {
  fs::path deep = root_;
  for (int i = 0; i < 1500; ++i) deep /= "d";
  std::error_code error;
  fs::create_directories(deep, error);
  if (!error) {
    ASSERT_TRUE(write_file(deep / "f", "x", 0644, Durable::no));
  }
  const auto found = walk_it();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), error ? 0u : 1u);
}

TEST(SnapshotLimits, ReadsTheVariable) {
  EXPECT_EQ(snapshot_limits(nullptr)->bytes, 300u << 20);
  EXPECT_EQ(snapshot_limits("2")->bytes, 2u << 20);
  for (const char* bad : {"0", "-1", "x", "1.5", "99999999999"}) EXPECT_FALSE(snapshot_limits(bad)) << bad;
}

}  // namespace
}  // namespace muster::client
