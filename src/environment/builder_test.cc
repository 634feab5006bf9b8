#include <nlohmann/json.hpp>

#include "environment/builder.h"

#include "contract/builder_contract.h"

namespace muster::test {
namespace {

model::EnvironmentDefinition of(std::vector<std::string> packages, bool user_managed = false) {
  model::EnvironmentDefinition definition;
  definition.pip_packages = std::move(packages);
  definition.user_managed_dependencies = user_managed;
  return definition;
}

INSTANTIATE_TEST_SUITE_P(Kinds, BuilderContract,
                         testing::Values(BuilderCase{"system", environment::make_system_builder, {}, [] { return of({"hello"}); }},
                                         BuilderCase{"venv", environment::make_venv_builder, {"hello"}, [] { return of({}, true); }}),
                         [](const auto& one) { return one.param.kind; });

TEST(Builders, TheFirstThatCanBuildsIt) {
  const environment::Builders builders = environment::standard_builders({});
  EXPECT_EQ((*builders.choose(of({})))->kind(), "system");
  EXPECT_EQ((*builders.choose(of({"azureml-defaults"})))->kind(), "system");
  EXPECT_EQ((*builders.choose(of({"six"})))->kind(), "venv");
  EXPECT_EQ((*builders.choose(of({"six"}, true)))->kind(), "system");
  EXPECT_EQ(builders.find("venv")->kind(), "venv");
  EXPECT_EQ(builders.find("conda"), nullptr);
}

TEST(Builders, WhereNoneCanEachSaysWhy) {
  std::vector<std::unique_ptr<const environment::Builder>> only_system;
  only_system.push_back(environment::make_system_builder({}));
  const environment::Builders builders(std::move(only_system));
  const auto refused = builders.choose(of({"six"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_EQ(refused.error().detail,
            "no builder of this machine can make the environment default (system: installs no packages, and six is asked for)");
}

TEST(Prepared, IsReadBackWhateverANewerServerAdds) {
  environment::Prepared prepared{"h", "venv", "/e", "bin/python", {"enter", "--"}, {"bin", "/opt/bin"}, {{"VIRTUAL_ENV", "{root}/x"}}};
  Json json = environment::to_json(prepared);
  json["newer"] = 1;
  const auto read = environment::prepared_from_json(json);
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(environment::interpreter_of(*read), "/e/bin/python");
  EXPECT_EQ(environment::path_of(*read), (std::vector<std::string>{"/e/bin", "/opt/bin"}));
  EXPECT_EQ(environment::variables_of(*read), (std::map<std::string, std::string>{{"VIRTUAL_ENV", "/e/x"}}));
  EXPECT_EQ(read->prefix, prepared.prefix);
  EXPECT_FALSE(environment::prepared_from_json({{"hash", "h"}}));
}

}  // namespace
}  // namespace muster::test
