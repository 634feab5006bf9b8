#include "runner/log_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/no_descriptors.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LogScan : public ::testing::Test {
 protected:
  std::vector<std::string> scan() {
    faults_.clear();
    std::vector<std::string> paths;
    const ScanEvents events{[](const fs::path&) {}, [this](std::string warning) { warnings_.push_back(std::move(warning)); },
                            [this](const std::string& path, const Error& why) { faults_.push_back(path + ": " + why.detail); }};
    for (const SeenLog& log : scan_logs(folder_ / "logs", events)) paths.push_back(log.path);
    return paths;
  }
  test::TempFolder folder_;
  std::vector<std::string> warnings_;
  std::vector<std::string> faults_;
};

TEST_F(LogScan, FindsFilesInOrderAndFollowsNoLinks) {
  ASSERT_TRUE(make_folders(folder_ / "logs/deep"));
  for (const char* path : {"logs/b", "logs/deep/a", "logs/a", "logs/\xff"}) ASSERT_TRUE(write_file(folder_ / path, "", 0644, Durable::no));
  fs::create_symlink("/etc", folder_ / "logs/etc");
  EXPECT_THAT(scan(), ElementsAre("logs/a", "logs/b", "logs/deep/a"));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("not UTF-8")));
  EXPECT_THAT(faults_, IsEmpty());
}

TEST_F(LogScan, AFolderThatCannotBeReadIsToldNotEmpty) {
  ASSERT_TRUE(make_folders(folder_ / "logs"));
  ASSERT_TRUE(write_file(folder_ / "logs/a", "", 0644, Durable::no));
  {
    const test::NoDescriptors none;
    EXPECT_THAT(scan(), IsEmpty());
  }
  EXPECT_THAT(faults_, ElementsAre(HasSubstr("logs: list the folder")));
  EXPECT_THAT(scan(), ElementsAre("logs/a"));
}

TEST_F(LogScan, AFolderThatIsGoneHasNoLogs) {
  EXPECT_THAT(scan(), IsEmpty());
  EXPECT_THAT(faults_, IsEmpty());
}

}  // namespace
}  // namespace muster::runner
