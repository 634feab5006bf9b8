// Each resource's JSON, against tests/golden/api/*.json and the schema that describes it. What no two runs have alike (ids) is written as
// <uuid> and the like.
#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/openapi.h"
#include "support/api.h"
#include "support/golden.h"

namespace muster::api {
namespace {

using test::Api;

Json without_chance(const Json& json) {
  std::string text = json.dump();
  text = std::regex_replace(text, std::regex(R"(_(\d+)_[0-9a-f]{8}")"), "_$1_<8 hex>\"");
  text = std::regex_replace(text, std::regex(R"("[0-9a-f]{32}")"), "\"<32 hex>\"");
  text = std::regex_replace(text, std::regex(R"raw("home":"[^"]*")raw"), "\"home\":\"<home>\"");
  text = std::regex_replace(text, std::regex(R"raw("(pid|bytes_free)":\d+)raw"), "\"$1\":\"<number>\"");
  return Json::parse(text);
}

void expect_schema(const std::string& name, const Json& object) {
  const Json schema = yaml_to_json(openapi_yaml()).value()["components"]["schemas"][name];
  for (const Json& key : schema["required"]) EXPECT_TRUE(object.contains(key.get<std::string>())) << name << " requires " << key;
  for (const auto& [key, value] : object.items()) EXPECT_TRUE(schema["properties"].contains(key)) << name << " does not describe " << key;
}

struct ShapesTest : testing::Test {
  Api api;
  /// The golden of that name; and one object of the answer (itself, or the first of its list `list`) against its schema.
  void expect(const std::string& golden, const test::ApiAnswer& answer, const std::string& schema, const char* list = nullptr) {
    ASSERT_LT(answer.status, 300) << answer.body;
    test::expect_golden(test::golden_folder() / "api" / (golden + ".json"), without_chance(answer.json()));
    expect_schema(schema, list != nullptr ? answer.json()[list].at(0) : answer.json());
  }
};

TEST_F(ShapesTest, Server) { expect("status", api("GET", "/api/v1/status"), "Status"); }

TEST_F(ShapesTest, UsersAndTokens) {
  expect("user", api("POST", "/api/v1/users", R"({"name":"bob"})"), "User");
  expect("users", api("GET", "/api/v1/users"), "User", "users");
  auto token =
      api("POST", "/api/v1/tokens", R"({"user":"bob","role":"reader","purpose":"a","workspace":"default","expires_in_seconds":60})");
  Json shown = token.json();
  EXPECT_EQ(shown["secret"].get<std::string>().size(), 67u);
  shown.erase("secret");
  shown["id"] = "<12 hex>";
  token.body = shown.dump();
  expect("token", token, "Token");
  expect_schema("Token", api("GET", "/api/v1/tokens").json()["tokens"].at(0));
}

TEST_F(ShapesTest, Workspaces) {
  expect("workspace", api("POST", "/api/v1/workspaces", R"({"name":"team","tags":{"a":"b"}})"), "Workspace");
  expect("workspaces", api("GET", "/api/v1/workspaces?limit=1"), "Workspace", "workspaces");
}

TEST_F(ShapesTest, Experiments) {
  expect("experiment", api("POST", Api::in("/experiments"), R"({"name":"birds","tags":{"a":"b"}})"), "Experiment");
  expect("experiments", api("GET", Api::in("/experiments")), "Experiment", "experiments");
  EXPECT_EQ(api("POST", Api::in("/experiments"), R"({"name":"birds"})").status, 200);
  EXPECT_EQ(api("PATCH", Api::in("/experiments/birds"), R"({"tags":{"a":null,"c":"d"}})").json()["tags"], (Json{{"c", "d"}}));
}

TEST_F(ShapesTest, Snapshots) {
  const std::string id = api.put_snapshot({{"a.py", "print()"}});
  expect("snapshot", api("GET", Api::in("/snapshots/" + id)), "Snapshot");
}

TEST_F(ShapesTest, Runs) {
  api("POST", Api::in("/compute_targets"), R"({"name":"gpu","max_nodes":2})");
  const std::string snapshot = api.put_snapshot({{"train.py", "print()"}});
  const Json spec{{"experiment", "birds"},
                  {"snapshot_id", snapshot},
                  {"script", "train.py"},
                  {"arguments", {"--lr", "0.1"}},
                  {"compute_target", "gpu"},
                  {"environment", {{"name", "torch"}, {"python", {{"pip_packages", {"six"}}}}}},
                  {"environment_variables", {{"A", "1"}}},
                  {"distribution", {{"type", "pytorch"}, {"process_count", 4}, {"backend", "gloo"}}},
                  {"node_count", 2},
                  {"tags", {{"t", "1"}}}};
  const auto submitted = api("POST", Api::in("/runs"), spec);
  expect("run_submitted", submitted, "Run");

  model::Run run = api.run(submitted.json()["run_id"]);
  run.status = model::RunStatus::failed;
  run.started_at = api.clock.now_us() + 1'000'000;
  run.ended_at = api.clock.now_us() + 2'000'000;
  run.stages[0] = {run.created_at, run.started_at};
  run.nodes.resize(1);
  run.nodes[0].host = "h";
  run.nodes[0].status = model::NodeStatus::done;
  run.nodes[0].runner_pid = 7;
  run.error = model::RunError{"user_error", "ValueError: bad", 1, 0, 1, "", "Traceback", "azureml-logs/70_driver_log_1.txt"};
  run.warnings = {"careful"};
  ASSERT_TRUE(api.store->write([&](store::Session& session) { return store::runs::update_state(session, run); }));
  expect("run_failed", api("GET", Api::in("/runs/" + run.run_id)), "Run");
  expect("runs", api("GET", Api::in("/runs")), "Run", "runs");
  expect("artifact", api("PUT", Api::in("/runs/" + run.run_id + "/artifacts/outputs/model.pt"), "weights"), "Artifact");
  expect("artifacts", api("GET", Api::in("/runs/" + run.run_id + "/artifacts")), "Artifact", "artifacts");
  expect("model", api("POST", Api::in("/models"), Json{{"name", "birds"}, {"run_id", run.run_id}, {"path", "outputs/model.pt"}}), "Model");
  expect("models", api("GET", Api::in("/models")), "Model", "models");
  expect("environment", api("GET", Api::in("/environments/torch")), "Environment");
  expect("environments", api("GET", Api::in("/environments")), "Environment", "environments");
  ASSERT_TRUE(api.logs.append({run.uuid, 1, 0, "azureml-logs/70_driver_log_1.txt"}, 0, "line\n", api.clock.now_us(), 1));
  expect("logs", api("GET", Api::in("/runs/" + run.run_id + "/logs")), "Log", "logs");
}

TEST_F(ShapesTest, InteractiveRuns) {
  expect("run_interactive", api("POST", Api::in("/runs"), R"({"experiment":"notes","kind":"interactive","tags":{"t":"1"}})"), "Run");
}

TEST_F(ShapesTest, ComputeTargets) {
  const std::string body =
      R"({"name":"gpu","max_nodes":4,"min_nodes":1,"idle_seconds_before_scaledown":60,"vm_size":"STANDARD_NC6","vm_priority":"lowpriority","description":"d","tags":{"a":"b"}})";
  expect("compute_target_new", api("POST", Api::in("/compute_targets"), body, {{"idempotency-key", "k"}}), "ComputeTarget");
  EXPECT_EQ(api("POST", Api::in("/compute_targets"), body, {{"idempotency-key", "k"}}).status, 201) << "the first answer again";
  EXPECT_EQ(api("POST", Api::in("/compute_targets"), body).code(), "conflict");
  api.scheduler.status.nodes = {{"gpu-0", "running", "birds_1"}, {"gpu-1", "idle", ""}};
  api.scheduler.status.target_node_count = 2;
  api.scheduler.status.queued_runs = 3;
  api.scheduler.status.allocation_state_since = api.clock.now_us();
  expect("compute_target", api("GET", Api::in("/compute_targets/gpu")), "ComputeTarget");
  EXPECT_EQ(api("PATCH", Api::in("/compute_targets/gpu"), R"({"max_nodes":8})").json()["max_nodes"], 8);
  EXPECT_EQ(api("PATCH", Api::in("/compute_targets/gpu"), R"({"min_nodes":9})").code(), "invalid");
  EXPECT_EQ(api("DELETE", Api::in("/compute_targets/gpu")).status, 204);
  EXPECT_EQ(api("GET", Api::in("/compute_targets")).json()["compute_targets"].size(), 1u);
  EXPECT_FALSE(api.scheduler.changed_targets.empty());
}

TEST_F(ShapesTest, AComputeTargetHasAnEngineWithItsOptions) {
  expect("engines", api("GET", "/api/v1/engines"), "Engine", "engines");
  const auto made =
      api("POST", Api::in("/compute_targets"), R"({"name":"gpu","max_nodes":4,"engine":"grid","engine_options":{"partition":"cpu"}})");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.json()["engine"], "grid");
  EXPECT_EQ(api("GET", Api::in("/compute_targets/gpu")).json()["engine_options"], Json({{"partition", "cpu"}}));
  const auto changed = api("PATCH", Api::in("/compute_targets/gpu"), R"({"engine_options":{"partition":"gpu"}})");
  EXPECT_EQ(changed.json()["engine_options"], Json({{"partition", "gpu"}}));
  EXPECT_EQ(api("PATCH", Api::in("/compute_targets/gpu"), R"({"max_nodes":8})").json()["engine_options"], Json({{"partition", "gpu"}}));

  const auto unknown = api("PATCH", Api::in("/compute_targets/gpu"), R"({"engine_options":{"queue":"x"}})");
  EXPECT_EQ(unknown.fields(), std::vector<std::string>{"engine_options.queue"});
  const auto none = api("POST", Api::in("/compute_targets"), R"({"name":"other","max_nodes":0,"engine":"slurm"})");
  EXPECT_EQ(none.status, 422);
  EXPECT_EQ(none.fields(), (std::vector<std::string>{"max_nodes", "engine"})) << "every fault at once";
  EXPECT_EQ(none.json()["errors"][1]["hint"], "this server has: grid, local");
}

TEST_F(ShapesTest, AnEngineProposesTargetsForItsCluster) {
  expect("engine_proposals", api("GET", "/api/v1/engines/grid/proposals"), "Proposal", "proposals");
  EXPECT_EQ(api("GET", "/api/v1/engines/local/proposals").code(), "invalid");
  EXPECT_EQ(api("GET", "/api/v1/engines/none/proposals").code(), "not_found");
}

TEST_F(ShapesTest, Environments) {
  const Json definition{{"name", "torch"}, {"python", {{"pip_packages", {"six"}}}}};
  EXPECT_EQ(api("POST", Api::in("/environments"), definition).status, 201);
  EXPECT_EQ(api("POST", Api::in("/environments"), definition).status, 200);
  EXPECT_EQ(
      api("POST", Api::in("/environments"), Json{{"name", "torch"}, {"python", {{"pip_packages", {"six", "attrs"}}}}}).json()["version"],
      "2");
  EXPECT_EQ(api("GET", Api::in("/environments/torch?version=1")).json()["definition"]["python"]["pip_packages"], Json{"six"});
  EXPECT_EQ(api("GET", Api::in("/environments/torch?version=3")).status, 404);
}

TEST_F(ShapesTest, ProblemsSayWhatWhereAndWhatNext) {
  const auto answer = api("POST", Api::in("/runs"), R"({"experiment":"e","command":"true","compute_target":"gpu"})");
  test::expect_golden(test::golden_folder() / "api" / "problem.json", answer.json());
  expect_schema("Problem", answer.json());
}

TEST_F(ShapesTest, PrometheusCountsRuns) {
  api.submit();
  const auto answer = api("GET", "/metrics");
  EXPECT_THAT(answer.body, testing::HasSubstr("muster_runs{status=\"NotStarted\"} 1\n"));
  EXPECT_THAT(answer.body, testing::HasSubstr("# TYPE process_resident_memory_bytes gauge\n"));
}

}  // namespace
}  // namespace muster::api
