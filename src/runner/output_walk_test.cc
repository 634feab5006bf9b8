#include "runner/output_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutputWalkTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(make_folders(folder_ / "run/outputs")); }
  void put(const fs::path& path, std::string_view bytes = "x") {
    ASSERT_TRUE(make_folders((folder_ / "run" / path).parent_path()));
    ASSERT_TRUE(write_file(folder_ / "run" / path, bytes, 0644, Durable::no));
  }
  std::vector<std::string> walk() {
    warnings_.clear();
    found_ = find_outputs(folder_ / "run", "outputs", "outputs",
                          [this](std::string warning, LeftOut) { warnings_.push_back(std::move(warning)); });
    std::vector<std::string> paths;
    for (const FoundOutput& one : found_) paths.push_back(one.path);
    return paths;
  }
  test::TempFolder folder_;
  std::vector<FoundOutput> found_;
  std::vector<std::string> warnings_;
};

TEST_F(OutputWalkTest, FindsFilesAtEveryDepthInOrder) {
  put("outputs/model/b.pt", "12345");
  put("outputs/model/a.pt");
  put("outputs/.hidden");
  put("train.py");
  EXPECT_THAT(walk(), ElementsAre("outputs/.hidden", "outputs/model/a.pt", "outputs/model/b.pt"));
  EXPECT_EQ(found_[2].size, 5U);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(OutputWalkTest, ALinkToAFileOfTheRunIsThatFile) {
  put("checkpoints/last.pt", "abc");
  fs::create_symlink("../checkpoints/last.pt", folder_ / "run/outputs/model.pt");
  EXPECT_THAT(walk(), ElementsAre("outputs/model.pt"));
  EXPECT_EQ(found_[0].size, 3U);
  EXPECT_EQ(read_file(found_[0].file).value(), "abc");
}

TEST_F(OutputWalkTest, LeavesOutAndNamesWhatIsNoOutput) {
  put("outputs/fine");
  put(".muster/ranks/secret");
  put("outputs/\xff.txt");
  fs::create_symlink("/etc/passwd", folder_ / "run/outputs/a_way_out");
  fs::create_symlink("nothing", folder_ / "run/outputs/broken");
  fs::create_symlink(".", folder_ / "run/outputs/folder_link");
  fs::create_symlink("../.muster/ranks/secret", folder_ / "run/outputs/ours");
  ASSERT_EQ(::mkfifo((folder_ / "run/outputs/pipe").c_str(), 0644), 0);
  EXPECT_THAT(walk(), ElementsAre("outputs/fine"));
  EXPECT_THAT(warnings_,
              ElementsAre(HasSubstr("outputs/a_way_out is not kept"), HasSubstr("outputs/broken"), HasSubstr("outputs/folder_link"),
                          HasSubstr("outputs/ours"), HasSubstr("outputs/pipe"), HasSubstr("not UTF-8")));
}

TEST_F(OutputWalkTest, NoFolderIsNoOutputs) {
  fs::remove_all(folder_ / "run/outputs");
  EXPECT_THAT(walk(), IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
  fs::create_symlink("/etc", folder_ / "run/outputs");
  EXPECT_THAT(walk(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("in the place of the folder")));
}

}  // namespace
}  // namespace muster::runner
