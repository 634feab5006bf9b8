#include "base/tar.h"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(Tar, AShortNameTakesOneBlock) {
  const std::string header = tar_header("dir/a.py", 8 * 64 + 5, 0755);
  ASSERT_EQ(header.size(), 512u);
  EXPECT_STREQ(header.c_str(), "dir/a.py");
  EXPECT_STREQ(header.c_str() + 100, "0000755");
  EXPECT_STREQ(header.c_str() + 124, "00000001005");
  EXPECT_EQ(header[156], '0');
  unsigned sum = 8 * ' ';
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? 0 : static_cast<unsigned char>(header[i]);
  EXPECT_EQ(std::stoul(header.substr(148, 6), nullptr, 8), sum);
}

TEST(Tar, LongNamesAndSizesGoBeforeIt) {
  const std::string name(300, 'n');
  const std::string header = tar_header(name, 1ULL << 40, 0644);
  EXPECT_EQ(header.size() % 512, 0u);
  EXPECT_EQ(header[156], 'x');
  EXPECT_NE(header.find("310 path=" + name + "\n"), std::string::npos);
  EXPECT_NE(header.find("22 size=1099511627776\n"), std::string::npos);
}

TEST(Tar, FilesArePaddedToBlocks) {
  EXPECT_EQ(tar_padding(0), 0u);
  EXPECT_EQ(tar_padding(1), 511u);
  EXPECT_EQ(tar_padding(512), 0u);
}

}  // namespace
}  // namespace muster
