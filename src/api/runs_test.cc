#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "support/api.h"
#include "support/small_disk.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;

struct RunsTest : testing::Test {
  Api api;
  std::string path(const model::Run& run, const std::string& rest = "") const { return Api::in("/runs/" + run.run_id + rest); }
};

TEST_F(RunsTest, ASubmittedRunIsStoredAndTheSchedulerTold) {
  const std::string snapshot = api.put_snapshot({{"src/train.py", "print()"}});
  const auto answer =
      api("POST", Api::in("/runs"),
          Json{{"experiment", "birds"}, {"snapshot_id", snapshot}, {"script", "src/train.py"}, {"arguments", {"--lr", "0.1"}}});
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json()["status"], "NotStarted");
  EXPECT_EQ(answer.json()["created_by"], "ada");
  EXPECT_EQ(answer.json()["environment"], (Json{{"name", "default"}, {"version", nullptr}}));
  const model::Run run = api.run(answer.json()["run_id"]);
  EXPECT_THAT(api.scheduler.submitted_runs, ElementsAre(run.key));
  EXPECT_EQ(run.spec.arguments, (std::vector<std::string>{"--lr", "0.1"}));
  EXPECT_EQ(api("GET", Api::in("/experiments/birds")).json()["run_count"], 1);
  EXPECT_EQ(api("GET", Api::in("/environments/default")).status, 404) << "one without a name of its own is not registered";
}

TEST_F(RunsTest, AnEnvironmentWithANameIsRegisteredByItsRunAndOneWithoutIsNot) {
  const auto version_of = [&](const char* environment) {
    const auto answer =
        api("POST", Api::in("/runs"), Json{{"experiment", "birds"}, {"command", "true"}, {"environment", Json::parse(environment)}});
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.json()["environment"]["version"];
  };
  EXPECT_EQ(version_of(R"({"python": {"interpreter_path": "/opt/python", "user_managed_dependencies": true}})"), nullptr);
  EXPECT_TRUE(api("GET", Api::in("/environments")).json()["environments"].empty());
  EXPECT_EQ(version_of(R"({"name": "torch", "python": {"pip_packages": ["six"]}})"), "1");
  EXPECT_EQ(version_of(R"({"name": "torch", "python": {"pip_packages": ["six"]}})"), "1");
  EXPECT_EQ(version_of(R"({"name": "torch", "python": {"pip_packages": ["six", "attrs"]}})"), "2");
}

TEST_F(RunsTest, WhatIsBuiltOtherwiseThanAskedForIsARunsWarning) {
  const auto answer =
      api("POST", Api::in("/runs"), Json::parse(R"({"experiment": "birds", "command": "true", "environment": {"name": "torch",
      "docker": {"enabled": true, "base_image": "mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04"},
      "python": {"conda_packages": ["numpy=1.19"]}}})"));
  ASSERT_EQ(answer.status, 201) << answer.body;
  ASSERT_EQ(answer.json()["warnings"].size(), 2u) << answer.body;
  EXPECT_THAT(answer.json()["warnings"][0].get<std::string>(), HasSubstr("runs without one"));
  EXPECT_THAT(answer.json()["warnings"][1].get<std::string>(), HasSubstr("numpy=1.19 as numpy==1.19.*"));
}

/// Gives what is written a session in which every manifest is damaged: whatever decodes one there fails.
class ManifestsUnreadableInWrites final : public store::Store {
 public:
  explicit ManifestsUnreadableInWrites(store::Store& inside) : inside_(inside) {}

 protected:
  Result<void> write_erased(const Work& work) override {
    return inside_.write([&](store::Session& session) -> Result<void> {
      session.run("UPDATE snapshots SET manifest = ?", {store::Blob{"damaged"}});
      return work(session);
    });
  }
  void write_later_erased(Work work, Then then) override { then(write_erased(work)); }
  Result<void> read_erased(const Work& work) override { return inside_.read(work); }

 private:
  store::Store& inside_;
};

TEST_F(RunsTest, TheWriterThreadDecodesNoManifest) {
  const std::string snapshot = api.put_snapshot({{"train.py", "print()"}});
  ManifestsUnreadableInWrites store(*api.store);
  Services services = api.services_over(store);
  http::Router router;
  add_routes(router, services);
  http::Request request;
  request.id = "test";
  request.method = "POST";
  request.path = Api::in("/runs");
  request.headers = {{"authorization", std::string("Bearer ") + test::kOwnerToken}};
  request.body = Json{{"experiment", "birds"}, {"snapshot_id", snapshot}, {"script", "train.py"}}.dump();
  ASSERT_TRUE(api.gate(request));
  const auto match = router.match("POST", request.path);
  ASSERT_TRUE(match);
  request.parameters = match->parameters;
  const http::Response response = match->route->handler(request);
  EXPECT_EQ(response.status, 201) << std::get<std::string>(response.body);
}

TEST_F(RunsTest, ADoubtIsAWarning) {
  api("POST", Api::in("/compute_targets"), Json{{"name", "gpu"}, {"max_nodes", 2}});
  const model::Run run =
      api.submit({{"command", "python train.py"}, {"compute_target", "gpu"}, {"node_count", 2}, {"distribution", {{"type", "pytorch"}}}});
  EXPECT_THAT(run.warnings, ElementsAre(HasSubstr("$NODE_RANK")));
}

TEST_F(RunsTest, AScriptThatIsNotThereIsToldWithThoseThatAreNear) {
  const std::string snapshot = api.put_snapshot({{"src/train.py", "1"}, {"trian.py", "2"}, {"README.md", "3"}});
  const auto answer = api("POST", Api::in("/runs"), Json{{"experiment", "e"}, {"script", "train.py"}, {"snapshot_id", snapshot}});
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.json()["errors"][0]["hint"].get<std::string>(), HasSubstr("src/train.py, trian.py"));
}

TEST_F(RunsTest, ATargetThatIsNotThereIsToldWithThoseThatAre) {
  const auto answer = api("POST", Api::in("/runs"), Json{{"experiment", "e"}, {"command", "true"}, {"compute_target", "gpu-cluster"}});
  EXPECT_THAT(answer.json()["hint"].get<std::string>(), HasSubstr("there are local"));
}

TEST_F(RunsTest, ItsNameMayBeChosenOnce) {
  const Json chosen{{"experiment", "birds"}, {"command", "true"}, {"run_id", "birds-7"}};
  const auto first = api("POST", Api::in("/runs"), chosen);
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(first.json()["run_id"], "birds-7");
  EXPECT_EQ(api("GET", Api::in("/runs/birds-7")).json()["uuid"], first.json()["uuid"]);
  const auto second = api("POST", Api::in("/runs"), chosen);
  EXPECT_EQ(second.status, 409);
  EXPECT_THAT(second.json()["detail"].get<std::string>(), HasSubstr("a run named birds-7 exists already"));
  Json other = chosen;
  other["run_id"] = first.json()["uuid"];
  EXPECT_EQ(api("POST", Api::in("/runs"), other).status, 409) << "it is the other name of the first";
  other["run_id"] = "../birds";
  EXPECT_EQ(api("POST", Api::in("/runs"), other).status, 422);
  other["run_id"] = nullptr;
  EXPECT_EQ(api("POST", Api::in("/runs"), other).status, 201);
}

TEST_F(RunsTest, OneKeyMakesOneRun) {
  const Json body{{"experiment", "e"}, {"command", "true"}};
  const Api::Headers key{{"idempotency-key", "k 1"}};
  const auto first = api("POST", Api::in("/runs"), body, key);
  const auto again = api("POST", Api::in("/runs"), body, key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  const auto other = api("POST", Api::in("/runs"), Json{{"experiment", "e"}, {"command", "false"}}, key);
  EXPECT_EQ(other.code(), "conflict");
  EXPECT_EQ(api("GET", Api::in("/runs")).json()["runs"].size(), 1u);
  EXPECT_EQ(api("POST", Api::in("/experiments"), R"({"name":"x"})", key).status, 201) << "a key belongs to one path";
  for (const std::string& bad : {std::string(), std::string(256, 'k'), std::string("\xc3\xa9")}) {
    EXPECT_EQ(api("POST", Api::in("/runs"), body, {{"idempotency-key", bad}}).code(), "invalid");
  }
}

TEST_F(RunsTest, OneKeyUsedAtOnceMakesOneRun) {
  const Json body{{"experiment", "e"}, {"command", "true"}};
  std::vector<std::string> answers(8);
  {
    std::vector<std::jthread> clients;
    for (std::string& answer : answers) {
      clients.emplace_back([&] { answer = api("POST", Api::in("/runs"), body, {{"idempotency-key", "k"}}).body; });
    }
  }
  for (const std::string& answer : answers) EXPECT_EQ(answer, answers.front());
  EXPECT_EQ(api("GET", Api::in("/runs")).json()["runs"].size(), 1u);
}

TEST_F(RunsTest, AFailedCreationLeavesItsKeyFree) {
  const Api::Headers key{{"idempotency-key", "k"}};
  EXPECT_EQ(api("POST", Api::in("/runs"), R"({"experiment":"e","command":"true","compute_target":"gpu"})", key).status, 422);
  api("POST", Api::in("/compute_targets"), Json{{"name", "gpu"}, {"max_nodes", 1}});
  EXPECT_EQ(api("POST", Api::in("/runs"), R"({"experiment":"e","command":"true","compute_target":"gpu"})", key).status, 201);
}

TEST_F(RunsTest, ListsAreFilteredAndPaged) {
  const model::Run parent = api.submit({{"experiment", "a"}, {"display_name", "one"}, {"tags", {{"k", "v"}}}});
  api.submit({{"experiment", "a"}, {"tags", {{"k", "w"}}}});
  const model::Run child = api.submit({{"experiment", "b"}, {"parent_run_id", parent.run_id}});
  ASSERT_TRUE(api.scheduler.set_status(child.key, model::RunStatus::failed));
  const auto count = [&](const std::string& query) { return api("GET", Api::in("/runs?" + query)).json()["runs"].size(); };
  EXPECT_EQ(count(""), 3u);
  EXPECT_EQ(count("experiment=a"), 2u);
  EXPECT_EQ(count("experiment=a&tag=k"), 2u);
  EXPECT_EQ(count("tag=k%3Dv"), 1u);
  EXPECT_EQ(count("name=one"), 1u);
  EXPECT_EQ(count("status=Failed"), 1u);
  EXPECT_EQ(count("parent_run_id=" + parent.run_id), 1u);
  const Json page = api("GET", Api::in("/runs?limit=2")).json();
  EXPECT_EQ(page["runs"][0]["run_id"], child.run_id) << "newest first";
  const Json rest = api("GET", Api::in("/runs?limit=2&cursor=" + page["next"].get<std::string>())).json();
  EXPECT_EQ(rest["runs"].size(), 1u);
  EXPECT_TRUE(rest["next"].is_null());
}

TEST_F(RunsTest, TagsChangeAndPropertiesDoNot) {
  const model::Run run = api.submit({{"tags", {{"a", "1"}, {"b", "2"}}}, {"properties", {{"p", "1"}}}});
  const auto changed = api("PATCH", path(run), R"({"tags":{"a":null,"c":"3"},"properties":{"q":"2"},"display_name":"new"})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.json()["tags"], (Json{{"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(changed.json()["properties"], (Json{{"p", "1"}, {"q", "2"}}));
  EXPECT_EQ(changed.json()["display_name"], "new");
  const auto refused = api("PATCH", path(run), R"({"tags":{"d":"4"},"properties":{"p":"2"}})");
  EXPECT_EQ(refused.code(), "conflict");
  EXPECT_FALSE(api("GET", path(run)).json()["tags"].contains("d")) << "refused whole";
}

TEST_F(RunsTest, CancelIsTheSchedulersAndAnEndedRunAConflict) {
  const model::Run run = api.submit();
  const auto answer = api("POST", path(run, "/cancel"), R"({"reason":"enough"})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["status_detail"], "enough");
  EXPECT_EQ(api("POST", path(run, "/cancel")).code(), "conflict");
}

TEST_F(RunsTest, WhatTheDiskHasNoRoomForIsShownFromMemory) {
  const model::Run run = api.submit();
  api.scheduler.unstored_details = {{run.key, run.run_id, "the server's disk is full"}};
  EXPECT_EQ(api("GET", path(run)).json()["status_detail"], "the server's disk is full");
  EXPECT_EQ(api("GET", Api::in("/runs")).json()["runs"][0]["status_detail"], "the server's disk is full");
  EXPECT_EQ(api("GET", "/api/v1/status").json()["warnings"], Json::array({run.run_id + ": the server's disk is full"}));
  api("POST", path(run, "/cancel"), R"({"reason":"enough"})");
  EXPECT_EQ(api("GET", path(run)).json()["status_detail"], "enough") << "of a run that has ended the stored detail counts";
  api.scheduler.unstored_details.clear();
  EXPECT_EQ(api("GET", "/api/v1/status").json()["warnings"], Json::array());
}

TEST_F(RunsTest, OnlyAnEndedRunIsDeletedAndItCanBeBroughtBack) {
  const model::Run run = api.submit({{"tags", {{"k", "v"}}}});
  ASSERT_TRUE(api.logs.append({run.uuid, 1, 0, "azureml-logs/70_driver_log.txt"}, 0, "x", 1, 0));
  EXPECT_EQ(api("DELETE", path(run)).code(), "conflict");
  ASSERT_TRUE(api.scheduler.set_status(run.key, model::RunStatus::completed));
  EXPECT_EQ(api("DELETE", path(run)).status, 204);
  EXPECT_EQ(api("DELETE", path(run)).status, 204) << "said again";
  const Json shown = api("GET", path(run)).json();
  EXPECT_EQ(shown["lifecycle"], "deleted");
  EXPECT_FALSE(shown["deleted_at"].is_null());
  const auto listed = [&](const std::string& query) { return api("GET", Api::in("/runs" + query)).json()["runs"].size(); };
  EXPECT_EQ(listed(""), 0u);
  EXPECT_EQ(listed("?tag=k"), 0u);
  EXPECT_EQ(listed("?lifecycle=deleted"), 1u);
  EXPECT_EQ(listed("?lifecycle=all&tag=k"), 1u);
  EXPECT_EQ(api("GET", Api::in("/runs?lifecycle=gone")).code(), "invalid");
  EXPECT_EQ(api("GET", path(run, "/logs/azureml-logs/70_driver_log.txt")).body, "x");
  const Json points{{"points", Json::array()}};
  for (const auto& refused :
       {api("PATCH", path(run), R"({"tags":{"a":"b"}})"), api("PUT", path(run, "/artifacts/a"), "x"),
        api("POST", path(run, "/metrics?source=a&sequence=0"), points), api("PUT", path(run, "/logs/a?offset=0"), "x")}) {
    EXPECT_EQ(refused.code(), "conflict") << refused.body;
    EXPECT_THAT(refused.json()["hint"].get<std::string>(), HasSubstr("muster run restore " + run.run_id));
  }
  EXPECT_EQ(api("POST", Api::in("/runs"), Json{{"experiment", "e"}, {"command", "true"}, {"parent_run_id", run.run_id}}).fields(),
            std::vector<std::string>{"parent_run_id"});
  const auto restored = api("POST", path(run, "/restore"));
  EXPECT_EQ(restored.json()["lifecycle"], "active");
  EXPECT_EQ(api("POST", path(run, "/restore")).status, 200);
  EXPECT_EQ(api("PATCH", path(run), R"({"tags":{"a":"b"}})").status, 200);
}

TEST_F(RunsTest, ParametersAreSetOnceAndListedBy) {
  const model::Run run = api.submit({{"parameters", {{"lr", "0.1"}}}, {"description", "a try"}});
  EXPECT_EQ(api("GET", path(run)).json()["parameters"], (Json{{"lr", "0.1"}}));
  EXPECT_EQ(api("GET", path(run)).json()["description"], "a try");
  EXPECT_EQ(api("GET", path(run)).json()["number"], 1);
  EXPECT_EQ(api("PATCH", path(run), R"({"parameters":{"lr":"0.1","depth":"3"},"description":"another"})").json()["parameters"],
            (Json{{"depth", "3"}, {"lr", "0.1"}}));
  EXPECT_EQ(api("GET", path(run)).json()["description"], "another");
  const auto refused = api("PATCH", path(run), R"({"parameters":{"lr":"0.2","new":"1"}})");
  EXPECT_EQ(refused.code(), "conflict");
  EXPECT_FALSE(api("GET", path(run)).json()["parameters"].contains("new")) << "refused whole";
  EXPECT_EQ(api("PATCH", path(run), Json{{"parameters", {{std::string(251, 'n'), "1"}}}}).code(), "invalid");
  EXPECT_EQ(api("PATCH", path(run), Json{{"parameters", {{"n", std::string(6001, 'v')}}}}).code(), "invalid");
  EXPECT_EQ(api("PATCH", path(run), Json{{"description", std::string(5001, 'd')}}).code(), "invalid");
  api.submit({{"parameters", {{"lr", "0.3"}}}, {"tags", {{"k", "v"}}}});
  const auto count = [&](const std::string& query) { return api("GET", Api::in("/runs?" + query)).json()["runs"].size(); };
  EXPECT_EQ(count("parameter=lr"), 2u);
  EXPECT_EQ(count("parameter=lr%3D0.3"), 1u);
  EXPECT_EQ(count("parameter=lr%3D0.3&tag=k%3Dv&experiment=birds"), 1u);
  EXPECT_EQ(count("parameter=lr%3D0.1&tag=k"), 0u);
}

TEST_F(RunsTest, RunsAreOrderedAndFilteredByTheirMetricsAndParameters) {
  std::vector<std::string> names;
  const std::vector<Json> losses{0.5, "NaN", 0.25, nullptr, 3, "-Infinity"};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const model::Run run = api.submit({{"display_name", "try " + std::to_string(i)}, {"parameters", {{"lr", std::to_string(i % 2)}}}});
    names.push_back(run.run_id);
    if (losses[i].is_null()) continue;
    const Json point{{"name", "loss"}, {"value", losses[i]}};
    EXPECT_EQ(api("POST", path(run, "/metrics?source=a&sequence=0"), Json{{"points", {point}}}).status, 200);
  }
  const auto listed = [&](std::string query) {
    std::string found;
    std::string cursor;
    do {
      const Json page = api("GET", Api::in("/runs?limit=2&" + query + cursor)).json();
      for (const Json& run : page["runs"]) found += std::find(names.begin(), names.end(), run["run_id"]) - names.begin() + '0';
      cursor = page["next"].is_string() ? "&cursor=" + page["next"].get<std::string>() : "";
    } while (!cursor.empty());
    return found;
  };
  EXPECT_EQ(listed("order_by=metrics.loss"), "520413");
  EXPECT_EQ(listed("order_by=metrics.loss%20desc"), "402513");
  EXPECT_EQ(listed("order_by=parameters.lr"), "024135");
  EXPECT_EQ(listed("metric=loss%3C1&order_by=created_at"), "025");
  EXPECT_EQ(listed("metric=loss%3C1&metric=loss%3E0.3&parameter=lr=0"), "0");
  EXPECT_EQ(listed("name=*3"), "3");
  const Json first = api("GET", Api::in("/runs?order_by=metrics.loss&limit=1")).json()["runs"][0];
  EXPECT_EQ(first["metrics"], (Json{{"loss", "-Infinity"}}));
  const Json shown = api("GET", Api::in("/runs?show=metrics.loss&show=metrics.none")).json()["runs"];
  ASSERT_EQ(shown.size(), losses.size()) << "it filters nothing";
  EXPECT_EQ(shown[1]["metrics"], (Json{{"loss", 3}}));
  EXPECT_EQ(shown[2]["metrics"], Json::object());
  EXPECT_EQ(api("GET", Api::in("/runs?order_by=metrics.loss&cursor=7")).code(), "malformed");
  EXPECT_EQ(api("GET", Api::in("/runs?order_by=loss")).fields(), std::vector<std::string>{"order_by"});
}

TEST_F(RunsTest, ArtifactsAreWrittenOnceAndReadInParts) {
  const model::Run run = api.submit();
  const auto put = api("PUT", path(run, "/artifacts/outputs/a%20b.bin"), "0123456789");
  EXPECT_EQ(put.status, 201) << put.body;
  EXPECT_EQ(put.json()["path"], "outputs/a b.bin");
  EXPECT_EQ(put.json()["size"], 10);
  EXPECT_EQ(api("PUT", path(run, "/artifacts/outputs/a%20b.bin"), "0123456789").status, 201) << "the same content changes nothing";
  EXPECT_EQ(api("PUT", path(run, "/artifacts/outputs/a%20b.bin"), "other").code(), "conflict");
  EXPECT_EQ(api("PUT", path(run, "/artifacts/outputs"), "other").code(), "conflict") << "a folder cannot become a file";
  const auto part = api("GET", path(run, "/artifacts/outputs/a%20b.bin"), "", {{"range", "bytes=3-5"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "345");
  EXPECT_EQ(part.headers.at("etag"), '"' + sha256_hex("0123456789") + '"');
  api("PUT", path(run, "/artifacts/plots/p.png"), "png");
  EXPECT_EQ(api("GET", path(run, "/artifacts?prefix=outputs/")).json()["artifacts"].size(), 1u);
  EXPECT_EQ(api("GET", path(run, "/artifacts")).json()["artifacts"].size(), 2u);
}

TEST_F(RunsTest, TagsOfARunAreLimitedOverAllRequests) {
  const model::Run run = api.submit();
  const auto tag = [&](int from, int count) {
    Json tags = Json::object();
    for (int i = from; i < from + count; ++i) tags["t" + std::to_string(i)] = "v";
    return api("PATCH", Api::in("/runs/" + run.run_id), Json{{"tags", tags}});
  };
  EXPECT_EQ(tag(0, 1000).status, 200);
  EXPECT_EQ(tag(999, 1).status, 200) << "that is there already";
  const auto surplus = tag(1000, 1);
  EXPECT_EQ(surplus.code(), "invalid");
  EXPECT_NE(surplus.body.find("a run may have at most 1000 tags"), std::string::npos) << surplus.body;
  EXPECT_EQ(api.run(run.run_id).spec.tags.size(), 1000u);
}

TEST(DiskTest, EveryUploadLeavesRoomForRecords) {
  test::on_small_disk(8u << 20, [](const std::filesystem::path& home) {
    Api api(home);
    const model::Run run = api.submit();
    // Announced or not, at once or piece by piece: none takes what runs need in order to be canceled.
    const std::string nearly(512u << 10, 'x');
    http::Request request;
    request.method = "PUT";
    request.path = Api::in("/runs/" + run.run_id + "/artifacts/a");
    request.headers = {{"authorization", std::string("Bearer ") + test::kOwnerToken}};
    const auto match = api.router.match("PUT", request.path);
    request.parameters = match->parameters;
    ASSERT_TRUE(api.gate(request));
    auto sink = match->route->upload(request);
    ASSERT_TRUE(sink);
    Result<void> written;
    for (int i = 0; written && i < 20; ++i) written = (*sink)->write(nearly);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Code::disk_full);
    EXPECT_GE(*free_bytes(home), 512u << 10);
    for (const auto& [method, path, body] : {std::tuple("PUT", api.node(run, "logs?path=a&offset=0"), nearly),
                                             std::tuple("POST", api.node(run, "metrics?process=a&sequence=0"), nearly)})
      EXPECT_EQ(api(method, path, body, api.as_runner(run)).status, 507) << path;
    sink->reset();
    EXPECT_EQ(api("PUT", api.node(run, "logs?path=a&offset=0"), nearly, api.as_runner(run)).status, 200);
  });
}

TEST(DiskTest, AFullDiskIsToldAndWorksAgainWithRoom) {
  test::on_small_disk(8u << 20, [](const std::filesystem::path& home) {
    Api api(home);
    const model::Run run = api.submit();
    const std::string large(512u << 10, 'x');
    const std::filesystem::path filler = test::fill_disk(home);
    const auto upload = api("PUT", Api::in("/runs/" + run.run_id + "/artifacts/a"), large);
    EXPECT_EQ(upload.status, 507) << upload.body;
    EXPECT_EQ(upload.code(), "disk_full");
    EXPECT_EQ(api("PUT", api.node(run, "logs?path=a&offset=0"), large, api.as_runner(run)).status, 507);
    EXPECT_EQ(api("GET", Api::in("/runs/" + run.run_id)).status, 200) << "reading goes on";
    std::filesystem::remove(filler);
    EXPECT_EQ(api("PUT", Api::in("/runs/" + run.run_id + "/artifacts/a"), large).status, 201);
    EXPECT_EQ(api("POST", Api::in("/runs"), R"({"experiment":"e","command":"true"})").status, 201);
    EXPECT_EQ(api("PUT", api.node(run, "logs?path=a&offset=0"), "x", api.as_runner(run)).status, 200);
  });
}

}  // namespace
}  // namespace muster::api
