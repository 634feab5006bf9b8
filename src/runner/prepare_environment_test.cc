// Where nodes do not share the server's disk, each prepares the environment itself. Real pip, with packages of our own.
#include <csignal>

#include <nlohmann/json.hpp>

#include "runner/runner_fixture.h"
#include "support/small_packages.h"

namespace muster::runner {
namespace {

constexpr const char* kBuildLogName = "azureml-logs/20_image_build_log.txt";

class PrepareEnvironmentTest : public RunnerTest {
 protected:
  void SetUp() override {
    RunnerTest::SetUp();
    ASSERT_TRUE(make_folders(links()));
  }
  fs::path links() const { return home_ / "links"; }
  void ask_for(const std::string& package) {
    const Json python{{"interpreter_path", "/usr/bin/python3"}, {"pip_packages", {package}}};
    server_.order["environment"] = {
        {"name", "small"}, {"variables", Json::object()}, {"prepared", nullptr}, {"definition", {{"name", "small"}, {"python", python}}}};
  }
  void begin(bool salvage = false) { start(salvage, muster::test::pip_variables(links())); }
};

TEST_F(PrepareEnvironmentTest, TheNodeBuildsWhatItIsGivenTheDefinitionOfAndKeepsIt) {
  muster::test::make_wheel("small", links());
  ask_for("small");
  script("import small\nprint(small.WORD)\n");
  begin();
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_EQ(log(), "hello from small\n") << log(kBuildLogName);
  EXPECT_THAT(log(kBuildLogName), HasSubstr("building environment"));
  EXPECT_THAT(log(kBuildLogName), HasSubstr("built in"));
  const std::string built = log(kBuildLogName);

  begin();  // as a later run of the same node
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_EQ(log(kBuildLogName), built) << "it is there already";
  EXPECT_EQ(server_.arrived().finished.at(0)["exit_code"], 0);
}

TEST_F(PrepareEnvironmentTest, ABuildThatFailsIsTheRunsErrorWithTheInstallersWords) {
  ask_for("no-such-package");
  script("print('never')\n");
  begin();
  EXPECT_EQ(finish(), 0) << runner_log();
  const auto arrived = server_.arrived();
  ASSERT_EQ(arrived.finished.size(), 1U);
  const Json& report = arrived.finished.front();
  EXPECT_EQ(report["start_failed"], true);
  EXPECT_EQ(report["environment_failed"], true);
  EXPECT_EQ(report["log"], kBuildLogName);
  EXPECT_THAT(report["exception"]["message"].get<std::string>(), HasSubstr("no-such-package"));
  EXPECT_THAT(log(kBuildLogName), HasSubstr("No matching distribution found for no-such-package"));
  EXPECT_THAT(log(kBuildLogName), HasSubstr("the build failed"));
  EXPECT_FALSE(arrived.logs.contains("azureml-logs/70_driver_log.txt"));
}

TEST_F(PrepareEnvironmentTest, ACancelEndsTheBuild) {
  muster::test::make_sdist("slow", "import time\ntime.sleep(3600)\n", links());
  ask_for("slow");
  begin();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) { return arrived.logs.contains(kBuildLogName); }));
  server_.set_stop("canceled", 15);
  EXPECT_EQ(finish(), 0) << runner_log();
  const Json report = server_.arrived().finished.at(0);
  EXPECT_EQ(report["stopped_by_us"], true) << report;
  EXPECT_FALSE(fs::exists(folder())) << "everything was recorded";
}

TEST_F(PrepareEnvironmentTest, ABuildWhoseRunnerWasKilledIsEndedByTheOneThatCollects) {
  const fs::path begun = home_ / "begun";
  muster::test::make_sdist(
      "slow", fmt::format("import os, time\nopen('{}', 'w').write(str(os.getpid()))\ntime.sleep(3600)\n", begun.string()), links());
  ask_for("slow");
  begin();
  ASSERT_TRUE(server_.wait_for([&](const auto& arrived) { return arrived.logs.contains(kBuildLogName) && fs::exists(begun); }));
  ASSERT_TRUE(runner_->signal(SIGKILL));
  ASSERT_TRUE(runner_->wait(20s));
  begin(true);
  EXPECT_EQ(finish(), 0) << runner_log();
  const auto pid = static_cast<pid_t>(std::stol(read_file(begun).value()));
  EXPECT_FALSE(process::is_alive(pid));
  EXPECT_THAT(log(kBuildLogName), HasSubstr("building environment"));
}

}  // namespace
}  // namespace muster::runner
