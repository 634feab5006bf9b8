#include "api/datastores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/runs.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kFiles = "/datastores/workspaceblobstore/files";

struct DatastoresTest : testing::Test {
  Api api;

  Json described(const std::string& path, const std::string& content) {
    const std::string sha256 = sha256_hex(content);
    EXPECT_THAT(api("PUT", Api::in("/blobs/" + sha256), content).status, testing::AnyOf(200, 201));
    return {{"path", path}, {"size", content.size()}, {"sha256", sha256}};
  }
  test::ApiAnswer write(const std::vector<Json>& files, bool overwrite = false) {
    return api("POST", Api::in(kFiles), Json{{"files", files}, {"overwrite", overwrite}});
  }
  std::vector<std::string> paths(const std::string& query = "") {
    std::vector<std::string> all;
    const Json body = api("GET", Api::in(kFiles + query)).json();
    for (const Json& file : body["files"]) all.push_back(file["path"]);
    return all;
  }
  test::ApiAnswer submit(const Json& inputs, const Json& arguments = Json::array()) {
    const std::string script = "pass";
    const Json file = described("train.py", script);
    const Json manifest{{"files", {{{"path", "train.py"}, {"size", script.size()}, {"sha256", file["sha256"]}, {"mode", 420}}}}};
    const Json snapshot = api("POST", Api::in("/snapshots"), manifest).json();
    return api("POST", Api::in("/runs"),
               Json{{"experiment", "birds"},
                    {"script", "train.py"},
                    {"snapshot_id", snapshot["snapshot_id"]},
                    {"inputs", inputs},
                    {"arguments", arguments}});
  }
};

TEST_F(DatastoresTest, FilesAreWrittenListedReadAndRemoved) {
  ASSERT_EQ(write({described("birds/a.jpg", "a"), described("birds/b.jpg", "b"), described("notes.txt", "n")}).json()["written"], 3);
  EXPECT_THAT(paths(), ElementsAre("birds/a.jpg", "birds/b.jpg", "notes.txt"));
  EXPECT_THAT(paths("?prefix=birds/&limit=1"), ElementsAre("birds/a.jpg"));
  EXPECT_EQ(api("GET", Api::in(std::string(kFiles) + "/birds/b.jpg")).body, "b");
  ASSERT_EQ(api("DELETE", Api::in(std::string(kFiles) + "/birds")).status, 204);
  EXPECT_THAT(paths(), ElementsAre("notes.txt"));
  EXPECT_EQ(api("DELETE", Api::in(std::string(kFiles) + "/birds")).status, 404);
  EXPECT_EQ(api("GET", Api::in(std::string(kFiles) + "/birds/b.jpg")).status, 404);
  EXPECT_EQ(api("GET", Api::in("/datastores")).json()["datastores"][0]["name"], "workspaceblobstore");
  EXPECT_EQ(api("GET", Api::in("/datastores/other")).status, 404);
}

TEST_F(DatastoresTest, AFileThatIsThereIsKeptUnlessItIsToBeReplaced) {
  ASSERT_EQ(write({described("a", "old")}).status, 200);
  EXPECT_EQ(write({described("a", "new")}).json()["kept"], Json::array({"a"}));
  EXPECT_EQ(write({described("a", "old")}).json()["kept"], Json::array()) << "the call may have come twice";
  EXPECT_EQ(api("GET", Api::in(std::string(kFiles) + "/a")).body, "old");
  EXPECT_EQ(write({described("a", "new")}, true).json()["written"], 1);
  EXPECT_EQ(api("GET", Api::in(std::string(kFiles) + "/a")).body, "new");
}

TEST_F(DatastoresTest, WhatCannotBeIsRefusedByItsPlace) {
  EXPECT_THAT(write({Json{{"path", "../a"}, {"size", 1}, {"sha256", std::string(64, 'a')}}}).fields(),
              ElementsAre("files[0].path", "files[0].sha256"));
  EXPECT_THAT(write({}).fields(), ElementsAre("files"));
  ASSERT_EQ(write({described("a/b", "x")}).status, 200);
  EXPECT_EQ(write({described("a", "y")}).code(), "conflict");
  EXPECT_EQ(write({described("a/b/c", "y")}).code(), "conflict");
  EXPECT_THAT(paths(), ElementsAre("a/b"));
}

TEST_F(DatastoresTest, ARunGetsTheFilesAsTheyAreWhenItIsSubmitted) {
  ASSERT_EQ(write({described("birds/a.jpg", "a"), described("birds/sub/b.jpg", "b"), described("one.bin", "1")}).status, 200);
  const auto answer = submit({{"birds", {{"datastore", "workspaceblobstore"}, {"path", "birds"}}},
                              {"one", {{"datastore", "workspaceblobstore"}, {"path", "one.bin"}, {"mode", "download"}}}},
                             {"--data", {{"input", "birds"}}, "--one", {{"input", "one"}}});
  ASSERT_EQ(answer.status, 201) << answer.body;
  const Json run = answer.json();
  EXPECT_EQ(run["arguments"], Json::array({"--data", Json{{"input", "birds"}}, "--one", Json{{"input", "one"}}}));
  EXPECT_EQ(run["inputs"]["birds"]["mode"], "mount");
  EXPECT_EQ(run["inputs"]["birds"]["file"], nullptr);
  EXPECT_EQ(run["inputs"]["one"]["file"], "one.bin");
  ASSERT_EQ(api("DELETE", Api::in(std::string(kFiles) + "/birds")).status, 204);
  const Json snapshot = api("GET", Api::in("/snapshots/" + run["inputs"]["birds"]["snapshot_id"].get<std::string>())).json();
  ASSERT_EQ(snapshot["files"].size(), 2u);
  EXPECT_EQ(snapshot["files"][0]["path"], "a.jpg");
  EXPECT_EQ(snapshot["files"][1]["path"], "sub/b.jpg");
}

TEST_F(DatastoresTest, PatternsChooseAmongTheFiles) {
  ASSERT_EQ(write({described("birds/a.jpg", "a"), described("birds/sub/b.jpg", "b"), described("birds/c.txt", "c")}).status, 200);
  const auto found = [&](const Json& patterns) {
    const auto answer = submit({{"birds", {{"datastore", "workspaceblobstore"}, {"path", "birds"}, {"patterns", patterns}}}});
    std::vector<std::string> names;
    if (answer.status != 201) return answer.fields();
    const std::string id = answer.json()["inputs"]["birds"]["snapshot_id"];
    const Json snapshot = api("GET", Api::in("/snapshots/" + id)).json();
    for (const Json& file : snapshot["files"]) names.push_back(file["path"]);
    return names;
  };
  EXPECT_THAT(found({"**/*.jpg"}), ElementsAre("a.jpg", "sub/b.jpg"));
  EXPECT_THAT(found({"*.txt", "sub"}), ElementsAre("c.txt", "sub/b.jpg"));
  EXPECT_THAT(found({"*.png"}), ElementsAre("inputs.birds.patterns"));
  EXPECT_THAT(found({"../*"}), ElementsAre("inputs.birds.patterns"));
  EXPECT_THAT(found(Json::array()), ElementsAre("inputs.birds.patterns"));
}

TEST_F(DatastoresTest, AnUploadIsAPathToBeFilled) {
  const Json upload{{"datastore", "workspaceblobstore"},
                    {"path", "made/{run-id}/{output-name}"},
                    {"mode", "upload"},
                    {"overwrite", true},
                    {"register", {{"name", "made"}, {"tags", {{"k", "v"}}}}}};
  const auto answer = submit({{"out", upload}}, {"--out", {{"input", "out"}}});
  ASSERT_EQ(answer.status, 201) << answer.body;
  const Json out = answer.json()["inputs"]["out"];
  EXPECT_EQ(out["path"], "made/" + answer.json()["run_id"].get<std::string>() + "/out");
  EXPECT_EQ(out["snapshot_id"], nullptr);
  EXPECT_EQ(out["register"]["name"], "made");
  const auto refused = [&](const char* key, const Json& value) {
    Json other = upload;
    other[key] = value;
    return submit({{"out", other}}).fields();
  };
  EXPECT_THAT(refused("path", ""), ElementsAre("inputs.out.path"));
  EXPECT_THAT(refused("path", ".muster/datasets"), ElementsAre("inputs.out.path"));
  EXPECT_THAT(refused("register", {{"name", "a/b"}}), ElementsAre("inputs.out.register.name"));
  EXPECT_THAT(refused("datastore", "other"), ElementsAre("inputs.out.datastore"));
  EXPECT_THAT(refused("mode", "mount"), ElementsAre("inputs.out.overwrite", "inputs.out.register"));
  EXPECT_THAT(refused("mode", "carry"), testing::Contains("inputs.out.mode"));
}

TEST_F(DatastoresTest, InputsThatAreNotThereAreAllNamed) {
  const Json nothing{{"datastore", "workspaceblobstore"}, {"path", "nothing"}};
  EXPECT_THAT(submit({{"a", nothing}, {"b", {{"datastore", "other"}}}}).fields(), ElementsAre("inputs.a.path", "inputs.b.datastore"));
  EXPECT_THAT(submit({{"a", {{"datastore", "workspaceblobstore"}, {"path", "../x"}}}}).fields(), ElementsAre("inputs.a.path"));
  EXPECT_THAT(submit({{"a b", nothing}}).fields(), ElementsAre("inputs"));
  EXPECT_THAT(submit(Json::object(), {Json{{"input", "a"}}, 3}).fields(), ElementsAre("arguments[0].input", "arguments[1]"));
  EXPECT_THAT(submit({{"a", nothing}}).json()["hint"].get<std::string>(), HasSubstr("upload"));
}

}  // namespace
}  // namespace muster::api
