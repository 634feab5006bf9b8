#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;

struct ModelsTest : testing::Test {
  Api api;
  model::Run run = api.submit();
  void SetUp() override {
    for (const char* path : {"outputs/model.pt", "outputs/model/a.bin", "outputs/model/sub/b.bin", "plots/p.png"}) {
      ASSERT_EQ(api("PUT", Api::in("/runs/" + run.run_id + "/artifacts/" + path), path).status, 201);
    }
  }
  test::ApiAnswer from_path(const std::string& path) {
    return api("POST", Api::in("/models"), Json{{"name", "birds"}, {"run_id", run.uuid}, {"path", path}});
  }
  static std::vector<std::string> paths(const test::ApiAnswer& answer) {
    std::vector<std::string> all;
    const Json body = answer.json();
    for (const Json& file : body["files"]) all.push_back(file["path"]);
    return all;
  }
};

TEST_F(ModelsTest, AFileIsRegisteredUnderItsBaseName) {
  const auto made = from_path("outputs/model.pt");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_THAT(paths(made), ElementsAre("model.pt"));
  EXPECT_EQ(made.json()["id"], "birds:1");
  EXPECT_EQ(made.json()["run_id"], run.run_id);
  EXPECT_EQ(made.json()["experiment"], "birds");
  EXPECT_EQ(from_path("./outputs/model.pt").json()["version"], 2) << "always a new version";
}

TEST_F(ModelsTest, AFolderIsRegisteredWithAllBelowIt) {
  EXPECT_THAT(paths(from_path("outputs/model")), ElementsAre("model/a.bin", "model/sub/b.bin"));
  EXPECT_THAT(paths(from_path("outputs/")), ElementsAre("outputs/model.pt", "outputs/model/a.bin", "outputs/model/sub/b.bin"));
  EXPECT_THAT(paths(from_path("outputs")), ElementsAre("outputs/model.pt", "outputs/model/a.bin", "outputs/model/sub/b.bin"));
}

TEST_F(ModelsTest, APathThatNobodyWroteIsToldWithWhatIsThere) {
  for (const char* path : {"outputs/modle.pt", "outputs/mod", "", "/"}) {
    const auto answer = from_path(path);
    EXPECT_EQ(answer.code(), "invalid") << path;
    EXPECT_THAT(answer.fields(), ElementsAre("path"));
    EXPECT_THAT(answer.json()["detail"].get<std::string>(), HasSubstr("outputs/model.pt"));
  }
}

TEST_F(ModelsTest, ADeletedRunHasNoModelsToRegisterUntilItIsBroughtBack) {
  ASSERT_TRUE(api.scheduler.set_status(run.key, model::RunStatus::completed));
  ASSERT_EQ(api("DELETE", Api::in("/runs/" + run.run_id)).status, 204);
  const auto refused = from_path("outputs/model.pt");
  EXPECT_EQ(refused.code(), "conflict");
  EXPECT_THAT(refused.body, HasSubstr("muster run restore " + run.run_id));
  ASSERT_EQ(api("POST", Api::in("/runs/" + run.run_id + "/restore")).status, 200);
  EXPECT_EQ(from_path("outputs/model.pt").status, 201);
}

TEST_F(ModelsTest, FilesAreRegisteredByTheirBlobs) {
  const std::string sha256 = api.put_blob("weights");
  const auto made = api("POST", Api::in("/models"),
                        Json{{"name", "m"},
                             {"files", {{{"path", "dir/w.bin"}, {"size", 7}, {"sha256", sha256}}}},
                             {"framework", "PyTorch"},
                             {"tags", {{"a", "b"}}}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_TRUE(made.json()["run_id"].is_null());
  const auto bytes = api("GET", Api::in("/models/m/versions/latest/files/dir/w.bin"), "", {{"range", "bytes=1-3"}});
  EXPECT_EQ(bytes.status, 206);
  EXPECT_EQ(bytes.body, "eig");
  EXPECT_EQ(api("GET", Api::in("/models/m/versions/1/files/other")).status, 404);
}

TEST_F(ModelsTest, VersionsAreListedChangedAndDeleted) {
  from_path("outputs/model.pt");
  from_path("outputs/model.pt");
  const std::string first = Api::in("/models/birds/versions/1");
  EXPECT_EQ(api("GET", Api::in("/models/birds")).json()["version"], 2);
  EXPECT_EQ(api("PATCH", first, R"({"tags":{"stage":"prod"},"properties":{"p":"1"},"description":"d"})").json()["tags"]["stage"], "prod");
  EXPECT_EQ(api("PATCH", first, R"({"properties":{"p":"2"}})").code(), "conflict");
  EXPECT_EQ(api("PATCH", first, R"({"tags":{"stage":null}})").json()["description"], "d") << "what is not given stays";
  EXPECT_EQ(api("GET", Api::in("/models?latest=true")).json()["models"].size(), 1u);
  EXPECT_EQ(api("GET", Api::in("/models?name=birds&run_id=" + run.run_id)).json()["models"].size(), 2u);
  EXPECT_EQ(api("DELETE", Api::in("/models/birds/versions/2")).status, 204);
  EXPECT_EQ(api("GET", Api::in("/models/birds")).json()["version"], 1);
  EXPECT_EQ(from_path("outputs/model.pt").json()["version"], 3) << "a number is not given twice";
}

}  // namespace
}  // namespace muster::api
