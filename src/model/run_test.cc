#include "model/run.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/golden.h"

namespace muster::model {
namespace {

Run failed_run() {
  Run run;
  run.run_id = "birds_1795230131_0a1b2c3d";
  run.uuid = "0123456789abcdef0123456789abcdef";
  run.workspace = "default";
  run.created_by = "ada";
  run.spec.experiment = "birds";
  run.spec.script = "train.py";
  run.spec.arguments = {"--lr", "0.1"};
  run.spec.distribution = Distribution{Distribution::Kind::pytorch, 4, 1, "gloo"};
  run.spec.node_count = 2;
  run.spec.tags = {{"owner", "ada"}};
  run.environment_version = "2";
  run.status = RunStatus::failed;
  run.created_at = 1'795'230'131'000'000;
  run.started_at = 1'795'230'132'123'456;
  run.ended_at = 1'795'230'140'000'000;
  run.stages[0] = {1'795'230'131'000'001, 1'795'230'131'500'000};
  RunNode node;
  node.host = "here";
  node.status = NodeStatus::done;
  node.runner_pid = 4242;
  run.nodes = {node};
  run.error = RunError{
      "user_error", "ValueError: x (rank 3 on node 1, exit code 1)", 3, 1, 1, "", "Traceback …", "azureml-logs/70_driver_log_3.txt",
      "last words"};
  run.warnings = {"one"};
  return run;
}

TEST(RunObject, IsShownAsTheContractSays) {
  test::expect_golden(test::golden_folder() / "model" / "run_failed.json", to_json(failed_run()));
  test::expect_golden(test::golden_folder() / "model" / "run_new.json", to_json(model::Run{}));
}

TEST(RunObject, AnErrorIsReadBack) {
  const RunError error = *failed_run().error;
  const auto read = run_error_from_json(to_json(error));
  ASSERT_TRUE(read);
  EXPECT_EQ(to_json(*read), to_json(error));
  const auto bare = run_error_from_json({{"code", "node_lost"}, {"message", "node 1 (here) was lost"}});
  ASSERT_TRUE(bare);
  EXPECT_FALSE(bare->rank);
  EXPECT_EQ(bare->signal, "");
  EXPECT_FALSE(run_error_from_json({{"code", "internal"}}));
}

}  // namespace
}  // namespace muster::model
