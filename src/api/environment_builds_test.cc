#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "store/run_attempts.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::HasSubstr;

struct EnvironmentBuildsTest : testing::Test {
  Api api;
  std::string build(const std::string& name) { return Api::in("/environments/" + name + "/build"); }
  void register_one(const Json& python) {
    ASSERT_EQ(api("POST", Api::in("/environments"), Json{{"name", "mine"}, {"python", python}}).status, 201);
  }
};

TEST_F(EnvironmentBuildsTest, WithoutPackagesThereIsNothingToBuild) {
  register_one({{"interpreter_path", "/bin/sh"}});
  const auto seen = api("GET", build("mine"));
  ASSERT_EQ(seen.status, 200) << seen.body;
  EXPECT_EQ(seen.json()["status"], "ready");
  EXPECT_EQ(seen.json()["builder"], "system");
  EXPECT_EQ(seen.json()["interpreter"], "/bin/sh");
  EXPECT_EQ(seen.json()["error"], nullptr);
  EXPECT_EQ(api("POST", build("mine")).status, 200);
  EXPECT_EQ(api("POST", build("mine"), Json{{"version", "1"}}).status, 200);
}

TEST_F(EnvironmentBuildsTest, WhatCannotBeBuiltIsRefused) {
  EXPECT_EQ(api("GET", build("gone")).status, 404);
  register_one({{"interpreter_path", "/nowhere/python"}, {"pip_packages", {"six"}}});
  const auto refused = api("POST", build("mine"));
  EXPECT_EQ(refused.status, 404);
  EXPECT_THAT(refused.body, HasSubstr("/nowhere/python"));
  EXPECT_EQ(api("POST", build("mine"), Json{{"version", "7"}}).status, 404);
  EXPECT_EQ(api("POST", build("mine"), Json{{"again", true}}).status, 422);
}

TEST_F(EnvironmentBuildsTest, OneThatIsNotThereIsAbsentUntilSomebodyWantsIt) {
  register_one({{"interpreter_path", "/bin/sh"}, {"pip_packages", {"six"}}});
  const auto seen = api("GET", build("mine"));
  EXPECT_EQ(seen.json()["status"], "absent");
  EXPECT_EQ(seen.json()["builder"], "venv");
  EXPECT_EQ(seen.json()["log"], "");
  const auto begun = api("POST", build("mine"));
  EXPECT_EQ(begun.status, 202) << begun.body;
  EXPECT_EQ(begun.json()["hash"], seen.json()["hash"]);
}

TEST_F(EnvironmentBuildsTest, WhatARunsEnvironmentHeldIsKeptWithIt) {
  const model::Run run = api.submit();
  const std::string path = Api::in("/runs/" + run.run_id + "/environment");
  EXPECT_EQ(api("GET", path).status, 409) << "it has not said it yet";
  const Json resolved{{"interpreter", "/opt/python"}, {"python_version", "3.8.13"}, {"packages", {{"six", "1.16.0"}}}};
  ASSERT_TRUE(api.store->write([&](store::Session& session) -> Result<void> {
    store::run_attempts::set_resolved_environment(session, run.key, run.attempt, resolved);
    return {};
  }));
  const auto kept = api("GET", path);
  ASSERT_EQ(kept.status, 200) << kept.body;
  EXPECT_EQ(kept.json()["packages"], resolved["packages"]);
  EXPECT_EQ(kept.json()["environment"]["name"], "default");
}

TEST_F(EnvironmentBuildsTest, ALockIsOfWhatWasInstalledHere) {
  register_one({{"interpreter_path", "/bin/sh"}, {"pip_packages", {"six"}}});
  const std::string lock = Api::in("/environments/mine/lock");
  const auto early = api("GET", lock);
  EXPECT_EQ(early.status, 409);
  EXPECT_THAT(early.body, HasSubstr("`muster environment build mine`"));
  const auto seen = api("GET", build("mine")).json();
  const std::filesystem::path folder = api.folder / "environments" / seen["hash"].get<std::string>();
  ASSERT_TRUE(make_folders(folder / "bin"));
  ASSERT_TRUE(write_file(folder / "bin" / "python", "#!/bin/sh\n", 0755));
  ASSERT_TRUE(write_file(folder / "muster.json", dump_json({{"builder", "venv"},
                                                            {"interpreter", "/bin/sh"},
                                                            {"real_interpreter", std::filesystem::canonical("/bin/sh").string()},
                                                            {"packages", {"six==1.16.0", "pip==23.0"}}})));
  const auto locked = api("GET", lock);
  ASSERT_EQ(locked.status, 200) << locked.body;
  EXPECT_EQ(locked.json()["definition"]["python"]["pip_packages"], Json{"six==1.16.0"});
  EXPECT_EQ(locked.json()["packages"].size(), 2u);
}

TEST_F(EnvironmentBuildsTest, PruningSaysByWhichRules) {
  EXPECT_TRUE(api("GET", "/api/v1/environments").json()["environments"].empty());
  EXPECT_EQ(api("POST", "/api/v1/environments/prune", Json::object()).status, 422);
  EXPECT_EQ(api("POST", "/api/v1/environments/prune", Json{{"max_bytes", -1}}).status, 422);
  EXPECT_EQ(api("POST", "/api/v1/environments/prune", Json{{"unused_seconds", 60}, {"dry_run", true}}).json(),
            (Json{{"removed", Json::array()}, {"bytes", 0}, {"dry_run", true}}));
}

}  // namespace
}  // namespace muster::api
