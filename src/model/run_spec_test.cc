#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "model/run.h"

namespace muster::model {
namespace {

Json smallest() { return {{"experiment", "birds"}, {"script", "train.py"}}; }

Json with(std::string_view key, Json value) {
  Json body = smallest();
  body[std::string(key)] = std::move(value);
  return body;
}

std::vector<FieldError> faults(const Json& body) {
  const auto spec = run_spec_from_json(body);
  if (spec) return {};
  EXPECT_EQ(spec.error().code, Code::invalid);
  return spec.error().errors;
}

/// "field: detail; hint" of the only fault; fails the test when there is another number of them.
std::string fault(const Json& body) {
  const auto all = faults(body);
  EXPECT_EQ(all.size(), 1u) << body.dump();
  return all.size() == 1 ? all[0].field + ": " + all[0].detail + "; " + all[0].hint : "";
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(RunSpec, DefaultsAreThoseOfTheContract) {
  const auto spec = run_spec_from_json(smallest());
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->compute_target, "local");
  EXPECT_EQ(spec->node_count, 1);
  EXPECT_EQ(spec->max_run_duration_seconds, 2'592'000);
  EXPECT_EQ(spec->grace_seconds, 15);
  EXPECT_EQ(spec->max_retries, 0);
  EXPECT_EQ(spec->priority, 0);
  EXPECT_FALSE(spec->distribution);
  EXPECT_FALSE(spec->snapshot_id);
}

TEST(RunSpec, IsReadBackAsItWasShown) {
  const Json body = Json::parse(R"({"experiment": "birds", "run_id": "birds-7", "display_name": "second try", "snapshot_id":
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "script": "src/train.py", "command": null, "arguments": ["--lr", "$LR", {"input": "d"}],
      "inputs": {"d": {"datastore": "workspaceblobstore", "path": "birds", "mode": "download", "snapshot_id": null, "file": null}},
      "compute_target": "gpu-cluster", "environment": {"name": "e", "version": null, "python": {"interpreter_path": "python3",
      "user_managed_dependencies": true, "pip_packages": [], "conda_packages": [], "python_version": null}, "environment_variables": {}},
      "environment_variables": {"A": "1"}, "distribution": {"type": "pytorch", "process_count": 4, "backend": "gloo"}, "node_count": 2,
      "max_run_duration_seconds": 60, "max_retries": 1, "priority": -3, "grace_seconds": 0, "tags": {"k": "v"}, "properties": {"p": "q"},
      "parent_run_id": "birds_1_0a1b2c3d", "kind": "job", "parameters": {"lr": "0.1"}, "description": "a try"})");
  const auto spec = run_spec_from_json(body);
  ASSERT_TRUE(spec) << spec.error().detail;
  EXPECT_EQ(to_json(*spec), body);
}

TEST(RunSpec, TellsEveryFaultAtOnce) {
  const Json body = Json::parse(
      R"({"experiment": "a/b", "script": "../train.py", "arguments": ["x", 1, null, "y"], "environment_variables": {"A": 1, "B-C": "x"},
      "distribution": {"type": "pytorch", "process_count": 3, "backend": "mpi", "nodes": 2}, "node_count": 2, "compute_target": "x", "max_retries": -1,
      "tags": {"": "v"}, "scirpt": "train.py", "environment": {"python": {"pip_packages": "six"}}})");
  std::vector<std::string> fields;
  for (const FieldError& one : faults(body)) fields.push_back(one.field);
  std::sort(fields.begin(), fields.end());
  EXPECT_EQ(fields,
            (std::vector<std::string>{"arguments[1]", "arguments[2]", "compute_target", "distribution.backend", "distribution.nodes",
                                      "distribution.process_count", "environment.python.pip_packages", "environment_variables.A",
                                      "environment_variables.B-C", "experiment", "max_retries", "scirpt", "script", "tags."}));
}

TEST(RunSpec, AnythingButAnObjectIsRefused) {
  for (const char* text : {"null", "[]", "3", "\"x\"", "true"}) EXPECT_FALSE(run_spec_from_json(Json::parse(text))) << text;
}

TEST(RunSpec, ScriptOrCommand) {
  EXPECT_TRUE(has(fault({{"experiment", "birds"}}), "script: or `command` is required"));
  EXPECT_TRUE(has(fault(with("command", "ls")), "command: can't be given together with `script`"));
  EXPECT_TRUE(run_spec_from_json({{"experiment", "birds"}, {"command", "echo $HOME"}}));
  EXPECT_TRUE(has(fault({{"experiment", "birds"}, {"command", "ls"}, {"arguments", {"-l"}}}),
                  "arguments: are for `script`; write them into the command"));
}

TEST(RunSpec, TheScriptStaysInsideItsFolder) {
  for (const std::string path : {"/etc/passwd", "../train.py", "a/../../b.py", "a//b.py", "./train.py", "a/"}) {
    EXPECT_TRUE(has(fault(with("script", path)), "must be a path inside the source folder")) << path;
  }
}

TEST(RunSpec, Limits) {
  EXPECT_TRUE(run_spec_from_json(with("arguments", std::vector<std::string>(10'000, "x"))));
  EXPECT_TRUE(has(fault(with("arguments", std::vector<std::string>(10'001, "x"))), "at most 10000 items, not 10001"));
  EXPECT_TRUE(has(fault(with("arguments", std::vector<std::string>(20, std::string(100'000, 'x')))), "at most 1.0 MiB in all"));
  EXPECT_TRUE(has(fault(with("arguments", {std::string(200'000, 'x')})), "arguments[0]: must have at most"));
  EXPECT_TRUE(has(fault(with("arguments", {std::string("a\0b", 3)})), "arguments[0]: must not hold a NUL character"));
  std::map<std::string, std::string> variables;
  for (int i = 0; i < 1001; ++i) variables["V" + std::to_string(i)] = "";
  EXPECT_TRUE(has(fault(with("environment_variables", variables)), "at most 1000 variables, not 1001"));
  EXPECT_TRUE(has(fault(with("environment_variables", {{"A", std::string(200'000, 'x')}})), "environment_variables.A: must have at most"));
  EXPECT_TRUE(has(fault(with("display_name", std::string(257, 'x'))), "at most 256 characters"));
  EXPECT_TRUE(has(fault(with("display_name", "a\nb")), "one line"));
  EXPECT_TRUE(has(fault(with("experiment", std::string(300, 'x'))), "it has 300 characters"));
  EXPECT_TRUE(has(fault(with("snapshot_id", "abc")), "64 lower-case hex digits"));
  EXPECT_TRUE(has(fault(with("node_count", 1001)), "from 1 to 1000"));
  EXPECT_TRUE(has(fault(with("max_run_duration_seconds", 0)), "max_run_duration_seconds: must be a whole number from 1"));
  EXPECT_TRUE(has(fault(with("priority", 1.5)), "priority: must be a whole number"));
}

TEST(RunSpec, AMillionFaultsAreToldInFewWords) {
  Json list = Json::array();
  for (int i = 0; i < 5'000; ++i) list.push_back(i);
  const auto spec = run_spec_from_json(with("arguments", list));
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().errors.size(), 100u);
  EXPECT_TRUE(has(spec.error().detail, "and 4900 more faults"));
}

TEST(RunSpec, SeveralNodesNeedADistribution) {
  const std::string words = fault(with("node_count", 2));
  EXPECT_TRUE(has(words, "distribution: is required with 2 nodes")) << words;
  EXPECT_TRUE(has(words, "PyTorchConfiguration"));
}

struct DistributionCase {
  const char* json;
  int nodes;
  const char* words;  ///< "" when it is fine
};

TEST(RunSpec, DistributionArithmetic) {
  const std::vector<DistributionCase> cases{
      {R"({"type": "pytorch"})", 1, ""},
      {R"({"type": "pytorch"})", 7, ""},
      {R"({"type": "pytorch", "process_count": 4})", 2, ""},
      {R"({"type": "pytorch", "process_count": null})", 2, ""},
      {R"({"type": "pytorch", "process_count": 4, "backend": "Nccl"})", 2, ""},
      {R"({"type": "mpi"})", 2, ""},
      {R"({"type": "mpi", "process_count_per_node": 3})", 2, ""},
      {R"({"type": "pytorch", "process_count": 3})", 2,
       "distribution.process_count: is the total over all nodes, so it must be a multiple of node_count (2); 3 is not; take 2 or 4"},
      {R"({"type": "pytorch", "process_count": 1})", 2, "take 2, or leave it out"},
      {R"({"type": "pytorch", "process_count": 0})", 1, "distribution.process_count: must be a whole number from 1"},
      {R"({"type": "pytorch", "process_count": -2})", 1, "distribution.process_count: must be a whole number from 1"},
      {R"({"type": "pytorch", "process_count": "2"})", 1, "distribution.process_count: must be a whole number"},
      {R"({"type": "pytorch", "backend": "mpi"})", 1, "distribution.backend: must be \"nccl\" or \"gloo\""},
      {R"({"type": "mpi", "process_count_per_node": 0})", 1, "distribution.process_count_per_node: must be a whole number from 1"},
      {R"({"type": "mpi", "process_count": 2})", 1, "for MPI give `process_count_per_node`"},
      {R"({"type": "tensorflow"})", 1, "distribution.type: must be \"pytorch\" or \"mpi\", not 'tensorflow'"},
      {R"({})", 1, "distribution.type: is required"},
      {R"("mpi")", 1, "distribution: must be an object"},
  };
  for (const DistributionCase& one : cases) {
    SCOPED_TRACE(one.json);
    Json body = with("distribution", Json::parse(one.json));
    body["node_count"] = one.nodes;
    if (*one.words == '\0')
      EXPECT_TRUE(faults(body).empty());
    else
      EXPECT_TRUE(has(fault(body), one.words)) << fault(body);
  }
}

TEST(RunSpec, DoubtsAboutAPerNodeCommand) {
  RunSpec spec;
  spec.command = "torchrun --nproc_per_node 2 train.py";
  spec.distribution = Distribution{};
  spec.node_count = 2;
  ASSERT_EQ(doubts_about(spec).size(), 1u);
  EXPECT_TRUE(has(doubts_about(spec)[0], "$NODE_RANK, $MASTER_ADDR, $MASTER_PORT"));
  spec.command += " --node_rank $NODE_RANK --master_addr $MASTER_ADDR --master_port ${MASTER_PORT}";
  EXPECT_TRUE(doubts_about(spec).empty());
  spec.command = "torchrun --nnodes 2 --rdzv_backend c10d --rdzv_endpoint $MASTER_ADDR:$MASTER_PORT train.py";
  EXPECT_TRUE(doubts_about(spec).empty());
  spec.node_count = 1;
  spec.command = "torchrun train.py";
  EXPECT_TRUE(doubts_about(spec).empty());
}

// Whatever JSON comes: an answer, and every refusal names a place.
RC_GTEST_PROP(RunSpec, NeverCrashes, (const std::map<std::string, std::string>& texts, int number)) {
  const std::vector<std::string> keys{"experiment", "script", "command", "arguments", "environment", "distribution", "node_count", "tags"};
  Json body = texts;
  for (const std::string& key : keys) {
    const auto kind = *rc::gen::inRange(0, 6);
    if (kind == 0) body[key] = number;
    if (kind == 1) body[key] = Json(texts);
    if (kind == 2) body[key] = {number, "x", nullptr};
    if (kind == 3) body[key] = "train.py";
    if (kind == 4) body[key] = {{"type", "pytorch"}, {"process_count", number}};
  }
  const auto spec = run_spec_from_json(body);
  if (!spec) RC_ASSERT(!spec.error().errors.empty() && !spec.error().detail.empty());
}

}  // namespace
}  // namespace muster::model
