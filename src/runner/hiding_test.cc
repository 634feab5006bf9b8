// Jobs that try to stay out of reach of their run's end.
#include <csignal>
#include <fstream>
#include <thread>

#include "runner/runner_fixture.h"

namespace muster::runner {
namespace {

/// Tries of a job to stay out of reach, which end with "hidden" and the process ids in a file.
constexpr const char* kHides = R"py(
import ctypes, os, subprocess, time
def hide():
    fields = open("/proc/self/stat").read().rsplit(") ", 1)[1].split()
    ctypes.memset(int(fields[48 - 3]), 0, int(fields[51 - 3]) - int(fields[48 - 3]))
    ctypes.CDLL(None).prctl(15, b"something else")
    # As `systemd-run --scope` does, where we may.
    for line in open("/proc/self/cgroup"):
        number, controllers, path = line.rstrip().split(":", 2)
        mount = "/sys/fs/cgroup/" + ("unified" if os.path.isdir("/sys/fs/cgroup/unified") else "") if number == "0" else "/sys/fs/cgroup/" + controllers
        try:
            open(mount + os.path.dirname(path) + "/cgroup.procs", "w").write("0")
        except OSError:
            pass
hide()
open("daemon.sh", "w").write("(setsid sh -c 'echo $$ >> %s; exec sleep 600' &)" % os.path.abspath("daemon"))
subprocess.run(["setsid", "sh", "daemon.sh"], env={})
print(os.getpid(), file=open("rank", "w"))
)py";

class HidingRunnerTest : public RunnerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  std::map<std::string, std::string> variables() { return {{"MUSTER_CGROUPS", GetParam()}}; }
  /// Once it has hidden.
  pid_t pid_of(const char* file) {
    pid_t pid = 0;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (pid == 0 && std::chrono::steady_clock::now() < deadline) {
      std::ifstream(folder() / file) >> pid;
      std::this_thread::sleep_for(5ms);
    }
    EXPECT_NE(pid, 0) << runner_log();
    return pid;
  }
};

TEST_P(HidingRunnerTest, KillReachesARankThatHidesAndItsDaemon) {
  server_.order["grace_seconds"] = 0;
  script(std::string(kHides) +
         "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(600)\n");
  start(false, variables());
  const pid_t rank = pid_of("rank");
  const pid_t daemon = pid_of("daemon");
  ASSERT_TRUE(runner_->signal(SIGTERM));
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_FALSE(process::is_alive(rank));
  EXPECT_FALSE(process::is_alive(daemon));
  EXPECT_THAT(server_.arrived().done["warnings"], IsEmpty()) << server_.arrived().done;
}

TEST_P(HidingRunnerTest, ADaemonWithoutAnEnvironmentEndsWithTheRun) {
  server_.order["grace_seconds"] = 0;
  script(std::string(kHides) + "while not os.path.exists('go'): time.sleep(0.01)\n");
  start(false, variables());
  const pid_t rank = pid_of("rank");
  const pid_t daemon = pid_of("daemon");
  std::ofstream(folder() / "go") << "go";
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_FALSE(process::is_alive(rank));
  EXPECT_FALSE(process::is_alive(daemon));
}

TEST_P(HidingRunnerTest, SalvageEndsARankThatHides) {
  script(std::string(kHides) + "time.sleep(600)\n");
  start(false, variables());
  const pid_t rank = pid_of("rank");
  const pid_t daemon = pid_of("daemon");
  const auto is_noted = [&] {
    return read_file(folder() / ".muster/state.json").value_or("").find(std::to_string(rank)) != std::string::npos;
  };
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!is_noted() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
  ASSERT_TRUE(runner_->signal(SIGKILL));
  ASSERT_TRUE(runner_->wait(20s));
  start(true, variables());
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_FALSE(process::is_alive(rank)) << "the runner before had noted its process";
  // Where it could leave its cgroup, or had none, nothing leads to the daemon any more once its runner is gone (docs/distributed.md).
  if (process::is_alive(daemon)) ::kill(daemon, SIGKILL);
}

INSTANTIATE_TEST_SUITE_P(Cgroups, HidingRunnerTest, ::testing::Values("1", "0"),
                         [](const auto& one) { return std::string(one.param) == "1" ? "AsHere" : "None"; });

}  // namespace
}  // namespace muster::runner
