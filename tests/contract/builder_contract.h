#pragma once
// What every Builder promises. A kind's test includes this and instantiates BuilderContract with what it is and can build.

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/id.h"
#include "environment/builder.h"
#include "support/small_packages.h"

namespace muster::test {

struct BuilderCase {
  std::string kind;
  std::function<std::unique_ptr<const environment::Builder>(std::map<std::string, std::string> variables)> make;
  std::vector<std::string> packages;  ///< that it can install, of those that the suite makes: "hello"; none when it installs none
  std::function<model::EnvironmentDefinition()> beyond_it;  ///< a definition that it cannot build
};

class BuilderContract : public SmallPackages, public testing::WithParamInterface<BuilderCase> {
 protected:
  void SetUp() override {
    SmallPackages::SetUp();
    make_wheel("hello");
    builder_ = GetParam().make(variables_);
    definition_ = asking_for(GetParam().packages);
  }
  static std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + kBuildPatience; }
  fs::path folder() const { return folder_ / "made"; }
  environment::Plan plan(const model::EnvironmentDefinition& definition) const {
    const auto made = builder_->plan(definition);
    EXPECT_TRUE(made) << made.error().detail;
    return made.value_or(environment::Plan());
  }
  Result<environment::Description> build(const environment::Plan& plan, const std::function<Result<void>()>& stop) {
    auto group = process::ProcessGroup::create("builder-contract-" + random_hex(8));
    if (!group) return tl::unexpected(group.error());
    auto made = builder_->build({plan, folder(), *group, soon(), [this](std::string_view text) { log_ += text; }, stop});
    EXPECT_TRUE(group->kill(process::kKillDeadline));
    group->remove();
    return made;
  }
  Result<environment::Description> build(const environment::Plan& plan) {
    return build(plan, [] { return Result<void>{}; });
  }
  /// Made where there is something to make.
  environment::Prepared prepared() {
    const environment::Plan wanted = plan(definition_);
    std::optional<environment::Description> made;
    if (builder_->makes_folder()) {
      auto built = build(wanted);
      EXPECT_TRUE(built) << built.error().detail << log_;
      if (built) made = *built;
    }
    const auto ready = builder_->prepared(wanted, folder(), made ? &*made : nullptr);
    EXPECT_TRUE(ready && *ready);
    return ready && *ready ? **ready : environment::Prepared();
  }
  /// As whoever starts a program in it does.
  Ran run_in(const environment::Prepared& prepared, const std::string& code) const {
    std::vector<std::string> words = prepared.prefix;
    words.insert(words.end(), {environment::interpreter_of(prepared), "-c", code});
    return run(words, folder_.path());
  }

  std::unique_ptr<const environment::Builder> builder_;
  model::EnvironmentDefinition definition_;
  std::string log_;
};

TEST_P(BuilderContract, SaysWhatItCanBuildAndWhyNotInWords) {
  EXPECT_EQ(builder_->kind(), GetParam().kind);
  EXPECT_EQ(builder_->cannot_build(definition_), std::nullopt);
  const auto why_not = builder_->cannot_build(GetParam().beyond_it());
  ASSERT_TRUE(why_not);
  EXPECT_GT(why_not->size(), 10u);
}

TEST_P(BuilderContract, APlanIsTheSameForTheSameContentAlone) {
  const environment::Plan first = plan(definition_);
  EXPECT_EQ(first.builder, GetParam().kind);
  EXPECT_EQ(first.hash.size(), 64u);
  model::EnvironmentDefinition named = definition_;
  named.name = "another";
  named.version = "7";
  named.variables = {{"A", "1"}};
  EXPECT_EQ(plan(named).hash, first.hash);
  model::EnvironmentDefinition other = definition_;
  other.interpreter_path = "/bin/true";
  EXPECT_NE(plan(other).hash, first.hash);
  EXPECT_FALSE(fs::exists(folder())) << "planning makes nothing";
}

TEST_P(BuilderContract, AnInterpreterThatIsNotThereIsNotFound) {
  definition_.interpreter_path = "/nowhere/python";
  const auto refused = builder_->plan(definition_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_FALSE(refused.error().hint.empty());
}

TEST_P(BuilderContract, ProgramsStartInWhatItMade) {
  const environment::Prepared ready = prepared();
  EXPECT_EQ(ready.builder, GetParam().kind);
  EXPECT_EQ(ready.hash, plan(definition_).hash);
  EXPECT_EQ(ready.root.empty(), !builder_->makes_folder());
  EXPECT_EQ(run_in(ready, "print('here')").output, "here\n");
  for (const std::string& package : GetParam().packages)
    EXPECT_EQ(run_in(ready, "import " + package + " as p; print(p.WORD)").output, "hello from " + package + "\n");
  // What is sent to a node says the same there.
  const auto sent = environment::prepared_from_json(environment::to_json(ready));
  ASSERT_TRUE(sent) << sent.error().detail;
  EXPECT_EQ(environment::interpreter_of(*sent), environment::interpreter_of(ready));
  EXPECT_EQ(environment::variables_of(*sent), environment::variables_of(ready));
}

TEST_P(BuilderContract, DescribesWhatIsInstalled) {
  const environment::Prepared ready = prepared();
  const auto described = builder_->describe(ready, soon());
  ASSERT_TRUE(described) << described.error().detail;
  EXPECT_FALSE(described->real_interpreter.empty());
  for (const std::string& package : GetParam().packages)
    EXPECT_NE(std::find(described->packages.begin(), described->packages.end(), package + "==1.0"), described->packages.end()) << package;
}

TEST_P(BuilderContract, WhatIsGoneIsNotThereAndMayBeRemovedTwice) {
  const environment::Prepared ready = prepared();
  EXPECT_TRUE(builder_->remove(folder()));
  EXPECT_TRUE(builder_->remove(folder()));
  EXPECT_FALSE(fs::exists(folder()));
  if (!builder_->makes_folder()) return;
  const environment::Description made{ready.interpreter, ready.interpreter, {}};
  const auto found = builder_->prepared(plan(definition_), folder(), &made);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_FALSE(*builder_->prepared(plan(definition_), folder(), nullptr));
}

TEST_P(BuilderContract, AStoppedBuildSaysWhyAndFailedOnesNameThePackage) {
  if (!builder_->makes_folder()) {
    EXPECT_EQ(build(plan(definition_)).error().code, Code::internal) << "there is nothing to build, and nobody may ask for it";
    return;
  }
  const auto stopped = build(plan(definition_), [] { return Result<void>(fail(Code::conflict, "enough")); });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().detail, "enough");
  EXPECT_TRUE(builder_->remove(folder()));
  const auto failed = build(plan(asking_for({"not-there==1.0"})));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::invalid);
  EXPECT_NE(failed.error().detail.find("not-there==1.0"), std::string::npos) << failed.error().detail;
  EXPECT_NE(log_.find("not-there"), std::string::npos);
}

}  // namespace muster::test
