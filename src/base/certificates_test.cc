#include "base/certificates.h"

#include <gtest/gtest.h>

#include "support/golden.h"

namespace muster {
namespace {

TEST(Authorities, AreLookedForWhereTheSdkLooks) {
  EXPECT_EQ(Json(authority_files()), test::read_golden_json(test::golden_folder() / "network" / "authorities.json")["files"]);
}

}  // namespace
}  // namespace muster
