#include "process/output.h"

#include <gtest/gtest.h>

#include <csignal>

namespace muster::process {
namespace {

constexpr std::chrono::seconds kPatience{20};

/// A shell that runs `script`, and the end of a pipe at which its output comes.
std::pair<Child, Fd> started(const std::string& script) {
  OutputPipe pipe = make_output_pipe().value();
  SpawnOptions options;
  options.command = {"/bin/sh", "-c", script};
  options.folder = "/";
  options.output = pipe.writing.get();
  return {spawn(options).value(), std::move(pipe.reading)};
}

Result<void> always() { return {}; }

TEST(FollowOutput, GivesAllThatWasPrinted) {
  auto [child, reading] = started("printf 'one '; printf 'two' >&2; exit 3");
  std::string text;
  const auto ended = follow_output(
      child, reading, [&](std::string_view more) { text += more; }, always);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exit_code, 3);
  EXPECT_EQ(text, "one two");
}

TEST(FollowOutput, DoesNotWaitForAProcessThatHoldsTheOutputOpen) {
  auto [child, reading] = started("sleep 600 & echo $!");
  std::string text;
  const auto ended = follow_output(
      child, reading, [&](std::string_view more) { text += more; }, always);
  ASSERT_TRUE(ended);
  EXPECT_EQ(::kill(std::stoi(text), SIGKILL), 0) << "it still runs";
}

TEST(FollowOutput, LeavesAChildThatIsNotToBeWaitedForAnyLonger) {
  auto [child, reading] = started("exec sleep 600");
  const auto ended = follow_output(
      child, reading, [](std::string_view) {}, [] { return Result<void>(fail(Code::timeout, "long enough")); });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Code::timeout);
  EXPECT_TRUE(child.signal(SIGKILL));
  EXPECT_TRUE(child.wait(kPatience));
}

}  // namespace
}  // namespace muster::process
