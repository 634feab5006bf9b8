#include "cli/run/job_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What is wrong with the text, and what to do.
std::string fault_of(std::string_view yaml) {
  const auto job = job_of_text(yaml, "/jobs");
  return job ? "" : job.error().detail + "; " + job.error().hint;
}

TEST(JobFile, ACommandJobIsWhatOneWouldType) {
  const auto job = job_of_text(R"(
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
type: command
name: birds-7
experiment_name: birds
display_name: second try
description: with more epochs
tags: {kind: baseline}
properties: {team: 7}
code: src
command: >-
  python train.py --lr ${{inputs.lr}} --epochs ${{ inputs.epochs }}
inputs:
  lr: 0.10
  epochs: 3
environment: azureml:torch:2
environment_variables: {FLAG: true, N: 010}
compute: azureml:gpu-cluster
distribution: {type: PyTorch, process_count_per_instance: 2}
resources: {instance_count: 3, instance_type: Standard_NC6}
limits: {timeout: 3600}
services: {}
)",
                               "/jobs");
  ASSERT_TRUE(job) << job.error().detail;
  const SubmitOptions& options = job->options;
  EXPECT_EQ(options.command, "python train.py --lr 0.10 --epochs 3") << "values are as they are written";
  EXPECT_EQ(options.source_directory, "/jobs/src");
  EXPECT_EQ(options.run_id, "birds-7");
  EXPECT_EQ(options.experiment, "birds");
  EXPECT_EQ(options.name, "second try");
  EXPECT_EQ(options.description, "with more epochs");
  EXPECT_THAT(options.tags, ElementsAre("kind=baseline"));
  EXPECT_THAT(options.properties, ElementsAre("team=7"));
  EXPECT_THAT(options.variables, ElementsAre("FLAG=true", "N=010"));
  EXPECT_EQ(options.environment, "torch:2");
  EXPECT_EQ(options.compute, "gpu-cluster");
  EXPECT_EQ(options.nodes, 3);
  EXPECT_EQ(options.processes, 6);
  EXPECT_FALSE(options.mpi);
  EXPECT_EQ(options.max_duration, "3600s");
  EXPECT_TRUE(job->environment.is_null());
}

TEST(JobFile, ACommandJobMayBringItsEnvironment) {
  const auto job = job_of_text(R"(
command: python train.py
environment:
  image: mcr.microsoft.com/azureml/base
  conda_file:
    channels: [conda-forge]
    dependencies: [python=3.11, {pip: [pillow==9.4.0]}]
distribution: {type: mpi}
)",
                               "/jobs");
  ASSERT_TRUE(job) << job.error().detail;
  EXPECT_EQ(job->environment["python"]["pip_packages"], Json({"pillow==9.4.0"}));
  EXPECT_EQ(job->environment["docker"]["base_image"], "mcr.microsoft.com/azureml/base");
  EXPECT_TRUE(job->options.mpi);
  EXPECT_EQ(job->options.source_directory, "/jobs/");
}

TEST(JobFile, ARunConfigurationOfTheFirstSdk) {
  const auto job = job_of_text(R"(
script: train.py
arguments: [--epochs, 3]
target: cpu-cluster
framework: Python
communicator: IntelMpi
maxRunDurationSeconds: 60
nodeCount: 2
environment:
  name: birds
  version: null
  python:
    interpreterPath: python
    userManagedDependencies: false
    condaDependencies: {name: project, dependencies: [python=3.8, {pip: [azureml-defaults, torch]}]}
    baseCondaEnvironment: null
  environmentVariables: {EXAMPLE: value}
  docker: {enabled: false, baseImage: some/image, arguments: [], shmSize: null}
  spark: {}
environmentVariables: {A: "1"}
history: {outputCollection: true}
mpi: {processCountPerNode: 4}
data: {}
)",
                               "/project");
  ASSERT_TRUE(job) << job.error().detail;
  EXPECT_EQ(job->options.script, "train.py");
  EXPECT_THAT(job->options.arguments, ElementsAre("--epochs", "3"));
  EXPECT_EQ(job->options.source_directory, "/project");
  EXPECT_EQ(job->options.compute, "cpu-cluster");
  EXPECT_EQ(job->options.max_duration, "60s");
  EXPECT_TRUE(job->options.mpi);
  EXPECT_EQ(job->options.processes, 8);
  EXPECT_EQ(job->environment["name"], "birds");
  EXPECT_EQ(job->environment["python"]["pip_packages"], Json({"azureml-defaults", "torch"}));
  EXPECT_EQ(job->environment["environment_variables"]["EXAMPLE"], "value");
  EXPECT_FALSE(job->environment.contains("docker")) << "it is not enabled";
}

TEST(JobFile, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_THAT(fault_of("command: x\ncompte: y\n"), HasSubstr("line 2: 'compte' is not known here; did you mean compute?"));
  EXPECT_THAT(fault_of("command: train ${{inputs.lr}}\n"), HasSubstr("there is no inputs.lr; name it under `inputs`"));
  EXPECT_THAT(fault_of("command: train ${{outputs.model}}\n"), HasSubstr("outputs/"));
  EXPECT_THAT(fault_of("command: train ${{inputs.lr\n"), HasSubstr("'${{' has no '}}'"));
  EXPECT_THAT(fault_of("type: pipeline\njobs: {}\n"), HasSubstr("line 1: type must be command, not 'pipeline'"));
  EXPECT_THAT(fault_of("command: x\ninputs:\n  data: {type: uri_folder, path: x}\n"), HasSubstr("line 3: inputs.data must be a value"));
  EXPECT_THAT(fault_of("command: x\nresources: {instance_count: many}\n"), HasSubstr("resources.instance_count must be a whole number"));
  EXPECT_THAT(fault_of("command: x\ndistribution: {type: tensorflow}\n"), HasSubstr("pytorch or mpi, not 'tensorflow'"));
  EXPECT_THAT(fault_of("command: x\ncode: git+https://host/x\n"), HasSubstr("a folder of this machine"));
  EXPECT_THAT(fault_of("experiment_name: x\n"), HasSubstr("it needs a `command`"));
  EXPECT_THAT(fault_of("just words"), HasSubstr("it must have keys"));
  EXPECT_THAT(fault_of("command: [\n"), HasSubstr("it is not YAML"));
  EXPECT_THAT(fault_of("script: x\ncommunicator: ParameterServer\n"), HasSubstr("communicator must be"));
  EXPECT_THAT(fault_of("script: x\ntarget: local\ndata: {x: {dataLocation: {}}}\n"), HasSubstr("line 3: data are not supported"));
}

TEST(JobFile, IsSeenFromItsFolder) {
  test::TempFolder folder;
  std::filesystem::create_directories(folder / ".azureml");
  ASSERT_TRUE(write_file(folder / ".azureml/train.runconfig",
                         "script: train.py\nenvironment: {python: {condaDependenciesFile: .azureml/conda.yml}}\n", 0644, Durable::no));
  const auto missing = read_job_file(folder / ".azureml/train.runconfig");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().detail, HasSubstr("train.runconfig: line 2: environment.python.condaDependenciesFile"));
  ASSERT_TRUE(write_file(folder / ".azureml/conda.yml", "dependencies: [numpy]\n", 0644, Durable::no));
  const auto job = read_job_file(folder / ".azureml/train.runconfig");
  ASSERT_TRUE(job) << job.error().detail;
  EXPECT_EQ(job->options.source_directory, folder.path().string());
  EXPECT_EQ(job->environment["python"]["conda_packages"], Json({"numpy"}));
  EXPECT_FALSE(read_job_file(folder / "nothing.yml"));
}

TEST(JobFile, WhatIsTypedGoesBeforeIt) {
  SubmitOptions file;
  file.command = "train";
  file.compute = "slow";
  file.nodes = 4;
  file.processes = 8;
  file.environment = "e";
  file.tags = {"a=1", "b=2"};
  SubmitOptions typed;
  typed.compute = "fast";
  typed.tags = {"a=3"};
  SubmitOptions both = typed_over(typed, file);
  EXPECT_EQ(both.command, "train");
  EXPECT_EQ(both.compute, "fast");
  EXPECT_EQ(both.processes, 8);
  EXPECT_EQ(both.environment, "e");
  EXPECT_EQ((*run_request(both, "x", "", "s", nullptr))["tags"], (Json{{"a", "3"}, {"b", "2"}}));
  typed.script = "other.py";
  typed.nodes = 1;
  typed.python = "/usr/bin/python3";
  both = typed_over(typed, file);
  EXPECT_FALSE(both.command) << "another program was typed";
  EXPECT_FALSE(both.processes) << "another launch was typed";
  EXPECT_FALSE(both.environment);
}

}  // namespace
}  // namespace muster::cli
