#include "cli/run/submission.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::cli {
namespace {

class SubmissionTest : public testing::Test {
 protected:
  void file(const std::string& path) {
    std::filesystem::create_directories((folder_ / path).parent_path());
    ASSERT_TRUE(write_file(folder_ / path, "x", 0644, Durable::no));
  }
  static SubmitOptions script(const std::string& path) {
    SubmitOptions options;
    options.script = path;
    return options;
  }
  Result<Source> find(const SubmitOptions& options) { return find_source(options, folder_.path()); }

  test::TempFolder folder_;
};

TEST_F(SubmissionTest, TheSourceIsTheScriptsFolder) {
  file("project/train.py");
  const auto source = find(script("project/train.py"));
  ASSERT_TRUE(source);
  EXPECT_EQ(source->folder, folder_ / "project");
  EXPECT_EQ(source->script, "train.py");
  EXPECT_EQ(find(script((folder_ / "project/train.py").string()))->folder, folder_ / "project");
}

TEST_F(SubmissionTest, OrTheFolderThatWasTold) {
  file("project/src/train.py");
  SubmitOptions options = script("src/train.py");
  options.source_directory = "project/";
  const auto source = find(options);
  ASSERT_TRUE(source) << source.error().detail;
  EXPECT_EQ(source->folder, folder_ / "project");
  EXPECT_EQ(source->script, "src/train.py");
  options.script = "project/src/train.py";  // as seen from here
  EXPECT_EQ(find(options)->script, "src/train.py");
}

TEST_F(SubmissionTest, ACommandTakesTheCurrentFolder) {
  SubmitOptions options;
  options.command = "true";
  EXPECT_EQ(find(options)->folder, folder_.path());
  EXPECT_EQ(find(options)->script, "");
  options.arguments = {"x"};
  EXPECT_FALSE(find(options));
}

TEST_F(SubmissionTest, WhatIsNotThereIsNamedWithWhatWasPerhapsMeant) {
  file("train.py");
  const auto missing = find(script("trian.py"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_NE(missing.error().hint.find("train.py"), std::string::npos);
  SubmitOptions options = script("train.py");
  options.source_directory = "nowhere";
  EXPECT_NE(find(options).error().detail.find("nowhere"), std::string::npos);
  EXPECT_FALSE(find(script(".")));
}

TEST_F(SubmissionTest, AScriptOutsideTheFolderIsRefused) {
  file("train.py");
  file("elsewhere/x");
  SubmitOptions options = script("train.py");
  options.source_directory = "elsewhere";
  const auto source = find(options);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Code::invalid);
  for (const char* word : {"train.py", "elsewhere"}) EXPECT_NE(source.error().detail.find(word), std::string::npos);
  options.script = "../train.py";
  EXPECT_FALSE(find(options));
}

TEST_F(SubmissionTest, ExactlyOneOfScriptAndCommand) {
  EXPECT_FALSE(find({}));
  SubmitOptions both = script("train.py");
  both.command = "true";
  EXPECT_EQ(find(both).error().code, Code::invalid);
}

TEST(ExperimentOfFolder, IsANameThatCanBe) {
  EXPECT_EQ(experiment_of_folder("/home/me/birds"), "birds");
  EXPECT_EQ(experiment_of_folder("/x/my project (2)"), "my-project-2");
  EXPECT_EQ(experiment_of_folder("/x/_hidden.d"), "hidden-d");
  EXPECT_EQ(experiment_of_folder("/x/鸟"), "default");
  EXPECT_EQ(experiment_of_folder("/"), "default");
  EXPECT_EQ(experiment_of_folder("/x/" + std::string(250, 'a') + std::string(50, 'b')).size(), 255u);
}

TEST(RunRequest, SaysOnlyWhatWasTyped) {
  SubmitOptions options;
  options.script = "train.py";
  EXPECT_EQ(*run_request(options, "birds", "train.py", "s", nullptr),
            (Json{{"experiment", "birds"}, {"snapshot_id", "s"}, {"script", "train.py"}}));
}

TEST(RunRequest, CarriesEverything) {
  SubmitOptions options;
  options.command = "true";
  options.compute = "cluster";
  options.variables = {"A=1"};
  options.tags = {"kind=x", "plain"};
  options.name = "n";
  options.priority = -3;
  options.nodes = 2;
  options.max_duration = "2h";
  options.max_retries = 1;
  options.grace = "0";
  const auto body = run_request(options, "e", "", "s", Json{{"name", "env"}});
  ASSERT_TRUE(body);
  EXPECT_EQ((*body)["command"], "true");
  EXPECT_FALSE(body->contains("script"));
  EXPECT_EQ((*body)["environment_variables"]["A"], "1");
  EXPECT_EQ((*body)["tags"]["plain"], "");
  EXPECT_EQ((*body)["priority"], -3);
  EXPECT_EQ((*body)["max_run_duration_seconds"], 7200);
  EXPECT_EQ((*body)["grace_seconds"], 0);
  EXPECT_EQ((*body)["distribution"], (Json{{"type", "pytorch"}, {"process_count", nullptr}}));
  EXPECT_EQ((*body)["environment"]["name"], "env");
  options.max_duration = "soon";
  EXPECT_FALSE(run_request(options, "e", "", "s", nullptr));
}

TEST(RunRequest, ProcessesAreTheTotal) {
  SubmitOptions options;
  options.script = "x";
  options.processes = 4;
  EXPECT_EQ((*run_request(options, "e", "x", "s", nullptr))["distribution"], (Json{{"type", "pytorch"}, {"process_count", 4}}));
  options.nodes = 2;
  options.mpi = true;
  EXPECT_EQ((*run_request(options, "e", "x", "s", nullptr))["distribution"], (Json{{"type", "mpi"}, {"process_count_per_node", 2}}));
  options.processes = 3;
  EXPECT_EQ(run_request(options, "e", "x", "s", nullptr).error().code, Code::invalid);
}

TEST(EnvironmentOf, FollowsPythonAndPip) {
  SubmitOptions options;
  EXPECT_TRUE(environment_of(options, "e").is_null());
  options.python = "/opt/python";
  EXPECT_EQ(environment_of(options, "e"), (Json{{"python", {{"interpreter_path", "/opt/python"}, {"user_managed_dependencies", true}}}}));
  options.pip = {"pillow==9.4.0"};  // a path is one of this folder (conda_file_test.cc)
  EXPECT_EQ(environment_of(options, "e")["name"], "e");
  EXPECT_EQ(environment_of(options, "e")["python"]["user_managed_dependencies"], false);
  EXPECT_EQ(environment_of(options, "e")["python"]["pip_packages"], Json({"pillow==9.4.0"}));
  options.pip = {"./mine"};
  EXPECT_EQ(environment_of(options, "e")["python"]["pip_packages"], Json({(std::filesystem::current_path() / "mine").string()}));
}

}  // namespace
}  // namespace muster::cli
