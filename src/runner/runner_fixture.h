#pragma once
// For this room's tests: a runner as a process of its own (this program again, see main() in runner_test.cc), and a server that is a fake.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/tar.h"
#include "process/group.h"
#include "process/spawn.h"
#include "runner/fake_muster.h"
#include "support/temp_folder.h"

namespace muster::runner {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

inline constexpr const char* kPart = "MUSTER_TEST_RUNNER";

/// A runner that is started with this variable has no room for threads until it is given some.
inline constexpr const char* kFewThreads = "MUSTER_TEST_FEW_THREADS";

/// The process has no room for another stack.
inline void leave_no_room_for_threads(pid_t pid) {
  long pages = 0;
  std::ifstream(fmt::format("/proc/{}/statm", pid)) >> pages;
  const rlimit used_up{static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (3u << 20), RLIM_INFINITY};
  ASSERT_EQ(::prlimit(pid, RLIMIT_AS, &used_up, nullptr), 0);
}
inline void make_room_for_threads(pid_t pid) {
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(pid, RLIMIT_AS, &all, nullptr), 0);
}

inline std::string tar_of(const std::map<std::string, std::string>& files) {
  std::string tar;
  for (const auto& [path, bytes] : files)
    tar += tar_header(path, bytes.size(), 0644) + bytes + std::string(tar_padding(bytes.size()), '\0');
  return tar + std::string(kTarEndBytes, '\0');
}

/// Runners are real processes (this program again), the server is a fake.
class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.order = {{"run_id", test::fake_run_id()},
                     {"uuid", std::string(32, 'a')},
                     {"workspace", "lab"},
                     {"experiment", "fake"},
                     {"attempt", 1},
                     {"node_rank", 0},
                     {"node_count", 1},
                     {"nodes", {{{"node_rank", 0}, {"node", "0"}, {"address", "127.0.0.1"}}}},
                     {"master", {{"address", "127.0.0.1"}, {"port", 6105}}},
                     {"snapshot_id", nullptr},
                     {"script", ""},
                     {"command", "true"},
                     {"arguments", Json::array()},
                     {"environment",
                      {{"name", "default"},
                       {"variables", Json::object()},
                       {"prepared", {{"hash", "h"}, {"builder", "system"}, {"root", ""}, {"interpreter", "/usr/bin/python3"}}}}},
                     {"distribution", nullptr},
                     {"grace_seconds", 15},
                     {"restore_outputs", false},
                     {"variables", Json::object()},
                     {"job_token", "job-token"}};
  }
  void TearDown() override {
    if (runner_ && !runner_->poll()) {
      (void)runner_->signal(SIGKILL);
      (void)runner_->wait(20s);
    }
    const auto group = process::ProcessGroup::planned(test::fake_group());
    EXPECT_THAT(group.members(), IsEmpty());
    EXPECT_TRUE(group.kill(10s));
  }

  void command(const std::string& line) { server_.order["command"] = line; }
  void script(const std::string& text) {
    server_.snapshot = tar_of({{"train.py", text}});
    server_.order["snapshot_id"] = "snap";
    server_.order["command"] = "";
    server_.order["script"] = "train.py";
  }
  void per_process(int ranks) { server_.order["distribution"] = {{"type", "pytorch"}, {"process_count", ranks}, {"backend", "gloo"}}; }

  void start(bool salvage = false, const std::map<std::string, std::string>& more = {}) {
    const Fd log = open_file(home_ / "runner.log", O_WRONLY | O_CREAT | O_APPEND).value();
    process::SpawnOptions options;
    options.command = {fs::read_symlink("/proc/self/exe").string()};
    options.variables = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                         {"HOME", "/nonexistent"}};  // nothing but the scratch folder is the runner's
    for (const auto& [name, value] : more) options.variables[name] = value;
    options.variables["MUSTER_TEST_RUN_ID"] = test::fake_run_id();
    options.variables[kPart] = dump_json(
        {{"scratch", home_.path().string()}, {"nodes", nodes_}, {"url", url_.empty() ? server_.url() : url_}, {"salvage", salvage}});
    options.output = log.get();
    auto child = process::spawn(options);
    ASSERT_TRUE(child) << child.error().detail;
    runner_ = std::make_unique<process::Child>(std::move(*child));
  }
  /// The runner's exit code; -1 when it did not end.
  int finish() {
    const auto ended = runner_->wait(90s);
    EXPECT_TRUE(ended) << runner_log();
    return ended ? ended->exit_code.value_or(-1) : -1;
  }
  void run() {
    start();
    EXPECT_EQ(finish(), 0) << runner_log();
  }
  fs::path folder() const { return home_ / "runs" / test::fake_run_id() / "1/node_0"; }
  std::string runner_log() const { return read_file(home_ / "runner.log").value_or(""); }
  std::string log(const std::string& name = "azureml-logs/70_driver_log.txt") const { return server_.arrived().logs[name]; }

  muster::test::TempFolder home_;
  test::FakeMuster server_;
  int nodes_ = 1;
  std::string url_;  ///< where the runner looks for the server, if not there
  std::unique_ptr<process::Child> runner_;
};

}  // namespace muster::runner
