#include "launch/job_variables.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/golden.h"

namespace muster::launch {
namespace {

JobVariablesInput everything() {
  JobVariablesInput input;
  input.server = {{"PATH", "/usr/local/bin:/usr/bin"},
                  {"HOME", "/home/ada"},
                  {"LANG", "C.UTF-8"},
                  {"TZ", "UTC"},
                  {"TMPDIR", "/var/tmp"},
                  {"USER", "ada"},
                  {"SHELL", "/bin/bash"},
                  {"LD_LIBRARY_PATH", "/opt/cuda/lib64"},
                  {"CUDA_HOME", "/opt/cuda"},
                  {"CUDA_VISIBLE_DEVICES", "0,1"},
                  {"NVIDIA_VISIBLE_DEVICES", "all"},
                  {"https_proxy", "http://proxy:3128"},
                  {"NO_PROXY", "localhost"},
                  {"PYTHONPATH", "/home/ada/lib"},
                  {"VIRTUAL_ENV", "/home/ada/venv"},
                  {"MUSTER_TOKEN", "the owner's"},
                  {"MUSTER_HOME", "/home/ada/.muster"},
                  {"AWS_SECRET_ACCESS_KEY", "secret"},
                  {"RANK", "7"},
                  {"LOCAL_RANK", "7"},
                  {"OMP_NUM_THREADS", "4"},
                  {"SSH_AUTH_SOCK", "/tmp/agent"}};
  input.environment = {{"OMP_NUM_THREADS", "1"}, {"TZ", "Europe/Zurich"}, {"LEVEL", "environment"}};
  input.run = {
      {"LEVEL", "run"}, {"PYTHONPATH", "src"}, {"MUSTER_RUN_ID", "somebody else's"}, {"PYTHONUNBUFFERED", "0"}, {"HF_HOME", "/data/hf"}};
  input.run_id = "birds_1795230131_0a1b2c3d";
  input.uuid = "0123456789abcdef0123456789abcdef";
  input.workspace = "default";
  input.experiment = "birds";
  input.attempt = 2;
  input.node_count = 2;
  input.node = {1, "/home/ada/.muster/runs/birds_1795230131_0a1b2c3d/2/node_1", "muster-birds_1795230131_0a1b2c3d-2-1"};
  input.url = "http://127.0.0.1:6464";
  input.token = "run-token";
  input.token_expires_at = 1'795'833'600'000'000;
  input.sdk_folder = "/opt/muster/python";
  input.path = {"/home/ada/.muster/environments/abc/bin"};
  input.prepared = {{"VIRTUAL_ENV", "/home/ada/.muster/environments/abc"}};
  return input;
}

TEST(JobVariables, AgreeWithTheGolden) {
  JobVariablesInput smallest;
  smallest.run_id = "birds_1795230131_0a1b2c3d";
  smallest.node.run_folder = "/r";
  test::expect_golden(test::golden_folder() / "job-variables.json",
                      {{"everything", job_variables(everything())}, {"smallest", job_variables(smallest)}});
}

TEST(JobVariables, EachInputHasItsPlaceOnTheNode) {
  JobVariablesInput input = everything();
  input.node.inputs = "birds=\none=a=b.bin";
  const Variables variables = job_variables(input);
  const std::string folder = "/home/ada/.muster/runs/birds_1795230131_0a1b2c3d/2/node_1/.muster/inputs/";
  EXPECT_EQ(variables.at("AZUREML_DATAREFERENCE_birds"), folder + "birds");
  EXPECT_EQ(variables.at("AZUREML_DATAREFERENCE_one"), folder + "one/a=b.bin");
  EXPECT_EQ(variables.at("MUSTER_INPUTS"), input.node.inputs);
  EXPECT_FALSE(job_variables(everything()).contains("MUSTER_INPUTS"));
}

TEST(JobVariables, NothingElseOfTheServersComesThrough) {
  const Variables variables = job_variables(everything());
  for (const char* name : {"MUSTER_TOKEN", "MUSTER_HOME", "AWS_SECRET_ACCESS_KEY", "RANK", "LOCAL_RANK", "SSH_AUTH_SOCK"}) {
    EXPECT_FALSE(variables.contains(name)) << name;
  }
}

TEST(JobVariables, LaterOnesWin) {
  const Variables variables = job_variables(everything());
  EXPECT_EQ(variables.at("TZ"), "Europe/Zurich");
  EXPECT_EQ(variables.at("LEVEL"), "run");
  EXPECT_EQ(variables.at("MUSTER_RUN_ID"), "birds_1795230131_0a1b2c3d");
  EXPECT_EQ(variables.at("PYTHONUNBUFFERED"), "1");
  EXPECT_EQ(variables.at("PYTHONPATH"), "/opt/muster/python:src");
  EXPECT_EQ(variables.at("PATH"), "/home/ada/.muster/environments/abc/bin:/usr/local/bin:/usr/bin");
}

TEST(JobVariables, ThePageNamesEachOfThem) {
  const std::string page = test::read_golden(std::filesystem::path(MUSTER_SOURCE_DIR) / "docs" / "job-variables.md");
  JobVariablesInput input = everything();
  input.server.clear();
  input.environment.clear();
  input.run.clear();
  for (const auto& [name, value] : job_variables(input))
    EXPECT_NE(page.find("`" + name + "`"), std::string::npos) << name << " is not explained";
}

}  // namespace
}  // namespace muster::launch
