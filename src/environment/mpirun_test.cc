#include "environment/mpirun.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::environment {
namespace {

using ::testing::HasSubstr;

class FindMpirunTest : public ::testing::Test {
 protected:
  void put(const std::string& path) {
    ASSERT_TRUE(make_folders((folder_ / path).parent_path()));
    ASSERT_TRUE(write_file(folder_ / path, "#!/bin/sh\n", 0755));
  }
  Result<std::string> find() { return find_mpirun({{"PATH", (folder_ / "env").string() + ":" + (folder_ / "usr").string()}}); }

  muster::test::TempFolder folder_;
};

TEST_F(FindMpirunTest, OpenMpisOwnNameGoesBeforeTheAlternative) {
  put("usr/mpirun");
  EXPECT_EQ(find().value(), (folder_ / "usr/mpirun").string());
  put("usr/mpirun.openmpi");
  EXPECT_EQ(find().value(), (folder_ / "usr/mpirun.openmpi").string());
}

TEST_F(FindMpirunTest, TheEnvironmentsOwnGoesBeforeTheMachines) {
  put("usr/mpirun.openmpi");
  put("env/mpirun");
  EXPECT_EQ(find().value(), (folder_ / "env/mpirun").string());
}

TEST_F(FindMpirunTest, WithoutOneThePackageIsNamed) {
  const auto found = find();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::not_found);
  EXPECT_THAT(found.error().hint, HasSubstr("openmpi-bin"));
}

}  // namespace
}  // namespace muster::environment
