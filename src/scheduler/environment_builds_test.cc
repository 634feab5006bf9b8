#include "scheduler/environment_builds.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/event.h"
#include "support/small_packages.h"

namespace muster::scheduler {
namespace {

namespace fs = std::filesystem;
using environment::BuildState;

class BuildsTest : public test::SmallPackages {
 protected:
  void SetUp() override {
    SmallPackages::SetUp();
    builds_ = std::make_unique<EnvironmentBuilds>(
        folder_ / "environments", 0, [this] { return in_use_; }, variables_);
  }
  BuildState::Kind now(const model::EnvironmentDefinition& definition) {
    const auto seen = builds_->look(definition);
    EXPECT_TRUE(seen) << seen.error().detail;
    return seen ? seen->state.kind : BuildState::Kind::absent;
  }
  bool becomes(const model::EnvironmentDefinition& definition, BuildState::Kind kind) {
    return test::eventually([&] { return now(definition) == kind; }, test::kBuildPatience);
  }
  /// As if it had last been asked for some hours ago.
  void age(const std::string& hash) {
    const auto two_hours_ago = fs::file_time_type::clock::now() - std::chrono::hours(2);
    fs::last_write_time(folder_ / "environments" / (hash + ".lock"), two_hours_ago);
    const fs::path marker = folder_ / "environments" / hash / "muster.json";
    Json json = *parse_json(*read_file(marker));
    json["built_at"] = "2026-01-01T00:00:00Z";
    ASSERT_TRUE(write_file(marker, dump_json(json)));
  }

  std::set<std::string> in_use_;
  std::unique_ptr<EnvironmentBuilds> builds_;
};

TEST_F(BuildsTest, OneIsBuiltBeforeARunNeedsItAndAFailedOneIsTriedAgain) {
  const auto definition = asking_for({"late"});
  EXPECT_EQ(now(definition), BuildState::Kind::absent);
  const auto begun = builds_->begin(definition);
  ASSERT_TRUE(begun) << begun.error().detail;
  ASSERT_TRUE(becomes(definition, BuildState::Kind::failed));
  const auto failed = builds_->look(definition);
  EXPECT_NE(failed->state.error.detail.find("'late'"), std::string::npos) << failed->state.error.detail;
  EXPECT_GT(failed->state.log_bytes, 100u);
  EXPECT_NE(builds_->log(failed->plan, 0, 100'000)->find("the build failed"), std::string::npos);

  make_wheel("late");
  ASSERT_TRUE(builds_->begin(definition));
  ASSERT_TRUE(becomes(definition, BuildState::Kind::ready));
  EXPECT_EQ(builds_->begin(definition)->state.kind, BuildState::Kind::ready) << "it is there";
}

TEST_F(BuildsTest, PruningTakesWhatNoRunUses) {
  for (const char* name : {"first", "second"}) {
    make_wheel(name);
    ASSERT_TRUE(builds_->begin(asking_for({name})));
    ASSERT_TRUE(becomes(asking_for({name}), BuildState::Kind::ready));
  }
  const std::string first = builds_->look(asking_for({"first"}))->plan.hash;
  const std::string second = builds_->look(asking_for({"second"}))->plan.hash;
  const environment::PruneRules all{.most_bytes = 0};
  EXPECT_TRUE(builds_->prune(all, true)->empty()) << "both were just asked for";
  age(first);
  age(second);
  in_use_ = {first};
  ASSERT_EQ(builds_->prune(all, false)->size(), 1u);
  EXPECT_EQ(builds_->list()->size(), 2u) << "it only said what would go";
  const auto gone = builds_->prune(all, true);
  ASSERT_EQ(gone->size(), 1u);
  EXPECT_EQ(gone->front().hash, second);
  ASSERT_EQ(builds_->list()->size(), 1u);
  EXPECT_TRUE(builds_->list()->front().in_use);
  EXPECT_EQ(now(asking_for({"second"})), BuildState::Kind::absent);
}

TEST_F(BuildsTest, GoingEndsABuild) {
  make_sdist("slow", "open('" + (folder_ / "begun").string() + "', 'w').close()\nimport time\ntime.sleep(3600)\n");
  ASSERT_TRUE(builds_->begin(asking_for({"slow"})));
  ASSERT_TRUE(test::eventually([&] { return fs::exists(folder_ / "begun"); }, test::kBuildPatience));
  EXPECT_EQ(now(asking_for({"slow"})), BuildState::Kind::building);
  builds_.reset();
  EXPECT_FALSE(fs::exists(folder_ / "environments" /
                          (environment::EnvironmentCache(folder_ / "environments", variables_).plan(asking_for({"slow"}))->hash)));
}

}  // namespace
}  // namespace muster::scheduler
