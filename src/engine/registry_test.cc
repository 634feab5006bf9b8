#include "engine/registry.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::engine {
namespace {

Registry two_engines() {
  Registry registry;
  registry.add({"local", "processes of this machine", {}, {}, {}, {}, {}});
  EngineKind grid{"grid", "nodes of a grid", {false, true}, {{"partition", "which nodes"}, {"account", "who pays"}}, {}, {}, {}};
  grid.check = [](const model::ComputeTarget& target) -> Result<void> {
    if (target.engine_options.value("partition", "") == "closed")
      return fail_hint(Code::invalid, "take cpu", "the grid has no partition 'closed'");
    return {};
  };
  registry.add(grid);
  return registry;
}

Result<void> check(const std::string& kind, const Json& options) {
  model::ComputeTarget target;
  target.engine = kind;
  target.engine_options = options;
  return two_engines().check(target);
}

TEST(EngineRegistry, AnEngineThatIsNotThereIsRefusedWithThoseThatAre) {
  const auto refused = check("slurm", Json::object());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid);
  ASSERT_EQ(refused.error().errors.size(), 1U);
  EXPECT_EQ(refused.error().errors[0].field, "engine");
  EXPECT_NE(refused.error().detail.find("slurm"), std::string::npos);
  EXPECT_EQ(refused.error().hint, "this server has: grid, local");
}

TEST(EngineRegistry, EveryUnknownOptionIsNamedWithTheKnownOnes) {
  const auto refused = check("grid", {{"queue", "x"}, {"node", 3}, {"account", "birds"}});
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().errors.size(), 2U);
  EXPECT_EQ(refused.error().errors[0].field, "engine_options.node");
  EXPECT_EQ(refused.error().errors[1].field, "engine_options.queue");
  EXPECT_EQ(refused.error().errors[1].hint, "its options are: partition, account");
  EXPECT_EQ(check("local", {{"queue", "x"}}).error().errors[0].hint, "it has no options");
}

TEST(EngineRegistry, AValueIsASimpleOneAndTheEngineJudgesItInItsOwnWords) {
  EXPECT_TRUE(check("grid", {{"partition", "cpu"}, {"account", 7}}));
  EXPECT_EQ(check("grid", {{"partition", Json::array()}}).error().errors[0].field, "engine_options.partition");
  EXPECT_EQ(check("grid", Json::array()).error().errors[0].field, "engine_options");
  EXPECT_FALSE(check("grid", {{"account", std::string(5'000, 'x')}}));
  const auto refused = check("grid", {{"partition", "closed"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().errors[0].detail, "the grid has no partition 'closed'");
  EXPECT_EQ(refused.error().hint, "take cpu");
}

TEST(EngineRegistry, ShowsWhatAnEngineIs) {
  EXPECT_EQ(
      to_json(*two_engines().find("grid")),
      Json({{"kind", "grid"},
            {"description", "nodes of a grid"},
            {"shares_disk", false},
            {"options", {{{"name", "partition"}, {"description", "which nodes"}}, {{"name", "account"}, {"description", "who pays"}}}}}));
  EXPECT_EQ(two_engines().find("slurm"), nullptr);
}

}  // namespace
}  // namespace muster::engine
