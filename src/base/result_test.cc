#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>

#include "base/id.h"

namespace muster {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail_hint(Code::invalid, "take an even number", "{} has no half", value);
  return value / 2;
}

Result<int> quarter(int value) {
  MUSTER_TRY_ASSIGN(const int once, half(value));
  MUSTER_TRY(half(once));
  return *half(once);
}

TEST(Result, PassesErrorsUp) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().detail, "3 has no half");
  EXPECT_EQ(quarter(5).error().hint, "take an even number");
}

Result<std::unique_ptr<int>> make() { return std::make_unique<int>(3); }
Result<int> take() {
  MUSTER_TRY_ASSIGN(const std::unique_ptr<int> value, make());
  return *value;
}

TEST(Result, CarriesWhatCanOnlyBeMoved) { EXPECT_EQ(*take(), 3); }

TEST(Code, EveryNameIsReadBack) {
  for (int i = 0; i <= static_cast<int>(Code::disk_full); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_EQ(code_from_string(to_string(code)), code);
  }
  EXPECT_EQ(code_from_string("nonsense"), Code::internal);
}

TEST(SystemError, TellsWhatPassesFromWhatADiskRefuses) {
  for (const int passes : {EMFILE, ENFILE, EAGAIN, ENOMEM}) EXPECT_EQ(system_error("open x", passes).code, Code::unavailable) << passes;
  for (const int refused : {EIO, EROFS, EACCES, EPERM}) EXPECT_EQ(system_error("write x", refused).code, Code::storage_failed) << refused;
}

TEST(SystemError, KnowsAFullDisk) {
  EXPECT_EQ(system_error("write x", ENOSPC).code, Code::disk_full);
  EXPECT_EQ(system_error("write x", EDQUOT).code, Code::disk_full);
  EXPECT_EQ(system_error("open x", EINVAL).code, Code::internal);
  EXPECT_EQ(system_error("open x", EACCES).detail, "open x: Permission denied");
}

TEST(Ids, AreLongAndNeverTheSame) {
  EXPECT_EQ(random_hex(16).size(), 32u);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_hex(8));
  EXPECT_EQ(seen.size(), 1000u);
  const std::string id = make_run_id("birds", 1'795'230'131'000'000);
  EXPECT_TRUE(id.starts_with("birds_1795230131_"));
  EXPECT_EQ(id.size(), std::string("birds_1795230131_").size() + 8);
}

}  // namespace
}  // namespace muster
