#include "base/folder_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Breaks off with this error after one name, so many times; then reads two.
struct Breaking {
  int error;
  int times;
  int asked = 0;
  std::error_code operator()(const fs::path&, std::vector<std::string>& names) {
    names.emplace_back("b");
    if (asked++ < times) return {error, std::generic_category()};
    names.emplace_back("a");
    return {};
  }
};

TEST(FolderList, HasEveryNameInOrder) {
  const test::TempFolder folder;
  for (const char* name : {"b", "a", ".hidden"}) ASSERT_TRUE(write_file(folder / name, "", 0644, Durable::no));
  EXPECT_THAT(list_folder(folder.path()).value(), ElementsAre(".hidden", "a", "b"));
}

TEST(FolderList, OneThatBreaksOffIsReadAgainFromItsBeginning) {
  EXPECT_THAT(list_folder("folder", Breaking{EIO, 2}).value(), ElementsAre("a", "b"));
}

TEST(FolderList, OneThatGoesOnBreakingOffIsAnErrorNotHalfAList) {
  Breaking breaking{EIO, 1000};
  const auto names = list_folder("folder", std::ref(breaking));
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error().code, Code::storage_failed);
  EXPECT_EQ(names.error().detail, "list the folder folder: Input/output error");
  EXPECT_EQ(breaking.asked, 3);
}

TEST(FolderList, OneThatIsGoneIsNotFoundAndNoDescriptorLeftPasses) {
  EXPECT_EQ(list_folder("/no/such/folder").error().code, Code::not_found);
  EXPECT_THAT(list_if_there("/no/such/folder").value(), IsEmpty());
  EXPECT_EQ(list_if_there("/dev/null").error().code, Code::storage_failed);
  EXPECT_EQ(list_folder("folder", Breaking{EMFILE, 1000}).error().code, Code::unavailable);
  EXPECT_EQ(list_folder("/dev/null").error().code, Code::storage_failed);
}

TEST(FilesBelow, AreThoseOfAllFolders) {
  const test::TempFolder folder;
  ASSERT_TRUE(make_folders(folder / "b/c"));
  for (const char* path : {"b/c/2", "b/1", "b.txt", "a"}) ASSERT_TRUE(write_file(folder / path, "", 0644, Durable::no));
  fs::create_symlink("/etc", folder / "link");
  EXPECT_THAT(files_below(folder.path()).value(), ElementsAre("a", "b.txt", "b/1", "b/c/2"));
  EXPECT_THAT(files_below(folder / "none").value(), IsEmpty());
  EXPECT_FALSE(files_below("/dev/null"));
}

}  // namespace
}  // namespace muster
