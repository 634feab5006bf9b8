#include "environment/cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "environment/command.h"
#include "environment/interpreter.h"
#include "environment/spec.h"
#include "support/event.h"
#include "support/no_descriptors.h"
#include "support/small_packages.h"

namespace muster::environment {
namespace {
namespace fs = std::filesystem;
using std::chrono::steady_clock;
using test::eventually;
using test::Ran;
using test::run;
using test::system_python;

const auto kNever = [] { return false; };
const auto kSilent = [](std::string_view) {};

Result<std::optional<Prepared>> find(const EnvironmentCache& cache, const model::EnvironmentDefinition& definition) {
  MUSTER_TRY_ASSIGN(const Plan plan, cache.plan(definition));
  return cache.find(plan);
}

class Environments : public test::SmallPackages {
 protected:
  fs::path root() const { return folder_ / "environments"; }
  std::string hash_of(const model::EnvironmentDefinition& definition) const {
    return environment_hash(definition, "venv", system_python());
  }
  /// What a server that is started now finds.
  bool is_there(const model::EnvironmentDefinition& definition) const {
    const auto found = find(EnvironmentCache(root(), variables_), definition);
    return found && *found;
  }
};

TEST_F(Environments, WithoutPackagesTheInterpreterIsUsedAsItIs) {
  EnvironmentCache cache(root(), variables_);
  const auto prepared = cache.prepare(
      asking_for({"azureml-defaults"}), [](std::string_view) { FAIL() << "nothing is built"; }, kNever);
  ASSERT_TRUE(prepared);
  EXPECT_EQ(interpreter_of(*prepared), system_python());
  EXPECT_TRUE(prepared->root.empty());
  EXPECT_FALSE(fs::exists(root()));
}

TEST_F(Environments, OneBuildHoweverManyAskAndNoneTheNextTime) {
  make_wheel("hello");
  const auto definition = asking_for({"azureml-defaults", "hello"});
  // What a builder that was killed left: no marker, so nothing of it may survive.
  const fs::path half_made = root() / hash_of(definition) / "left_over";
  ASSERT_TRUE(make_folders(half_made));

  EnvironmentCache cache(root(), variables_);
  std::vector<std::string> logs(3);
  std::vector<Result<Prepared>> outcomes(3, Prepared{});
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < 3; ++i) {
    callers.emplace_back([&, i] {
      outcomes[i] = cache.prepare(
          definition, [&, i](std::string_view text) { logs[i] += text; }, kNever);
    });
  }
  for (std::thread& caller : callers) caller.join();
  std::size_t builds = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(outcomes[i]) << outcomes[i].error().detail << "\n" << logs[i];
    builds += logs[i].starts_with("building environment");
    // Those who came while it was built see the same; one that came later finds it there.
    if (logs[i].empty()) continue;
    EXPECT_NE(logs[i].find("azureml-defaults is left out: Muster provides it"), std::string::npos) << logs[i];
    EXPECT_EQ(logs[i].find("building environment"), logs[i].rfind("building environment")) << logs[i];
  }
  EXPECT_EQ(builds, 1u);
  EXPECT_FALSE(fs::exists(half_made));

  const Ran imported = run({interpreter_of(*outcomes[0]), "-c", "import hello; print(hello.WORD)"}, folder_.path());
  EXPECT_EQ(imported.output, "hello from hello\n");
  const auto marker = parse_json(read_file(fs::path(outcomes[0]->root) / "muster.json").value_or(""));
  ASSERT_TRUE(marker);
  EXPECT_NE(dump_json((*marker)["packages"]).find("hello==1.0"), std::string::npos);

  const auto again = cache.prepare(
      definition, [](std::string_view) { FAIL() << "it is there already"; }, kNever);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->interpreter, outcomes[0]->interpreter);
  EnvironmentCache after_restart(root(), variables_);
  ASSERT_TRUE(after_restart.prepare(
      definition, [](std::string_view) { FAIL() << "it is there already"; }, kNever));

  // Another Python stands behind the same name now: what was built for the old one would not start.
  Json changed = *marker;
  changed["real_interpreter"] = "/usr/bin/python2.7";
  ASSERT_TRUE(write_file(fs::path(outcomes[0]->root) / "muster.json", dump_json(changed)));
  EXPECT_FALSE(is_there(definition));
  for (const char* damaged : {"", "{", "[]", "{}", "\xFF", "{\"interpreter\": 3}"}) {
    ASSERT_TRUE(write_file(fs::path(outcomes[0]->root) / "muster.json", damaged));
    EXPECT_FALSE(is_there(definition)) << damaged;
  }
}

TEST_F(Environments, AFailureNamesThePackageAndIsRememberedUntilSomebodyWantsItAgain) {
  const auto definition = asking_for({"late==1.0"});
  EnvironmentCache cache(root(), variables_);
  std::string log;
  const auto prepared = cache.prepare(
      definition, [&](std::string_view text) { log += text; }, kNever);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, Code::invalid);
  EXPECT_NE(prepared.error().detail.find("the package 'late==1.0' could not be installed"), std::string::npos) << prepared.error().detail;
  EXPECT_NE(log.find("late==1.0"), std::string::npos);
  EXPECT_FALSE(fs::exists(root() / hash_of(definition)));
  make_wheel("late");
  const Plan plan = *cache.plan(definition);
  EXPECT_EQ(cache.state(plan)->kind, BuildState::Kind::failed);
  std::string second_log;
  const auto again = cache.prepare(
      definition, [&](std::string_view text) { second_log += text; }, kNever);
  ASSERT_FALSE(again) << "it was not built again";
  EXPECT_EQ(again.error().detail, prepared.error().detail);
  EXPECT_NE(again.error().hint.find("`muster environment build` tries it at once"), std::string::npos) << again.error().hint;
  EXPECT_EQ(second_log.find(log), 0u) << second_log;
  EXPECT_EQ(cache.log_of(plan, 0, log.size()), log);
  EXPECT_EQ(cache.log_of(plan, log.size(), 100), "");

  ASSERT_TRUE(cache.retry(plan));
  EXPECT_EQ(cache.state(plan)->kind, BuildState::Kind::absent);
  EXPECT_TRUE(cache.prepare(definition, kSilent, kNever));
  EXPECT_EQ(cache.state(plan)->kind, BuildState::Kind::ready);
}

TEST_F(Environments, OneThatIsRemovedIsBuiltAgainAndOneThatIsBuiltIsNotRemoved) {
  make_wheel("hello");
  const auto definition = asking_for({"hello"});
  EnvironmentCache cache(root(), variables_);
  const auto prepared = cache.prepare(definition, kSilent, kNever);
  ASSERT_TRUE(prepared) << prepared.error().detail;
  const auto kept = cache.kept();
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1u);
  const Kept one = kept->front();
  EXPECT_EQ(one.hash, hash_of(definition));
  EXPECT_GT(one.bytes, 100'000u);
  {
    const auto held = open_file(root() / (one.hash + ".lock"), O_RDWR | O_CREAT);
    ASSERT_EQ(::flock(held->get(), LOCK_EX | LOCK_NB), 0);
    EXPECT_FALSE(*cache.remove(one)) << "somebody builds it";
  }
  EXPECT_TRUE(*cache.remove(one));
  EXPECT_FALSE(is_there(definition));
  EXPECT_FALSE(fs::exists(prepared->root));
  EXPECT_TRUE(cache.prepare(definition, kSilent, kNever));
}

TEST_F(Environments, AnInterpreterThatIsNoneSaysSo) {
  auto definition = asking_for({"hello"});
  definition.interpreter_path = "/bin/true";
  EnvironmentCache cache(root(), variables_);
  for (const std::string program : {"/bin/true", "/bin/false"}) {
    definition.interpreter_path = program;
    const auto refused = cache.prepare(definition, kSilent, kNever);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_NE(refused.error().detail.find(program + " cannot make virtual environments"), std::string::npos) << refused.error().detail;
  }
  definition.interpreter_path = "python9.9";
  const auto missing = cache.prepare(definition, kSilent, kNever);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
}

// Debian's Python without python3-venv: `-m venv` fails for want of ensurepip. With a pip of its own it serves all the same.
TEST_F(Environments, APythonWithoutEnsurepip) {
  make_wheel("hello");
  const std::string start =
      "#!/bin/sh\ncase \"$*\" in\n'-m venv --without-pip '*) ;;\n'-m venv '*) echo 'ensurepip is not available'; exit 1 ;;\n";
  const std::string python = system_python();
  // `pip --python ENVIRONMENT …` of the base Python, played by a pip that is put into the environment at that moment.
  const std::string with_pip =
      "'-m pip --python '*) \"$4\" -m pip --version >/dev/null 2>&1 || \"$4\" -m ensurepip >/dev/null; py=$4; shift 4; exec \"$py\" -m pip "
      "\"$@\" ;;\n";
  const std::string without_pip = "'-m pip '*) echo 'No module named pip'; exit 1 ;;\n";
  const std::string end = "esac\nexec " + python + " \"$@\"\n";
  EnvironmentCache cache(root(), variables_);
  auto definition = asking_for({"hello"});

  ASSERT_TRUE(write_file(folder_ / "python-a", start + without_pip + end, 0755));
  definition.interpreter_path = (folder_ / "python-a").string();
  const auto refused = cache.prepare(definition, kSilent, kNever);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_NE(refused.error().hint.find("python-a-venv"), std::string::npos) << refused.error().hint;

  ASSERT_TRUE(write_file(folder_ / "python-b", start + with_pip + end, 0755));
  definition.interpreter_path = (folder_ / "python-b").string();
  std::string log;
  const auto prepared = cache.prepare(
      definition, [&](std::string_view text) { log += text; }, kNever);
  ASSERT_TRUE(prepared) << prepared.error().detail << "\n" << log;
  EXPECT_EQ(run({interpreter_of(*prepared), "-c", "import hello; print(hello.WORD)"}, folder_.path()).output, "hello from hello\n");
}

/// Waits until the text has come, or the test's patience ends.
class Log {
 public:
  void add(std::string_view text) {
    text_.change([&](std::string& all) { all += text; });
  }
  bool has_come(std::string_view wanted) {
    return text_.wait([&](const std::string& all) { return all.find(wanted) != std::string::npos; }, test::kBuildPatience);
  }
  std::string text() const { return text_.get(); }

 private:
  test::Watched<std::string> text_;
};

TEST_F(Environments, WhoeverLeavesEndsItsBuildAndAnotherTakesItOver) {
  make_sdist("slow", "import sys, time\nsys.stderr.write('setup has begun\\n')\nopen('" + (folder_ / "begun").string() +
                         "', 'a').write('x')\ntime.sleep(3600)\n");
  const auto definition = asking_for({"slow"});
  EnvironmentCache cache(root(), variables_);
  std::atomic<bool> first_leaves{false};
  std::atomic<bool> second_leaves{false};
  Log first_log;
  Log second_log;
  Result<Prepared> first = Prepared{};
  Result<Prepared> second = Prepared{};
  std::thread first_caller([&] {
    first = cache.prepare(
        definition, [&](std::string_view text) { first_log.add(text); }, [&] { return first_leaves.load(); });
  });
  EXPECT_TRUE(first_log.has_come("slow"));
  std::thread second_caller([&] {
    second = cache.prepare(
        definition, [&](std::string_view text) { second_log.add(text); }, [&] { return second_leaves.load(); });
  });
  EXPECT_TRUE(second_log.has_come("slow")) << "it follows the first one's log";
  EXPECT_TRUE(eventually([&] { return fs::exists(folder_ / "begun"); }, test::kBuildPatience));
  EXPECT_TRUE(fs::remove(folder_ / "begun"));
  first_leaves = true;
  first_caller.join();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, Code::conflict) << first.error().detail << "\n" << first_log.text();

  EXPECT_TRUE(eventually([&] { return fs::exists(folder_ / "begun"); }, test::kBuildPatience)) << "the second builds it now";
  second_leaves = true;
  second_caller.join();
  EXPECT_FALSE(second);
  EXPECT_FALSE(fs::exists(root() / hash_of(definition))) << "its processes are killed before its folder is removed";
}

TEST_F(Environments, WithoutADescriptorNothingIsWipedAndNothingFailsForGood) {
  make_wheel("hello");
  const auto definition = asking_for({"hello"});
  EnvironmentCache cache(root(), variables_);
  const auto prepared = cache.prepare(definition, kSilent, kNever);
  ASSERT_TRUE(prepared) << prepared.error().detail;
  const auto other = asking_for({"hello", "hello==1.0"});
  {
    const test::NoDescriptors none;
    const auto found = find(cache, definition);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Code::unavailable);
    const auto built = cache.prepare(other, kSilent, kNever);
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error().code, Code::unavailable);
  }
  EXPECT_TRUE(*find(cache, definition));
  EXPECT_TRUE(cache.prepare(other, kSilent, kNever));
}

TEST_F(Environments, WhatAKilledBuilderLeftRunningIsEndedAtTheNextStart) {
  const std::string hash(64, 'a');
  ASSERT_TRUE(make_folders(root() / hash));
  auto group = process::ProcessGroup::create("builder-test-" + random_hex(8));
  ASSERT_TRUE(group) << group.error().detail;
  process::SpawnOptions options;
  options.command = {"/bin/sleep", "1000"};
  options.variables = group->variables();
  options.cgroups = group->cgroups();
  auto orphan = process::spawn(options);
  ASSERT_TRUE(orphan) << orphan.error().detail;
  ASSERT_TRUE(write_file(root() / (hash + ".group"), dump_json({{"builder", "venv"}, {"group", group->to_json()}})));
  {
    const auto held = open_file(root() / (hash + ".lock"), O_RDWR | O_CREAT);
    ASSERT_EQ(::flock(held->get(), LOCK_EX | LOCK_NB), 0);
    const EnvironmentCache beside(root(), variables_);
    EXPECT_FALSE(orphan->poll()) << "its builder lives";
  }
  const EnvironmentCache cache(root(), variables_);
  const auto ended = orphan->wait(std::chrono::seconds(10));
  ASSERT_TRUE(ended) << ended.error().detail;
  EXPECT_EQ(ended->signal, SIGKILL);
  EXPECT_FALSE(fs::exists(root() / hash));
  EXPECT_FALSE(fs::exists(root() / (hash + ".group")));
}

TEST_F(Environments, AnotherProcessesBuildIsFollowedAndTakenOver) {
  make_wheel("hello");
  const auto definition = asking_for({"hello"});
  ASSERT_TRUE(make_folders(root()));
  // As another process would: it holds the lock, and has written half a log.
  auto held = open_file(root() / (hash_of(definition) + ".lock"), O_RDWR | O_CREAT);
  ASSERT_TRUE(held);
  ASSERT_EQ(::flock(held->get(), LOCK_EX | LOCK_NB), 0);
  ASSERT_TRUE(write_file(root() / (hash_of(definition) + ".log"), "the other's words\n", 0644, Durable::no));

  EnvironmentCache cache(root(), variables_);
  Log log;
  Result<Prepared> prepared = Prepared{};
  std::thread caller([&] {
    prepared = cache.prepare(
        definition, [&](std::string_view text) { log.add(text); }, kNever);
  });
  EXPECT_TRUE(log.has_come("another process is building this environment"));
  EXPECT_TRUE(log.has_come("the other's words"));
  held->reset();  // it dies: the kernel lets go of its lock
  EXPECT_TRUE(log.has_come("building environment"));
  caller.join();
  ASSERT_TRUE(prepared) << prepared.error().detail;
}

}  // namespace
}  // namespace muster::environment
