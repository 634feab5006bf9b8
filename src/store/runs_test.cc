#include "store/runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "store/experiments.h"
#include "store/run_attempts.h"
#include "store/run_nodes.h"
#include "support/test_store.h"

namespace muster::store::runs {
namespace {

using model::RunStatus;
using test::TestStore;
using testing::ElementsAre;
using testing::HasSubstr;

model::Run get(TestStore& test, std::int64_t key) {
  return test.read([&](Session& session) { return find(session, key).value(); });
}

model::Run full_run(const TestStore& test) {
  model::Run run = test.new_run();
  run.spec.display_name = "first try";
  run.spec.snapshot_id = std::string(64, 'a');
  run.spec.script.clear();
  run.spec.command = "python train.py";
  run.spec.arguments = {"--lr", "0.1", "ü"};
  run.spec.compute_target = "gpu-cluster";
  run.spec.environment.name = "torch";
  run.spec.environment.version = "3";
  run.spec.environment.pip_packages = {"torch==2.0"};
  run.spec.environment.conda_packages = {"x"};
  run.spec.environment.python_version = "3.11";
  run.spec.environment.user_managed_dependencies = false;
  run.spec.environment.interpreter_path = "/usr/bin/python3";
  run.spec.environment.variables = {{"A", "1"}};
  run.spec.environment.pip_constraints = {"numpy<2"};
  run.spec.environment.conda_channels = {"conda-forge"};
  run.spec.environment.container = model::ContainerDefinition{true, "image", "FROM x", "example.org", "u", {"--gpus", "all"}, 1 << 30};
  run.spec.environment_variables = {{"B", "2"}};
  run.spec.distribution = model::Distribution{model::Distribution::Kind::pytorch, 4, 2, "gloo"};
  run.spec.node_count = 2;
  run.spec.max_run_duration_seconds = 60;
  run.spec.max_retries = 3;
  run.spec.priority = -7;
  run.spec.grace_seconds = 5;
  run.spec.tags = {{"k", "v"}, {"empty", ""}};
  run.spec.properties = {{"p", "q"}};
  run.spec.parent_run_id = "parent";
  run.spec.parameters = {{"lr", "0.1"}, {"name", "x"}};
  run.spec.description = "a try";
  return run;
}

TEST(Runs, AreReadAsTheyWereWritten) {
  TestStore test;
  const model::Run run = full_run(test);
  const model::Run found = get(test, test.add(run));
  EXPECT_EQ(to_json(found.spec), to_json(run.spec));
  EXPECT_EQ(found.run_id, run.run_id);
  EXPECT_EQ(found.uuid, run.uuid);
  EXPECT_EQ(found.workspace, "default");
  EXPECT_EQ(found.created_by, "ada");
  EXPECT_EQ(found.created_at, run.created_at);
  EXPECT_EQ(found.status, RunStatus::not_started);
  EXPECT_EQ(found.spec.distribution->process_count, 4);
  EXPECT_EQ(found.spec.environment.version, "3");
  EXPECT_EQ(found.spec.tags, run.spec.tags);
}

TEST(Runs, AreFoundByEitherName) {
  TestStore test;
  const model::Run run = test.new_run();
  const std::int64_t key = test.add(run);
  test.read([&](Session& session) {
    EXPECT_EQ(find_by_name(session, test.workspace_key(), run.run_id)->key, key);
    EXPECT_EQ(find_by_name(session, test.workspace_key(), run.uuid)->key, key);
    EXPECT_FALSE(find_by_name(session, test.workspace_key() + 1, run.run_id));
    EXPECT_FALSE(find_by_name(session, test.workspace_key(), "nobody"));
    EXPECT_FALSE(find(session, key + 1));
    EXPECT_FALSE(find_brief(session, key + 1));
    EXPECT_FALSE(find_brief_by_name(session, test.workspace_key() + 1, run.run_id));
  });
}

TEST(Runs, InBriefAreAsTheyAreWhole) {
  TestStore test;
  const std::int64_t key = test.add(full_run(test));
  model::Run run = get(test, key);
  run.status = RunStatus::completed;
  run.attempt = 2;
  test.write([&](Session& session) {
    EXPECT_TRUE(update_state(session, run));
    EXPECT_TRUE(mark_deleted(session, key, 77));
  });
  run = get(test, key);
  test.read([&](Session& session) {
    const auto brief = find_brief_by_name(session, test.workspace_key(), run.uuid);
    ASSERT_TRUE(brief);
    EXPECT_EQ(brief->key, run.key);
    EXPECT_EQ(brief->workspace_key, run.workspace_key);
    EXPECT_EQ(brief->run_id, run.run_id);
    EXPECT_EQ(brief->uuid, run.uuid);
    EXPECT_EQ(brief->kind, run.spec.kind);
    EXPECT_EQ(brief->status, run.status);
    EXPECT_EQ(brief->attempt, 2);
    EXPECT_EQ(brief->revision, run.revision);
    EXPECT_EQ(brief->deleted_at, 77);
  });
}

TEST(Runs, ANameIsTakenOnce) {
  TestStore test;
  const model::Run run = test.new_run();
  test.add(run);
  const auto again = test.store().write([&](Session& session) { return insert(session, run); });
  EXPECT_EQ(again.error().code, Code::conflict);
}

TEST(Runs, StateIsWrittenAndRaisesTheRevision) {
  TestStore test;
  model::Run run = test.new_run();
  run.key = test.add(run);
  const std::int64_t before = get(test, run.key).revision;
  run.status = RunStatus::failed;
  run.status_detail = "it broke";
  run.started_at = 5;
  run.ended_at = 9;
  run.environment_hash = "h";
  run.environment_version = "2";
  run.stages[1] = {3, 4};
  run.error = model::RunError{"user_error", "boom", 1, 0, 3, "", "Traceback", "log.txt"};
  run.warnings = {"one", "two"};
  run.cancel_asked = true;
  run.cancel_reason = "because";
  run.taken_ports = {6105, 6107};
  model::RunNode node;
  node.host = "here";
  node.status = model::NodeStatus::done;
  node.port = 6105;
  node.salvages = 2;
  node.gpus = "0,1";
  node.reports.emplace_back();
  node.reports.back().exit_code = 3;
  node.reports.back().log = "azureml-logs/70_driver_log.txt";
  run.nodes = {node};
  const auto revision = test.write([&](Session& session) { return update_state(session, run); });
  const model::Run found = get(test, run.key);
  EXPECT_EQ(revision, before + 1);
  EXPECT_EQ(found.revision, revision);
  EXPECT_EQ(found.status, RunStatus::failed);
  EXPECT_EQ(found.status_detail, "it broke");
  EXPECT_EQ(found.stages[1].ended_at, 4);
  EXPECT_EQ(found.error->message, "boom");
  EXPECT_EQ(found.error->exit_code, 3);
  EXPECT_THAT(found.warnings, ElementsAre("one", "two"));
  EXPECT_TRUE(found.cancel_asked);
  EXPECT_THAT(found.taken_ports, ElementsAre(6105, 6107));
  ASSERT_EQ(found.nodes.size(), 1u);
  EXPECT_EQ(found.nodes[0].host, "here");
  EXPECT_EQ(found.nodes[0].salvages, 2);
  EXPECT_EQ(found.nodes[0].gpus, "0,1");
  ASSERT_EQ(found.nodes[0].reports.size(), 1u);
  EXPECT_EQ(found.nodes[0].reports[0].exit_code, 3);
}

TEST(Runs, EachAttemptKeepsItsOwn) {
  TestStore test;
  model::Run run = test.new_run();
  run.key = test.add(run);
  run.stages[0] = {1, 2};
  run.nodes.resize(1);
  run.nodes[0].host = "first";
  test.write([&](Session& session) { return update_state(session, run); });
  test.write([&](Session& session) { run_attempts::set_handle(session, run.key, 1, {"grid", Json{{"pid", 1}}}); });
  run.attempt = 2;
  run.stages = {};
  run.nodes.clear();
  test.write([&](Session& session) { return update_state(session, run); });

  EXPECT_EQ(get(test, run.key).nodes.size(), 0u);
  test.read([&](Session& session) {
    const auto attempts = run_attempts::list(session, run.key);
    ASSERT_EQ(attempts.size(), 2u);
    EXPECT_EQ(attempts[0].stages[0].ended_at, 2);
    EXPECT_EQ(attempts[1].stages[0].ended_at, 0);
    EXPECT_EQ(run_nodes::list(session, run.key, 1).at(0).host, "first");
    EXPECT_EQ(run_attempts::handle(session, run.key, 1).value().nodes["pid"], 1);
    EXPECT_EQ(run_attempts::handle(session, run.key, 1).value().engine, "grid");
    EXPECT_FALSE(run_attempts::handle(session, run.key, 2));
  });
  test.write([&](Session& session) { run_attempts::set_resolved_environment(session, run.key, 2, {{"pip", {"a"}}}); });
  test.write([&](Session& session) { run_attempts::set_prepared(session, run.key, 1, {{"interpreter", "/bin/python"}}); });
  test.read([&](Session& session) {
    EXPECT_EQ(run_attempts::prepared(session, run.key, 1).value()["interpreter"], "/bin/python");
    EXPECT_EQ(run_attempts::prepared(session, run.key, 2).value()["interpreter"], "/bin/python") << "the one before it prepared it";
    EXPECT_FALSE(run_attempts::prepared(session, run.key + 1, 1));
  });
  EXPECT_TRUE(test.read([&](Session& session) { return run_attempts::resolved_environment(session, run.key, 2).has_value(); }));
}

TEST(Runs, OfManyNodesThoseAreWrittenThatChanged) {
  TestStore test;
  model::Run run = test.new_run();
  run.nodes.resize(3);
  for (int i = 0; i < 3; ++i) run.nodes[static_cast<std::size_t>(i)].node_rank = i;
  run.key = test.add(run);
  test.write([&](Session& session) { session.run("UPDATE run_nodes SET host = 'as stored'", {}); });
  const auto stored = run.nodes;
  run.nodes[1].host = "changed";
  test.write([&](Session& session) { return update_state(session, run, stored); });
  const auto hosts = [&] {
    std::vector<std::string> names;
    for (const model::RunNode& node : get(test, run.key).nodes) names.push_back(node.host);
    return names;
  };
  EXPECT_THAT(hosts(), ElementsAre("as stored", "changed", "as stored"));
  run.attempt = 2;
  test.write([&](Session& session) { return update_state(session, run, run.nodes); });
  EXPECT_THAT(hosts(), ElementsAre("", "changed", "")) << "an attempt that begins has none stored";
}

TEST(Runs, AHeartbeatIsNoChange) {
  TestStore test;
  model::Run run = test.new_run();
  run.nodes.resize(1);
  const std::int64_t key = test.add(run);
  const std::int64_t before = get(test, key).revision;
  test.write([&](Session& session) { run_nodes::set_heartbeat(session, key, 1, 0, 77); });
  EXPECT_EQ(get(test, key).revision, before);
  EXPECT_EQ(get(test, key).nodes[0].last_heartbeat_at, 77);
}

TEST(Runs, TheActiveOnesAreThoseThatHaveNotEnded) {
  TestStore test;
  std::vector<std::int64_t> keys;
  for (const RunStatus status :
       {RunStatus::queued, RunStatus::completed, RunStatus::running, RunStatus::canceled, RunStatus::failed, RunStatus::queued}) {
    model::Run run = test.new_run();
    run.status = status;
    keys.push_back(test.add(run));
  }
  test.read([&](Session& session) {
    std::vector<std::int64_t> found;
    for (const model::Run& run : active_jobs(session)) found.push_back(run.key);
    EXPECT_THAT(found, ElementsAre(keys[0], keys[2], keys[5]));
    EXPECT_THAT(count_active(session), ElementsAre(std::pair(RunStatus::queued, 2), std::pair(RunStatus::running, 1)));
    EXPECT_EQ(count_active(session, test.workspace_key()), count_active(session));
    EXPECT_TRUE(count_active(session, test.workspace_key() + 1).empty());
    EXPECT_EQ(count_active_on(session, test.workspace_key(), "local"), 3);
    EXPECT_EQ(count_active_on(session, test.workspace_key(), "gpu"), 0);
  });
}

TEST(Runs, TagsComeAndGoPropertiesStay) {
  TestStore test;
  model::Run run = test.new_run();
  run.spec.tags = {{"a", "1"}, {"b", "2"}};
  run.spec.properties = {{"p", "1"}};
  const std::int64_t key = test.add(run);
  const std::int64_t before = get(test, key).revision;
  test.write([&](Session& session) { set_tags(session, key, {{"a", std::nullopt}, {"b", "3"}, {"c", "4"}}); });
  test.write([&](Session& session) { return set_properties(session, key, {{"p", "1"}, {"q", "2"}}); });
  const auto refused = test.store().write([&](Session& session) { return set_properties(session, key, {{"n", "new"}, {"p", "other"}}); });
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().detail, HasSubstr("`p`"));
  test.write([&](Session& session) { set_display_name(session, key, "renamed"); });
  const model::Run found = get(test, key);
  EXPECT_THAT(found.spec.tags, ElementsAre(std::pair("b", "3"), std::pair("c", "4")));
  EXPECT_THAT(found.spec.properties, ElementsAre(std::pair("p", "1"), std::pair("q", "2")));
  EXPECT_EQ(found.spec.display_name, "renamed");
  EXPECT_EQ(found.revision, before + 3);
}

TEST(Runs, AnExperimentCountsItsRuns) {
  TestStore test;
  model::Run run = test.new_run("birds");
  run.status = RunStatus::completed;
  run.created_at = 50;
  const std::int64_t key = test.add(run);
  test.add_run("birds");
  test.add_run("bees");
  const auto birds = [&] {
    return test.read([&](Session& session) { return experiments::find(session, test.workspace_key(), "birds").value(); });
  };
  EXPECT_EQ(birds().run_count, 2);
  EXPECT_EQ(birds().last_run_at, 1'700'000'000'000'000);
  test.write([&](Session& session) { return mark_deleted(session, key, 7); });
  EXPECT_EQ(birds().run_count, 1);
  test.write([&](Session& session) { restore(session, key); });
  EXPECT_EQ(birds().run_count, 2);
}

TEST(Runs, AStateOfARunThatIsGoneIsRefused) {
  TestStore test;
  const std::int64_t key = test.add_run();
  model::Run run = get(test, key);
  run.key = key + 1000;
  EXPECT_EQ(test.store().write([&](Session& session) { return update_state(session, run); }).error().code, Code::not_found);
}

}  // namespace
}  // namespace muster::store::runs
