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
#include "support/script_world.h"
#include "support/temp_folder.h"

namespace muster::engine {
namespace {

/// Runners are shell scripts on this machine.
class LocalWorld final : public test::ScriptWorld {
 public:
  std::unique_ptr<Engine> make(Listener listener) override { return make_local_engine(std::move(listener)); }
};

const EngineSubject kLocal{"local", [] { return std::make_unique<LocalWorld>(); }};
const auto kLocalName = [](const auto& one) { return one.param.name; };

INSTANTIATE_TEST_SUITE_P(Local, EngineContract, ::testing::Values(kLocal), kLocalName);
INSTANTIATE_TEST_SUITE_P(Local, NodePoolContract, ::testing::Values(kLocal), kLocalName);

/// This binary again, in the part of a runner that starts a daemon in its process group and waits.
constexpr const char* kRunnerPart = "MUSTER_TEST_RUNNER_PART";

[[gnu::constructor]] void play_the_runner() {
  const char* part = ::getenv(kRunnerPart);
  if (part == nullptr) return;
  const auto words = split(part, ' ');  // run id, file for the daemon's pid
  const std::string key = ::getenv(kNodeKeyVariable);
  auto group = process::ProcessGroup::create(model::process_group_name(words[0], 1, key));
  process::SpawnOptions options;
  options.command = {"/bin/sh", "-c",
                     fmt::format("setsid sh -c 'echo $$ > {0}.tmp; mv {0}.tmp {0}; exec sleep 600' & exit 0", std::string(words[1]) + key)};
  options.variables = {{"PATH", "/usr/bin:/bin"}};
  options.variables.merge(group->variables());
  options.cgroups = group->cgroups();
  auto rank = process::spawn(options);
  ::pause();
  ::_exit(rank ? 0 : 1);
}

class LocalEngineTest : public EngineContract {
 protected:
  std::string text(const std::string& file) { return read_file(folder_ / file).value_or(""); }
  pid_t wait_for_pid(const std::string& file) {
    std::int64_t pid = 0;
    EXPECT_TRUE(eventually([&] { return parse_int64(split(text(file), '\n')[0], pid); }));
    return static_cast<pid_t>(pid);
  }
  Attempt runners_with_daemons(int nodes) {
    Attempt all = attempt(nodes);
    all.command = {std::filesystem::read_symlink("/proc/self/exe").string()};
    all.variables[kRunnerPart] = fmt::format("{} {}/daemon-", id_.run_id, folder_.path().string());
    return all;
  }

  test::TempFolder folder_;
};

TEST_P(LocalEngineTest, AKillEndsWhatTheRunnersStarted) {
  const Handle handle = start(runners_with_daemons(2));
  const pid_t first = wait_for_pid("daemon-cpu-0");
  const pid_t second = wait_for_pid("daemon-cpu-1");
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_FALSE(process::is_alive(first));
  EXPECT_FALSE(process::is_alive(second));
  EXPECT_EQ(lost(2), (Words{"killed", "killed"}));
}

TEST_P(LocalEngineTest, AKillEndsWhatARunnerLeftThatIsGoneItself) {
  const Handle handle = start(runners_with_daemons(1));
  const pid_t daemon = wait_for_pid("daemon-cpu-0");
  ASSERT_EQ(::kill(handle["cpu-0"]["pid"].get<pid_t>(), SIGKILL), 0);
  ASSERT_EQ(lost(1), Words{"killed"});
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
  Handle handle = start(1, {test::Part::exits});
  ASSERT_EQ(lost(1).size(), 1U);
  handle["cpu-0"]["pid"] = stranger->pid();
  handle["cpu-0"]["start_time"] = process::start_time(stranger->pid()).value() - 1;
  restart();
  ASSERT_TRUE(engine_->recover(id_, handle));
  EXPECT_EQ(lost(2).size(), 2U);
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::polite));
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_FALSE(stranger->wait(std::chrono::milliseconds(100)));
  ASSERT_TRUE(stranger->signal(SIGKILL));
  EXPECT_TRUE(stranger->wait(std::chrono::seconds(20)));
}

TEST_P(LocalEngineTest, LeavesNoZombies) {
  target_.max_nodes = 20;
  engine_->pool()->define(target_, 0);
  start(20, std::vector<test::Part>(20, test::Part::exits));
  ASSERT_EQ(lost(20).size(), 20U);
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);  // no child at all
}

TEST_P(LocalEngineTest, WithoutADescriptorNothingIsStartedAndItMayBeAskedAgain) {
  bool is_recorded = false;
  world_->set_parts({test::Part::exits});
  const Attempt one = attempt(1);
  {
    const test::NoDescriptors none;
    const auto started = engine_->start(one, [&](const Handle&) {
      is_recorded = true;
      return Result<void>{};
    });
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::unavailable);
  }
  EXPECT_FALSE(is_recorded);
  start(one);
  EXPECT_EQ(lost(1), Words{"exited"});
}

TEST_P(LocalEngineTest, WithoutADescriptorNoNodeIsTakenForGone) {
  const Handle handle = start(2, {test::Part::stays, test::Part::stays});
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
  EXPECT_EQ(lost(2).size(), 2U);
}

TEST_P(LocalEngineTest, ARunnerHasThisProcesssEnvironmentAndItsNodesGpus) {
  engine_ = make_local_engine(told_.listener(id_), {1, {"0", "1"}});
  target_.max_nodes = 2;
  engine_->pool()->define(target_, 0);
  start(2, {test::Part::exits, test::Part::exits});
  ASSERT_EQ(lost(2).size(), 2U);
  EXPECT_EQ(world_->variable("cpu-1", "CUDA_VISIBLE_DEVICES"), "1");
  EXPECT_EQ(world_->variable("cpu-0", "PATH"), ::getenv("PATH"));
}

INSTANTIATE_TEST_SUITE_P(Local, LocalEngineTest, ::testing::Values(kLocal), kLocalName);

}  // namespace
}  // namespace muster::engine
