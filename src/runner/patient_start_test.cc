#include "runner/patient_start.h"

#include <system_error>

#include "runner/runner_fixture.h"

namespace muster::runner {
namespace {

/// A machine that has no room for the first threads that it is asked for.
MakeThread after_refusing(int& left) {
  return [&left](std::function<void()> body) {
    if (left-- > 0) throw std::system_error(EAGAIN, std::generic_category());
    return std::jthread(std::move(body));
  };
}

TEST(StartThread, WaitsForRoom) {
  int refusals = 3;
  bool has_run = false;
  auto thread = start_thread(
      "the test", {}, [&] { has_run = true; }, 1min, after_refusing(refusals));
  ASSERT_TRUE(thread) << thread.error().detail;
  thread->join();
  EXPECT_TRUE(has_run);
  EXPECT_EQ(refusals, -1);
}

TEST(StartThread, WaitsNotForEver) {
  int refusals = 1'000'000;
  const auto thread = start_thread(
      "the test", {}, [] {}, 0ms, after_refusing(refusals));
  ASSERT_FALSE(thread);
  EXPECT_EQ(thread.error().code, Code::unavailable);
  EXPECT_EQ(thread.error().detail, "there is no thread for the test: Resource temporarily unavailable");
}

TEST(StartThread, AStopEndsTheWaiting) {
  std::stop_source stop;
  const MakeThread make = [&](const std::function<void()>&) -> std::jthread {
    stop.request_stop();
    throw std::system_error(EAGAIN, std::generic_category());
  };
  EXPECT_FALSE(start_thread(
      "the test", stop.get_token(), [] {}, 1min, make));
}

process::SpawnOptions true_program() {
  process::SpawnOptions options;
  options.command = {"/bin/true"};
  return options;
}

TEST(StartProcess, WaitsForRoom) {
  int tries = 0;
  const auto start = [&]() -> Result<process::Child> {
    if (++tries < 4) return tl::unexpected(system_error("start a process", EAGAIN));
    return process::spawn(true_program());
  };
  auto child = start_process("rank 1", {}, start, 1min);
  ASSERT_TRUE(child) << child.error().detail;
  EXPECT_TRUE(child->wait(1min));
  EXPECT_EQ(tries, 4);
}

TEST(StartProcess, NeitherForEverNorAgainstAStopNorForWhatIsWrongForGood) {
  int tries = 0;
  int error = EMFILE;
  std::stop_source stop;
  const auto start = [&]() -> Result<process::Child> {
    ++tries;
    return tl::unexpected(system_error("start a process", error));
  };
  EXPECT_EQ(start_process("rank 1", {}, start, 0ms).error().code, Code::unavailable);
  stop.request_stop();
  EXPECT_EQ(start_process("rank 1", stop.get_token(), start, 1min).error().code, Code::unavailable);
  error = ENOENT;
  EXPECT_EQ(start_process("rank 1", {}, start, 1min).error().code, Code::internal);
  EXPECT_EQ(tries, 3);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which need the address space themselves
class FewThreadsTest : public RunnerTest {
 protected:
  ::testing::AssertionResult says(const std::string& words) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (runner_log().find(words) == std::string::npos) {
      if (std::chrono::steady_clock::now() > deadline || runner_->poll()) return ::testing::AssertionFailure() << runner_log();
      std::this_thread::yield();
    }
    return ::testing::AssertionSuccess();
  }
};

TEST_F(FewThreadsTest, ARunnerThatHasNoneWaitsForThem) {
  command("echo hello");
  start(false, {{kFewThreads, "1"}});
  ASSERT_TRUE(says("a thread for signals cannot be started now"));
  make_room_for_threads(runner_->pid());
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_EQ(log(), "hello\n");
}

TEST_F(FewThreadsTest, NorDoesOneThatHasCheckedInLoseAnything) {
  script("print('hello')\nopen('outputs/a', 'w').write('x')\n");
  server_.on_check_in = [](pid_t pid) { leave_no_room_for_threads(pid); };
  start();
  ASSERT_TRUE(says("a thread for heartbeats cannot be started now"));
  make_room_for_threads(runner_->pid());
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_EQ(log(), "hello\n");
  EXPECT_TRUE(server_.arrived().outputs.contains("outputs/a"));
}
#endif

}  // namespace
}  // namespace muster::runner
