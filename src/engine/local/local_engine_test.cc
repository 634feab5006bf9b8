#include "engine/local/local_engine.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "base/text.h"
#include "contract/engine_contract.h"
#include "model/process_group_name.h"
#include "process/group.h"
#include "process/spawn.h"
#include "support/no_descriptors.h"

namespace muster::engine {
namespace {

INSTANTIATE_TEST_SUITE_P(Local, EngineContract,
                         ::testing::Values(EngineSubject{"local", make_local_engine, std::filesystem::temp_directory_path()}),
                         [](const auto& one) { return one.param.name; });

/// This binary again, in the part of a runner that starts a daemon in its process group and waits.
constexpr const char* kRunnerPart = "MUSTER_TEST_RUNNER_PART";

[[gnu::constructor]] void play_the_runner() {
  const char* part = ::getenv(kRunnerPart);
  if (part == nullptr) return;
  const auto words = split(part, ' ');  // group, file for the daemon's pid
  auto group = process::ProcessGroup::create(std::string(words[0]));
  process::SpawnOptions options;
  options.command = {"/bin/sh", "-c", fmt::format("setsid sh -c 'echo $$ > {0}.tmp; mv {0}.tmp {0}; exec sleep 600' & exit 0", words[1])};
  options.variables = {{"PATH", "/usr/bin:/bin"}};
  options.variables.merge(group->variables());
  options.cgroups = group->cgroups();
  auto rank = process::spawn(options);
  ::pause();
  ::_exit(rank ? 0 : 1);
}

class LocalEngineTest : public EngineContract {
 protected:
  pid_t wait_for_pid(const std::string& file) {
    std::int64_t pid = 0;
    EXPECT_TRUE(eventually([&] { return parse_int64(split(text(file), '\n')[0], pid); }));
    return static_cast<pid_t>(pid);
  }
  NodeStart runner_with_daemon(int rank) {
    NodeStart start = node(rank, "");
    start.command = {std::filesystem::read_symlink("/proc/self/exe").string()};
    const std::string group = model::process_group_name(id_.run_id, id_.attempt, rank);
    start.variables[kRunnerPart] = fmt::format("{} {}", group, (folder_ / ("daemon-" + std::to_string(rank))).string());
    return start;
  }
};

TEST_P(LocalEngineTest, AKillEndsWhatTheRunnersStarted) {
  const Handle handle = start({runner_with_daemon(0), runner_with_daemon(1)});
  const pid_t first = wait_for_pid("daemon-0");
  const pid_t second = wait_for_pid("daemon-1");
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_FALSE(process::is_alive(first));
  EXPECT_FALSE(process::is_alive(second));
  EXPECT_EQ(wait_for_gone(2), (Words{"0: SIGKILL", "1: SIGKILL"}));
}

TEST_P(LocalEngineTest, AKillEndsWhatARunnerLeftThatIsGoneItself) {
  const Handle handle = start({runner_with_daemon(0)});
  const pid_t daemon = wait_for_pid("daemon-0");
  ASSERT_EQ(::kill(handle["0"]["pid"].get<pid_t>(), SIGKILL), 0);
  ASSERT_EQ(wait_for_gone(1), Words{"0: SIGKILL"});
  EXPECT_TRUE(process::is_alive(daemon));
  restart();
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_FALSE(process::is_alive(daemon));
}

TEST_P(LocalEngineTest, NeverTakesAReusedPidForOurs) {
  process::SpawnOptions options;
  options.command = {"/bin/sleep", "600"};
  auto stranger = process::spawn(options);
  ASSERT_TRUE(stranger);
  Handle handle = start({node(0, "exit 0")});
  ASSERT_EQ(wait_for_gone(1).size(), 1U);
  handle["0"]["pid"] = stranger->pid();
  handle["0"]["start_time"] = process::start_time(stranger->pid()).value() - 1;
  restart();
  ASSERT_TRUE(engine_->recover(id_, handle));
  EXPECT_EQ(wait_for_gone(2).size(), 2U);
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::polite));
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_FALSE(stranger->wait(std::chrono::milliseconds(100)));
  ASSERT_TRUE(stranger->signal(SIGKILL));
  EXPECT_TRUE(stranger->wait(std::chrono::seconds(20)));
}

TEST_P(LocalEngineTest, LeavesNoZombies) {
  std::vector<NodeStart> nodes;
  for (int rank = 0; rank < 20; ++rank) nodes.push_back(node(rank, "exit 0"));
  start(nodes);
  ASSERT_EQ(wait_for_gone(20).size(), 20U);
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);  // no child at all
}

TEST_P(LocalEngineTest, WithoutADescriptorNothingIsStartedAndItMayBeAskedAgain) {
  bool is_recorded = false;
  {
    const test::NoDescriptors none;
    const auto started = engine_->start(id_, {node(0, "exit 0")}, [&](const Handle&) {
      is_recorded = true;
      return Result<void>{};
    });
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::unavailable);
  }
  EXPECT_FALSE(is_recorded);
  start({node(0, "exit 0")});
  EXPECT_EQ(wait_for_gone(1), Words{"0: exit code 0"});
}

TEST_P(LocalEngineTest, WithoutADescriptorNoNodeIsTakenForGone) {
  const Handle handle = start({node(0, "sleep 600"), node(1, "sleep 600")});
  restart();
  {
    const test::NoDescriptors none;
    const auto recovered = engine_->recover(id_, handle);
    ASSERT_FALSE(recovered);
    EXPECT_EQ(recovered.error().code, Code::unavailable);
    EXPECT_EQ(engine_->stop(id_, handle, StopHow::polite).error().code, Code::unavailable);
  }
  ASSERT_TRUE(engine_->recover(id_, handle));
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_EQ(wait_for_gone(2).size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Local, LocalEngineTest,
                         ::testing::Values(EngineSubject{"local", make_local_engine, std::filesystem::temp_directory_path()}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace muster::engine
