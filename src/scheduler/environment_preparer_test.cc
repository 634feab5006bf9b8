#include "scheduler/environment_preparer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <system_error>

#include "base/id.h"
#include "support/event.h"
#include "support/temp_folder.h"

namespace muster::scheduler {
namespace {

using environment::Prepared;

class EnvironmentPreparerTest : public ::testing::Test {
 protected:
  EnvironmentPreparerTest() {
    callbacks_.find = [this](const model::EnvironmentDefinition& definition) { return find_(definition); };
    callbacks_.build = [this](const environment::Plan& plan, const std::function<void(std::string_view)>& on_log,
                              const std::function<bool()>& canceled) {
      ++builds_;
      return build_(plan, on_log, canceled);
    };
    callbacks_.ready = [this](std::int64_t run_key, const Result<Prepared>& prepared) {
      ready_.change([&](auto& all) {
        all.emplace(run_key, prepared ? prepared->interpreter : "refused: " + prepared.error().detail + prepared.error().hint);
      });
    };
    callbacks_.put_off = [this](std::int64_t run_key, const std::string& why) {
      put_off_.change([&](auto& all) { all.emplace_back(run_key, why); });
    };
    callbacks_.after = [this](std::chrono::milliseconds delay, std::function<void()> task) {
      later_.change([&](auto& all) { all.emplace_back(delay, std::move(task)); });
    };
  }
  void SetUp() override { make_preparer(); }
  void TearDown() override {
    is_open_.set(true);
    preparer_.reset();
  }
  void make_preparer(const OrderedWorkers::MakeThread& make_thread = OrderedWorkers::plain_thread) {
    preparer_ = std::make_unique<EnvironmentPreparer>(callbacks_, logs_, clock_, make_thread);
  }
  model::Run run(std::int64_t key, const std::string& python) {
    model::Run run;
    run.key = key;
    run.uuid = random_hex(16);
    run.spec.environment.interpreter_path = python;
    return run;
  }
  bool all_ready(std::size_t count) {
    return ready_.wait([&](const auto& all) { return all.size() == count; });
  }
  std::string build_log(const model::Run& run) {
    const store::LogId id{run.uuid, run.attempt, 0, environment::kBuildLog};
    return logs_.read(id, 0, 10'000).value_or("");
  }

  test::TempFolder folder_;
  SystemClock clock_;
  store::LogStore logs_{folder_ / "logs"};
  test::Watched<bool> is_reached_;
  test::Watched<bool> is_open_;
  test::Watched<std::map<std::int64_t, std::string>> ready_;
  test::Watched<std::vector<std::pair<std::int64_t, std::string>>> put_off_;
  test::Watched<std::vector<std::pair<std::chrono::milliseconds, std::function<void()>>>> later_;
  std::atomic<int> builds_{0};
  /// As a machine that has every Python that it is asked for, whose `python` is its `python3`, and which has built nothing yet.
  static EnvironmentPreparer::Lookup to_build(const std::string& interpreter) {
    const std::string found = interpreter == "python" ? "python3" : interpreter;
    return {environment::Plan{"venv", "hash of " + found, found, {}, {}}, std::nullopt};
  }
  static Prepared made(const std::string& interpreter) { return Prepared{"hash", "venv", "", interpreter, {}, {}, {}}; }
  std::function<EnvironmentPreparer::Found(const model::EnvironmentDefinition&)> find_ = [](const auto& definition) {
    return to_build(definition.interpreter_path);
  };
  decltype(EnvironmentPreparer::Callbacks::build) build_ = [](const auto& plan, const auto&, const auto&) {
    return made(plan.interpreter);
  };
  EnvironmentPreparer::Callbacks callbacks_;
  std::unique_ptr<EnvironmentPreparer> preparer_;
};

TEST_F(EnvironmentPreparerTest, ALookUpThatTakesLongHoldsUpNeitherTheCallerNorOthers) {
  find_ = [this](const model::EnvironmentDefinition& definition) -> EnvironmentPreparer::Found {
    if (definition.interpreter_path == "slow") {
      is_reached_.set(true);
      is_open_.wait_for(true);
    }
    EnvironmentPreparer::Lookup there = to_build(definition.interpreter_path);
    there.prepared = made(definition.interpreter_path);
    return there;
  };
  preparer_->prepare(run(1, "slow"));
  ASSERT_TRUE(is_reached_.wait_for(true));
  preparer_->prepare(run(2, "fast"));
  EXPECT_TRUE(ready_.wait_for({{2, "fast"}}));
  is_open_.set(true);
  EXPECT_TRUE(ready_.wait_for({{1, "slow"}, {2, "fast"}}));
  EXPECT_EQ(builds_, 0);
}

TEST_F(EnvironmentPreparerTest, OneBuildsAndManyWait) {
  build_ = [this](const auto&, const auto& on_log, const auto&) {
    on_log("begun\n");
    is_reached_.set(true);
    is_open_.wait_for(true);
    on_log("done\n");
    return made("made");
  };
  const model::Run first = run(1, "python");
  const model::Run second = run(2, "python");
  preparer_->prepare(first);
  ASSERT_TRUE(is_reached_.wait_for(true));
  preparer_->prepare(second);
  preparer_->prepare(run(3, "another"));
  is_open_.set(true);
  EXPECT_TRUE(ready_.wait_for({{1, "made"}, {2, "made"}, {3, "made"}}));
  EXPECT_EQ(builds_, 2);
  EXPECT_EQ(build_log(first), "begun\ndone\n");
  EXPECT_EQ(build_log(second), "begun\ndone\n") << "from its start, for one that came later too";
}

TEST_F(EnvironmentPreparerTest, WhereACuratedOneCannotBeBuiltItsRunsAreToldOfOverridesAndOthersAreNot) {
  build_ = [](const auto&, const auto&, const auto&) -> Result<Prepared> { return fail(Code::invalid, "no torch"); };
  model::Run curated = run(1, "python");
  curated.spec.environment.name = "AzureML-PyTorch-1.6-GPU";
  preparer_->prepare(curated);
  preparer_->prepare(run(2, "python"));
  ASSERT_TRUE(all_ready(2));
  EXPECT_NE(ready_.get().at(1).find("`muster environment override AzureML-PyTorch-1.6-GPU --with OTHER`"), std::string::npos);
  EXPECT_EQ(ready_.get().at(2), "refused: no torch");
}

TEST_F(EnvironmentPreparerTest, DefinitionsThatAreOneEnvironmentHereAreBuiltOnce) {
  build_ = [this](const auto&, const auto& on_log, const auto&) {
    on_log("begun\n");
    is_reached_.set(true);
    is_open_.wait_for(true);
    return made("made");
  };
  model::Run named = run(2, "python3");
  named.spec.environment.name = "another";
  named.spec.environment.variables = {{"A", "1"}};
  preparer_->prepare(run(1, "python"));
  ASSERT_TRUE(is_reached_.wait_for(true));
  preparer_->prepare(named);
  const store::LogId id{named.uuid, named.attempt, 0, environment::kBuildLog};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (logs_.size(id).value_or(0) == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(build_log(named), "begun\n") << "it waits with the first, and sees the same log";
  is_open_.set(true);
  EXPECT_TRUE(ready_.wait_for({{1, "made"}, {2, "made"}}));
  EXPECT_EQ(builds_, 1);
}

TEST_F(EnvironmentPreparerTest, TheLastOneThatLeavesEndsTheBuildAndOneThatComesThenHasItBuiltAgain) {
  build_ = [this](const auto&, const auto&, const auto& canceled) -> Result<Prepared> {
    if (builds_ > 1) return made("made");
    is_reached_.set(true);
    while (!canceled()) is_open_.wait([](bool) { return false; }, std::chrono::milliseconds(1));
    is_reached_.set(false);
    is_open_.wait_for(true);
    return fail(Code::conflict, "the build was canceled");
  };
  preparer_->prepare(run(1, "python"));
  preparer_->prepare(run(2, "python"));
  ASSERT_TRUE(is_reached_.wait_for(true));
  preparer_->abandon(1);
  preparer_->abandon(2);
  ASSERT_TRUE(is_reached_.wait_for(false));
  preparer_->prepare(run(3, "python"));
  is_open_.set(true);
  EXPECT_TRUE(ready_.wait_for({{3, "made"}}));
}

TEST_F(EnvironmentPreparerTest, WithoutThreadsForMoreTheRunsWaitForEachOther) {
  std::atomic<int> made = 0;  // of two pools, each with a lock of its own
  make_preparer([&](std::function<void()> body) {
    if (++made > 2) throw std::system_error(EAGAIN, std::generic_category());  // the first of the look-ups, and that of the builds
    return std::thread(std::move(body));
  });
  build_ = [this](const auto& plan, const auto&, const auto&) {
    is_open_.wait_for(true);
    return this->made(plan.interpreter);
  };
  for (int key = 1; key <= 4; ++key) preparer_->prepare(run(key, "python" + std::to_string(key)));
  is_open_.set(true);
  EXPECT_TRUE(all_ready(4));
  EXPECT_EQ(ready_.get()[4], "python4");
  EXPECT_GT(made, 2);
}

TEST_F(EnvironmentPreparerTest, AShortageOfProcessesIsWaitedForAndNeverAFailure) {
  build_ = [this](const auto& plan, const auto&, const auto&) -> Result<Prepared> {
    if (builds_ < 4) return fail(Code::unavailable, "start a process: Resource temporarily unavailable");
    return made(plan.interpreter);
  };
  preparer_->prepare(run(1, "python"));
  std::vector<std::chrono::milliseconds> delays;
  for (std::size_t times = 1; times <= 3; ++times) {
    ASSERT_TRUE(later_.wait([&](const auto& all) { return all.size() == times; }));
    if (times == 2) preparer_->prepare(run(2, "python"));  // it waits with the first
    const auto [delay, again] = later_.get().back();
    delays.push_back(delay);
    EXPECT_TRUE(ready_.get().empty());
    again();
  }
  EXPECT_TRUE(ready_.wait_for({{1, "python3"}, {2, "python3"}}));
  EXPECT_LT(delays[0], delays[1]);
  EXPECT_LT(delays[1], delays[2]);
  const auto told = put_off_.get();
  ASSERT_EQ(told.size(), 4U) << "the first thrice, the second once";
  EXPECT_EQ(told.front(), (std::pair<std::int64_t, std::string>(1, "start a process: Resource temporarily unavailable")));
}

TEST_F(EnvironmentPreparerTest, ARunThatLeavesWhileItIsPutOffIsForgotten) {
  find_ = [](const auto&) -> EnvironmentPreparer::Found { return fail(Code::unavailable, "no descriptors"); };
  preparer_->prepare(run(1, "python"));
  ASSERT_TRUE(later_.wait([](const auto& all) { return all.size() == 1; }));
  preparer_->abandon(1);
  find_ = [](const auto&) -> EnvironmentPreparer::Found { return fail(Code::invalid, "bad"); };
  later_.get()[0].second();
  preparer_->prepare(run(2, "another"));
  EXPECT_TRUE(ready_.wait_for({{2, "refused: bad"}}));
}

}  // namespace
}  // namespace muster::scheduler
