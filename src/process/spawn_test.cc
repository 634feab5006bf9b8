#include "process/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <csignal>

#include "base/file.h"
#include "base/text.h"
#include "process/file_limit.h"
#include "process/test_support.h"
#include "support/event.h"
#include "support/temp_folder.h"

namespace muster::process {
namespace {

using test::eventually;
using test::TempFolder;
using testing::plain_variables;
using namespace std::chrono_literals;

/// Runs a shell script to its end and gives what it wrote to stdout and stderr.
class SpawnTest : public ::testing::Test {
 protected:
  SpawnOptions shell(const std::string& script) {
    SpawnOptions options;
    options.command = {"/bin/sh", "-c", script};
    options.variables = plain_variables();
    return options;
  }
  std::string output_of(SpawnOptions options) {
    const Fd file = open_file(folder_ / "output", O_RDWR | O_CREAT | O_TRUNC).value();
    options.output = file.get();
    auto child = spawn(options);
    EXPECT_TRUE(child) << child.error().detail;
    if (!child) return "";
    EXPECT_TRUE(child->wait(20s));
    return read_file(folder_ / "output").value();
  }
  TempFolder folder_;
};

TEST_F(SpawnTest, GivesBothStreamsToTheOutput) { EXPECT_EQ(output_of(shell("echo out; echo err >&2")), "out\nerr\n"); }

TEST_F(SpawnTest, ReportsExitCodesAndSignals) {
  auto exits = spawn(shell("exit 7"));
  EXPECT_EQ(to_words(exits->wait(20s).value()), "exit code 7");
  EXPECT_EQ(exits->poll()->exit_code, 7);  // remembered after it was reaped
  auto killed = spawn(shell("kill -SEGV $$"));
  const Ended ended = killed->wait(20s).value();
  EXPECT_EQ(ended.signal, SIGSEGV);
  EXPECT_FALSE(ended.exit_code);
  EXPECT_EQ(to_words(ended), "SIGSEGV");
  EXPECT_EQ(signal_name(77), "signal 77");
}

TEST_F(SpawnTest, PassesTheWholeEnvironmentAndNoMore) {
  SpawnOptions options;
  options.command = {"/usr/bin/env"};
  options.variables = {{"A", "1"}, {"B", "two words"}};
  EXPECT_EQ(output_of(options), "A=1\nB=two words\n");
}

TEST_F(SpawnTest, LooksTheProgramUpOnTheGivenPathNotOurs) {
  const auto tools = folder_ / "tools";
  ASSERT_TRUE(make_folders(tools));
  ASSERT_TRUE(write_file(tools / "hello", "#!/bin/sh\necho found\n", 0755, Durable::no));
  ASSERT_TRUE(write_file(folder_ / "hello", "not a program", 0644, Durable::no));
  SpawnOptions options;
  options.command = {"hello"};
  options.variables = {{"PATH", folder_.path().string() + ":" + tools.string()}};
  EXPECT_EQ(output_of(options), "found\n");
  options.variables = {{"PATH", "/nowhere"}};
  const auto missing = spawn(options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_NE(missing.error().detail.find("'hello'"), std::string::npos);
}

TEST_F(SpawnTest, AChildHasTheFileLimitThatWasThereBeforeOursWasRaised) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_GE(limit.rlim_max, 300u);
  limit.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  const std::uint64_t raised = raise_file_limit();
  EXPECT_GT(raised, 256u);
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, raised);
  EXPECT_EQ(output_of(shell("ulimit -Sn")), "256\n");
}

TEST_F(SpawnTest, RunsInTheGivenFolder) {
  SpawnOptions options = shell("pwd");
  options.folder = folder_.path();
  EXPECT_EQ(output_of(options), folder_.path().string() + "\n");
}

TEST_F(SpawnTest, NamesTheStepThatFailed) {
  SpawnOptions no_folder = shell("true");
  no_folder.folder = "/no/such/folder";
  const auto folder = spawn(no_folder);
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().detail.find("/no/such/folder"), std::string::npos) << folder.error().detail;
  EXPECT_NE(folder.error().detail.find("enter the folder"), std::string::npos);

  SpawnOptions no_program;
  no_program.command = {"/no/such/program"};
  const auto program = spawn(no_program);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().code, Code::not_found);
  EXPECT_NE(program.error().detail.find("run /no/such/program"), std::string::npos) << program.error().detail;

  ASSERT_TRUE(write_file(folder_ / "plain", "#!/bin/sh\n", 0644, Durable::no));
  SpawnOptions not_executable;
  not_executable.command = {(folder_ / "plain").string()};
  const auto plain = spawn(not_executable);
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().hint.find("chmod"), std::string::npos);
}

TEST_F(SpawnTest, ClosesEveryOtherDescriptorEvenThoseWithoutCloseOnExec) {
  const int leaky = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(leaky, 0);
  const auto listed = split(output_of(shell("ls /proc/self/fd")), '\n');
  ::close(leaky);
  EXPECT_LE(listed.size(), 5U);  // 0, 1, 2, the folder that ls itself reads, and the empty part after the last newline
}

TEST_F(SpawnTest, WorksWhenOurOwnStandardStreamsAreTheOnesGiven) {
  // The pipe's ends land on low descriptors when ours are closed; a child that mixed them up would lose its output.
  SpawnOptions options = shell("cat; echo end");
  const Fd input = open_file(folder_ / "input", O_RDWR | O_CREAT).value();
  ASSERT_TRUE(write_all(input.get(), "given\n"));
  ::lseek(input.get(), 0, SEEK_SET);
  const int saved = ::fcntl(0, F_DUPFD_CLOEXEC, 20);
  ::dup2(input.get(), 0);
  options.input = 0;
  const std::string output = output_of(options);
  ::dup2(saved, 0);
  ::close(saved);
  EXPECT_EQ(output, "given\nend\n");
}

TEST_F(SpawnTest, StartsASessionWithSignalsAsTheyAreByDefault) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t usr1;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &usr1, &before);
  const std::string status = output_of(shell("grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; ps -o sid= -p $$; echo $$"));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_NE(status.find("SigBlk:\t0000000000000000"), std::string::npos) << status;
  EXPECT_NE(status.find("SigIgn:\t0000000000000000"), std::string::npos) << status;
  const auto lines = split(status, '\n');
  ASSERT_GE(lines.size(), 5U);
  EXPECT_EQ(std::stoi(std::string(lines[3])), std::stoi(std::string(lines[4])));
}

TEST_F(SpawnTest, HoldsTheChildAtTheGateUntilAByteComes) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const Fd reading(pipe[0]);
  Fd writing(pipe[1]);
  SpawnOptions options = shell("echo ran > " + (folder_ / "ran").string());
  options.gate = reading.get();
  auto child = spawn(options);
  ASSERT_TRUE(child) << child.error().detail;
  EXPECT_FALSE(child->wait(100ms));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ran"));
  ASSERT_TRUE(write_all(writing.get(), "g"));
  EXPECT_EQ(child->wait(20s)->exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "ran"));
}

TEST_F(SpawnTest, EndsAtTheGateWhenItIsClosedInstead) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const Fd reading(pipe[0]);
  Fd writing(pipe[1]);
  SpawnOptions options = shell("echo ran > " + (folder_ / "ran").string());
  options.gate = reading.get();
  auto first = spawn(options);
  auto second = spawn(options);  // holds no copy of the gate's writing end, or neither would ever see its end
  writing.reset();
  EXPECT_EQ(first->wait(20s)->exit_code, 125);
  EXPECT_EQ(second->wait(20s)->exit_code, 125);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ran"));
}

TEST_F(SpawnTest, EntersTheCgroupsThatLetItInAndLeavesOutTheOthers) {
  SpawnOptions options = shell("echo fine");
  options.cgroups = {"/no/such/cgroup", "/proc"};
  EXPECT_EQ(output_of(options), "fine\n");
}

TEST_F(SpawnTest, WaitKeepsItsDeadline) {
  auto child = spawn(shell("sleep 60"));
  const auto before = std::chrono::steady_clock::now();
  const auto ended = child->wait(50ms);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  ASSERT_TRUE(child->signal(SIGKILL));
  EXPECT_EQ(child->wait(20s)->signal, SIGKILL);
  EXPECT_TRUE(child->signal(SIGKILL));  // fine when it has ended
}

TEST_F(SpawnTest, PidfdBecomesReadableWhenTheChildEnds) {
  auto child = spawn(shell("exit 0"));
  pollfd wanted{child->pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&wanted, 1, 20000), 1);
  EXPECT_EQ(child->poll()->exit_code, 0);
}

TEST_F(SpawnTest, ManyThreadsMayStartProcessesAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        auto child = spawn(shell(fmt::format("exit {}", t)));
        if (child && child->wait(20s)->exit_code == t) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 80);
}

TEST_F(SpawnTest, StartTimeTellsAProcessFromALaterOneOfThatPid) {
  auto child = spawn(shell("sleep 60"));
  const auto time = start_time(child->pid());
  ASSERT_TRUE(time);
  EXPECT_EQ(start_time(child->pid()).value(), *time);
  EXPECT_GE(*time, *start_time(::getpid()));
  ASSERT_TRUE(child->signal(SIGKILL));
  EXPECT_TRUE(eventually([&] { return !is_alive(child->pid()); }));
  EXPECT_TRUE(start_time(child->pid()));  // not reaped yet: still this one
  EXPECT_TRUE(child->wait(20s));
  EXPECT_FALSE(start_time(child->pid()));
}

}  // namespace
}  // namespace muster::process
