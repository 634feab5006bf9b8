#include "base/byte_source.h"

#include <fcntl.h>

#include <array>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster {
namespace {

TEST(ByteSourceTest, ReadsFromAnyPlaceOnAndSaysHowMuchThereWas) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_file(folder / "file", "0123456789"));
  const auto source = file_source(open_file(folder / "file", O_RDONLY).value(), 8, "the file");
  EXPECT_EQ(source->size(), 8u);
  EXPECT_GE(source->descriptor(), 0);
  std::array<char, 4> piece{};
  const auto read = [&](std::uint64_t offset) {
    const auto n = source->read(offset, piece);
    return n ? std::string(piece.data(), *n) : n.error().detail;
  };
  EXPECT_EQ(read(0), "0123");
  EXPECT_EQ(read(3), "3456");
  EXPECT_EQ(read(6), "67");  // not what the file has beyond the source's end
  EXPECT_EQ(read(8), "");
  EXPECT_EQ(read(UINT64_MAX), "");

  std::filesystem::resize_file(folder / "file", 5);
  EXPECT_EQ(read(3), "34");
  EXPECT_EQ(read(6), "");
}

TEST(ByteSourceTest, AFailureNamesWhatWasRead) {
  const test::TempFolder folder;
  std::array<char, 4> piece{};
  const auto failed = file_source(open_file(folder.path(), O_RDONLY | O_DIRECTORY).value(), 8, "blob abc")->read(0, piece);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().detail.find("read blob abc"), std::string::npos) << failed.error().detail;
}

}  // namespace
}  // namespace muster
