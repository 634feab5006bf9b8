// What a target says, and what is submitted for a run on it.
#include "engine/slurm/job_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/slurm/commands.h"

namespace muster::engine::slurm {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

Submission submission(const Json& options = Json::object()) {
  Submission one;
  one.attempt.id = {"birds_1_ab", 2};
  one.attempt.node_count = 2;
  one.attempt.command = {"/bin/muster", "runner", "--url", "http://it's"};
  one.attempt.variables = {{"MUSTER_RUNNER_TOKEN", "se'cret"}};
  one.attempt.of_node.time_limit = 2'592'000s;
  one.keys = {"node-0", "node-1"};
  const auto read = options_from(options);
  EXPECT_TRUE(read) << read.error().detail;
  if (read) one.options = *read;
  return one;
}

std::vector<std::string> faults(const Json& options) {
  std::vector<std::string> fields;
  const auto read = options_from(options);
  if (read) return fields;
  for (const FieldError& fault : read.error().errors) fields.push_back(fault.field);
  return fields;
}

TEST(SlurmOptions, AreReadOrNamedOneByOne) {
  EXPECT_THAT(
      faults({{"cpus", "four"}, {"memory", "much"}, {"gpus", 0}, {"time_limit", "soon"}, {"runner", "muster"}, {"partition", "a\nb"}}),
      ElementsAre("engine_options.partition", "engine_options.cpus", "engine_options.memory", "engine_options.gpus",
                  "engine_options.time_limit", "engine_options.runner"));
  for (const char* word : {"id", "-x", "--", "--wrap=id", "--hold", "--array=1-9"})
    EXPECT_EQ(faults({{"sbatch", word}}).size(), 1U) << word;
  EXPECT_EQ(options_from({{"cpus", 4}})->cpus, 4);
}

TEST(SlurmOptions, TimesAreSlurms) {
  EXPECT_EQ(parse_time("90"), 90min);
  EXPECT_EQ(parse_time("1:30"), 90s);
  EXPECT_EQ(parse_time("1:00:00"), 1h);
  EXPECT_EQ(parse_time("2-0"), 48h);
  EXPECT_EQ(parse_time("1-2:03:04"), 26h + 3min + 4s);
  for (const char* text : {"", "UNLIMITED", "-1", "1:2:3:4", "a", "1-", "999999999"}) EXPECT_FALSE(parse_time(text)) << text;
  EXPECT_EQ(time_in_minutes(61s), "2");
}

TEST(SlurmSubmission, NamesTheJobAfterTheRunAndSaysWhatANodeNeeds) {
  const auto words = sbatch_words(submission({{"partition", "gpu"},
                                              {"account", "birds"},
                                              {"qos", "high"},
                                              {"constraint", "v100"},
                                              {"cpus", 8},
                                              {"memory", "32G"},
                                              {"gpus", 2},
                                              {"sbatch", "--exclusive  --nice=5"}}));
  for (const char* word :
       {"--hold", "--no-requeue", "--parsable", "--job-name=birds_1_ab-2", "--nodes=2", "--ntasks-per-node=1", "--partition=gpu",
        "--account=birds", "--qos=high", "--constraint=v100", "--cpus-per-task=8", "--mem=32G", "--gres=gpu:2", "--exclusive", "--nice=5"})
    EXPECT_THAT(words, Contains(word));
  EXPECT_THAT(words, Not(Contains(StartsWith("--time")))) << "nobody asked for a limit";
}

TEST(SlurmSubmission, TheTimeIsLongerThanTheRunsOwnAndNoLongerThanIsAllowed) {
  Submission one = submission({{"partition", "cpu"}});
  one.attempt.of_node.time_limit = 1h;
  EXPECT_EQ(*job_time(one), 1h + 30s + 30min);
  EXPECT_THAT(sbatch_words(one), AllOf(Contains("--time=91"), Contains("--signal=B:USR1@90")));
  one.most = 70min;
  EXPECT_EQ(*job_time(one), 70min);
  EXPECT_TRUE(check_time(one));
  one.most = 30min;
  const auto refused = check_time(one);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "max_run_duration_seconds is 3600, and Slurm's partition cpu gives a job at most 1800 s");
  one.options.time_limit = 20min;
  EXPECT_THAT(check_time(one).error().detail, HasSubstr("(time_limit) gives a job at most 1200 s"));
}

TEST(SlurmSubmission, SecretsAreInTheScriptAlone) {
  const Submission one = submission({{"runner", "/opt/muster"}, {"scratch", "/scratch/me"}});
  for (const std::string& word : sbatch_words(one)) EXPECT_THAT(word, Not(HasSubstr("cret")));
  const std::string script = job_script(one);
  EXPECT_THAT(script, StartsWith("#!/bin/bash\n"));
  EXPECT_THAT(script, HasSubstr("export MUSTER_RUNNER_TOKEN='se'\\''cret'\n"));
  EXPECT_THAT(script, HasSubstr("command=('/opt/muster' 'runner' '--url' 'http://it'\\''s')\n"));
  EXPECT_THAT(script, HasSubstr("export MUSTER_SCRATCH='/scratch/me'\n"));
  EXPECT_THAT(script, HasSubstr("keys=(node-0 node-1)\n"));
}

TEST(SlurmSubmission, WhoCollectsWhatWasLeftGoesToThatNodeAndNeedsLittle) {
  Submission one = submission({{"gpus", 2}, {"memory", "32G"}, {"cpus", 8}});
  one.keys = {"node-1"};
  one.host = "n2";
  const auto words = sbatch_words(one);
  EXPECT_THAT(words, AllOf(Contains("--nodelist=n2"), Contains("--nodes=1"), Contains("--job-name=birds_1_ab-2-node-1")));
  EXPECT_THAT(words, Not(Contains(::testing::AnyOf(StartsWith("--gres"), StartsWith("--mem"), StartsWith("--cpus-per-task")))));
}

TEST(SlurmCommands, WhatIsAwayIsToldFromWhatIsRefused) {
  EXPECT_TRUE(says_away("squeue: error: Unable to contact slurm controller (connect failure)"));
  EXPECT_TRUE(says_away("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"));
  EXPECT_TRUE(says_away("sbatch: error: If munged is up, restart with --num-threads=10; sbatch: error: Munge encode failed"));
  EXPECT_FALSE(says_away("sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified"));
}

TEST(SlurmCommands, APartitionSaysWhatItGives) {
  const Partition some = parse_partition(
      " PartitionName=short AllowGroups=ALL MaxNodes=UNLIMITED MaxTime=01:00:00 MinNodes=0 Nodes=n[1-2] TotalCPUs=16 TotalNodes=2 "
      "State=UP");
  EXPECT_EQ(some.longest, 1h);
  EXPECT_EQ(some.most_nodes, 2);
  const Partition other = parse_partition(" MaxNodes=1 MaxTime=UNLIMITED TotalNodes=2 ");
  EXPECT_EQ(other.longest, 0s);
  EXPECT_EQ(other.most_nodes, 1);
}

}  // namespace
}  // namespace muster::engine::slurm
