// No slow work where others wait: what the scheduler does while an environment is built or an engine takes its time.
#include <sys/stat.h>

#include <fcntl.h>

#include "scheduler/scheduler_fixture.h"

namespace muster::scheduler {
namespace {

class SlowWorkTest : public SchedulerTest {
 protected:
  /// A program that plays `python -m venv` and pip. While its gate is closed, nothing that it is asked for returns.
  std::string fake_python() {
    const std::filesystem::path program = folder_ / "python";
    EXPECT_TRUE(write_file(program,
                           "#!/bin/sh\n[ -p '" + gate() + "' ] && read line < '" + gate() +
                               "'\ncase \"$*\" in '-m venv '*) mkdir -p \"$3/bin\" && cp '" + program.string() +
                               "' \"$3/bin/python\" ;; esac\n",
                           0755));
    return program.string();
  }
  std::string gate() const { return (folder_ / "gate").string(); }
  void close_gate() { ASSERT_EQ(::mkfifo(gate().c_str(), 0600), 0); }

  std::function<void(model::RunSpec&)> with_package() {
    return [python = fake_python()](model::RunSpec& spec) {
      spec.environment.interpreter_path = python;
      spec.environment.pip_packages = {"numpy"};
    };
  }
};

TEST_F(SlowWorkTest, CheckInTakesWhatWasPreparedAndBuildsNothing) {
  const model::Run run = submit(with_package());
  ASSERT_TRUE(started(1));
  // Somebody makes room; whoever builds the environment again would wait at the gate.
  ASSERT_TRUE(remove_tree(folder_ / "environments"));
  close_gate();
  const auto order = check_in(run);
  ASSERT_TRUE(order && *order) << order.error().detail;
  const std::string folder = (folder_ / "environments" / look(run).environment_hash).string();
  EXPECT_EQ((**order)["interpreter"], folder + "/bin/python");
  EXPECT_EQ((**order)["environment"]["folder"], folder);
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(SlowWorkTest, AServerThatWasRestartedStillHasWhatWasPrepared) {
  make_target("cpu", 2);
  const auto two_nodes = [&](model::RunSpec& spec) {
    with_package()(spec);
    spec.compute_target = "cpu";
    spec.node_count = 2;
    spec.max_retries = 1;
  };
  const model::Run run = submit(two_nodes);
  ASSERT_TRUE(started(1));
  ASSERT_TRUE(remove_tree(folder_ / "environments"));
  ASSERT_TRUE(check_in(run, 0));
  ASSERT_TRUE(check_in(run, 1));
  close_gate();
  start();
  const auto order = check_in(run, 0);
  ASSERT_TRUE(order && *order) << order.error().detail;
  const auto interpreter = (**order)["interpreter"];
  EXPECT_EQ(interpreter, (folder_ / "environments" / look(run).environment_hash / "bin" / "python").string());

  // Another attempt has it from the one before.
  for (int rank = 0; rank < 2; ++rank) {
    ASSERT_TRUE(scheduler_->started(node(run, rank), clock_.now_us()));
    ASSERT_TRUE(scheduler_->finished(node(run, rank), {report(1)}));
    ASSERT_TRUE(scheduler_->done(node(run, rank), {}, nullptr, {}));
  }
  ASSERT_TRUE(started(2));
  ASSERT_TRUE(scheduler_->check_in(node(run, 0, 2), {"host", "127.0.0.1", 6105, 1, false}));
  const auto again = scheduler_->check_in(node(run, 1, 2), {"host", "127.0.0.1", 6105, 2, false});
  ASSERT_TRUE(again && *again) << again.error().detail;
  EXPECT_EQ((**again)["interpreter"], interpreter);
}

}  // namespace
}  // namespace muster::scheduler
