#include "api/curated_environments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "environment/spec.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::HasSubstr;

constexpr const char* kTorch = "AzureML-PyTorch-1.6-GPU";

struct CuratedTest : testing::Test {
  Api api;

  test::ApiAnswer submit(const Json& environment) {
    return api("POST", Api::in("/runs"), Json{{"experiment", "birds"}, {"command", "true"}, {"environment", environment}});
  }
  Json definition_of(const std::string& name) { return api("GET", Api::in("/environments/" + name)).json()["definition"]; }
  void register_one(const char* name, const char* package) {
    const auto made = api("POST", Api::in("/environments"), Json{{"name", name}, {"python", {{"pip_packages", Json::array({package})}}}});
    ASSERT_LT(made.status, 300) << made.body;
  }
  test::ApiAnswer override(const std::string& name, const Json& with) {
    return api("POST", Api::in("/environments/" + name + "/override"), with);
  }
};

TEST(CuratedFiles, EachIsAWholeDefinitionUnderItsOwnName) {
  ASSERT_GT(curated_files().size(), 5u);
  for (const CuratedFile& file : curated_files()) {
    const auto record = read_curated(file);
    ASSERT_TRUE(record) << file.name << ": " << record.error().detail;
    EXPECT_TRUE(model::is_reserved_environment(record->definition.name)) << file.name;
    EXPECT_TRUE(environment::cannot_be_built(record->definition).empty()) << file.name;
  }
  for (const char* name : {kTorch, "AzureML-PyTorch-1.6-CPU", "AzureML-TensorFlow-2.3-GPU", "AzureML-TensorFlow-2.3-CPU", "AzureML-Minimal",
                           "AzureML-Tutorial", "azureml-acpt-pytorch-2.2-cuda12.1"}) {
    EXPECT_NE(find_curated(name), nullptr) << name;
  }
  EXPECT_EQ(find_curated(kTorch)->definition.python_version, "3.6.2");
}

TEST_F(CuratedTest, AreListedAndFoundBesideTheWorkspacesOwn) {
  register_one("mine", "six");
  const Json own = api("GET", Api::in("/environments")).json()["environments"];
  ASSERT_EQ(own.size(), 1u);
  const Json curated = api("GET", Api::in("/environments?curated=true")).json()["environments"];
  EXPECT_EQ(curated.size(), curated_environments().size());
  const Json one = api("GET", Api::in(std::string("/environments/") + kTorch)).json();
  EXPECT_EQ(one["version"], "1");
  EXPECT_EQ(one["curated"], true);
  EXPECT_EQ(one["created_at"], nullptr);
  EXPECT_FALSE(one.contains("override"));
  EXPECT_EQ(api("GET", Api::in(std::string("/environments/") + kTorch + "?version=1")).status, 200);
  EXPECT_EQ(api("GET", Api::in(std::string("/environments/") + kTorch + "?version=2")).status, 404);
  EXPECT_EQ(api("GET", Api::in("/environments/AzureML-None")).status, 404);
}

TEST_F(CuratedTest, AreUsedAsTheyAreAndCannotBeChanged) {
  const auto run = submit(definition_of(kTorch));
  ASSERT_EQ(run.status, 201) << run.body;
  EXPECT_EQ(run.json()["environment"], (Json{{"name", kTorch}, {"version", "1"}}));
  const auto by_name = submit(Json{{"name", kTorch}});
  ASSERT_EQ(by_name.status, 201) << by_name.body;
  EXPECT_EQ(api.run(by_name.json()["run_id"]).spec.environment.pip_packages, find_curated(kTorch)->definition.pip_packages);
  EXPECT_TRUE(api("GET", Api::in("/environments")).json()["environments"].empty()) << "nothing of it is registered";

  Json changed = definition_of(kTorch);
  changed["python"]["pip_packages"].push_back("horovod");
  const auto refused = submit(changed);
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr("environment.name"));
  EXPECT_THAT(refused.body, HasSubstr("clone"));
  EXPECT_THAT(submit(Json{{"name", "azureml-none"}}).body, HasSubstr("there are AzureML-"));
  for (const char* name : {kTorch, "azureML-mine"}) {
    const auto registered = api("POST", Api::in("/environments"), Json{{"name", name}});
    EXPECT_EQ(registered.status, 422) << name;
    EXPECT_THAT(registered.body, HasSubstr("clone"));
  }
}

TEST_F(CuratedTest, AWorkspaceCanPointANameAtAnotherEnvironmentVisibly) {
  const Json curated = definition_of(kTorch);
  register_one("torch-here", "six");
  const auto pointed = override(kTorch, {{"name", "torch-here"}});
  ASSERT_EQ(pointed.status, 200) << pointed.body;
  EXPECT_EQ(pointed.json()["override"]["name"], "torch-here");
  const Json shown = api("GET", Api::in(std::string("/environments/") + kTorch)).json();
  EXPECT_EQ(shown["definition"]["python"]["pip_packages"], Json{"six"});
  EXPECT_EQ(shown["override"]["created_by"], "ada");

  register_one("torch-here", "attrs");
  for (const Json& asked : {curated, definition_of(kTorch), Json{{"name", kTorch}}}) {
    const auto run = submit(asked);
    ASSERT_EQ(run.status, 201) << run.body;
    EXPECT_EQ(run.json()["environment"], (Json{{"name", "torch-here"}, {"version", "2"}}));
    ASSERT_EQ(run.json()["warnings"].size(), 1u) << run.body;
    EXPECT_THAT(run.json()["warnings"][0].get<std::string>(), HasSubstr("torch-here, version 2, instead of AzureML-PyTorch-1.6-GPU"));
    EXPECT_EQ(api.run(run.json()["run_id"]).spec.environment.pip_packages, std::vector<std::string>{"attrs"});
  }
  ASSERT_EQ(override(kTorch, {{"name", "torch-here"}, {"version", "1"}}).status, 200);
  EXPECT_EQ(submit(Json{{"name", kTorch}}).json()["environment"]["version"], "1");
  ASSERT_EQ(override("AzureML-Vanished", {{"name", "torch-here"}}).status, 200) << "one that Muster does not bring";
  EXPECT_EQ(submit(Json{{"name", "AzureML-Vanished"}}).json()["environment"]["name"], "torch-here");
  EXPECT_EQ(api("GET", Api::in("/environments?curated=true")).json()["environments"].size(), curated_environments().size() + 1);

  EXPECT_EQ(api("DELETE", Api::in(std::string("/environments/") + kTorch + "/override")).status, 204);
  EXPECT_EQ(api("DELETE", Api::in(std::string("/environments/") + kTorch + "/override")).status, 404);
  EXPECT_EQ(definition_of(kTorch), curated);
}

TEST_F(CuratedTest, WhatCannotBePointedAtIsRefused) {
  EXPECT_EQ(override(kTorch, {{"name", "gone"}}).status, 404);
  register_one("mine", "six");
  EXPECT_EQ(override(kTorch, {{"name", "mine"}, {"version", "7"}}).status, 404);
  EXPECT_EQ(override(kTorch, {{"name", "AzureML-Minimal"}}).status, 422);
  EXPECT_EQ(override("mine", {{"name", "mine"}}).status, 422);
  EXPECT_EQ(override("AzureML~x", {{"name", "mine"}}).status, 422);
  EXPECT_EQ(override(kTorch, {{"with", "mine"}}).status, 422);
}

}  // namespace
}  // namespace muster::api
