#include "environment/kept.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::environment {
namespace {

constexpr TimeUs kHour = 3'600'000'000;

Kept kept(const std::string& hash, std::uint64_t bytes, TimeUs used_at) { return {hash, "venv", "", {}, bytes, 0, used_at}; }

std::vector<std::string> hashes(const std::vector<Kept>& all) {
  std::vector<std::string> found;
  for (const Kept& one : all) found.push_back(one.hash);
  return found;
}

TEST(Prune, TakesTheLongestUnusedUntilTheRestFitsAndNoneThatIsInUse) {
  const TimeUs now = 100 * kHour;
  const std::vector<Kept> all{kept("new", 10, now - kHour / 2), kept("old", 10, now - 50 * kHour), kept("older", 10, now - 60 * kHour),
                              kept("used", 10, now - 90 * kHour)};
  EXPECT_EQ(hashes(to_prune(all, {"used"}, {.most_bytes = 40}, now)), (std::vector<std::string>{}));
  EXPECT_EQ(hashes(to_prune(all, {"used"}, {.most_bytes = 39}, now)), (std::vector<std::string>{"older"}));
  EXPECT_EQ(hashes(to_prune(all, {"used"}, {.most_bytes = 25}, now)), (std::vector<std::string>{"older", "old"}));
  EXPECT_EQ(hashes(to_prune(all, {"used"}, {.most_bytes = 0}, now)), (std::vector<std::string>{"older", "old"}))
      << "one was just asked for";
  EXPECT_EQ(hashes(to_prune(all, {}, {.unused_for = std::chrono::hours(55)}, now)), (std::vector<std::string>{"used", "older"}));
  EXPECT_EQ(hashes(to_prune(all, {}, {}, now)), (std::vector<std::string>{}));
}

TEST(Failure, HoldsForAWhileAndOnlyWhenItWouldFailAgain) {
  const test::TempFolder folder;
  const std::string hash(64, 'a');
  remember_failure(folder.path(), hash, Error{Code::unavailable, "busy", "", {}});
  remember_failure(folder.path(), hash, Error{Code::timeout, "no network", "", {}});
  EXPECT_FALSE(remembered_failure(folder.path(), hash));
  remember_failure(folder.path(), hash, Error{Code::invalid, "the package 'x' could not be installed", "correct it", {}});
  const auto failed = remembered_failure(folder.path(), hash);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->detail, "the package 'x' could not be installed");
  EXPECT_EQ(failed->hint.find("correct it; this build failed "), 0u) << failed->hint;
  const std::filesystem::path file = beside(folder.path(), hash, ".failed");
  for (const char* text : {R"({"detail": "x", "failed_at_us": 5})", R"({"detail": "x", "failed_at_us": 99999999999999999})", "{", ""}) {
    ASSERT_TRUE(write_file(file, text));
    EXPECT_FALSE(remembered_failure(folder.path(), hash)) << text;
  }
  EXPECT_TRUE(forget_failure(folder.path(), hash));
  EXPECT_TRUE(forget_failure(folder.path(), hash)) << "none there";
}

TEST(Kept, OneThatSomebodyAsksForMeanwhileStays) {
  const test::TempFolder folder;
  const std::string hash(64, 'b');
  ASSERT_TRUE(make_folders(folder / hash));
  ASSERT_TRUE(write_file(beside(folder.path(), hash, ".lock"), ""));
  ASSERT_TRUE(write_file(folder / hash / "muster.json",
                         R"({"version": 1, "builder": "venv", "built_at": "2026-01-01T00:00:00Z", "bytes": 7, "interpreter": "/p",
                             "real_interpreter": "/p", "packages": ["six==1.0"]})"));
  const auto all = list_kept(folder.path());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().bytes, 7u);
  EXPECT_EQ(all->front().packages, std::vector<std::string>{"six==1.0"});
  EXPECT_GT(all->front().used_at, all->front().built_at);
  Kept before = all->front();
  before.used_at -= 1;
  EXPECT_FALSE(*take_marker_unless_used(folder.path(), before));
  EXPECT_TRUE(has_marker(folder.path(), hash));
  EXPECT_TRUE(*take_marker_unless_used(folder.path(), all->front()));
  EXPECT_FALSE(has_marker(folder.path(), hash));
}

}  // namespace
}  // namespace muster::environment
