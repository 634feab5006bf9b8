#include "runner/sent_prefix.h"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

using Look = SentPrefix::Look;

struct SentPrefixTest : testing::Test {
  void write(const std::string& bytes) {
    file = open_file(folder / "f", O_RDWR | O_CREAT | O_TRUNC).value();
    ASSERT_TRUE(write_all(file.get(), bytes));
  }
  test::TempFolder folder;
  Fd file;
};

TEST_F(SentPrefixTest, AFileThatGrowsIsTheSame) {
  SentPrefix sent;
  write("one\n");
  EXPECT_TRUE(sent.begins(file.get(), Look::whole));
  sent.append("one\n");
  write("one\ntwo\n");
  EXPECT_TRUE(sent.begins(file.get(), Look::ends));
  sent.append("two\n");
  EXPECT_TRUE(sent.begins(file.get(), Look::whole));
  write("one\nTwo\n");
  EXPECT_FALSE(sent.begins(file.get(), Look::ends));
  write("one\n");
  EXPECT_FALSE(sent.begins(file.get(), Look::ends));
}

TEST_F(SentPrefixTest, AChangeInTheMiddleIsSeenWhenLookedAtAsAWhole) {
  std::string bytes(3'000'000, 'x');
  SentPrefix sent;
  for (std::size_t at = 0; at < bytes.size(); at += 100'000) sent.append(std::string_view(bytes).substr(at, 100'000));
  write(bytes);
  EXPECT_TRUE(sent.begins(file.get(), Look::whole));
  SentPrefix adopted;
  adopted.adopt(file.get(), bytes.size());
  bytes[1'500'000] = 'y';
  write(bytes);
  EXPECT_TRUE(sent.begins(file.get(), Look::ends));
  EXPECT_FALSE(sent.begins(file.get(), Look::whole));
  EXPECT_FALSE(adopted.begins(file.get(), Look::whole));
}

}  // namespace
}  // namespace muster::runner
