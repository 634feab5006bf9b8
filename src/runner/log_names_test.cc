#include "runner/log_names.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::runner {
namespace {

constexpr FileId kFirst{1, 10};
constexpr FileId kSecond{1, 11};
constexpr FileId kThird{1, 12};

TEST(LogNames, AFileKeepsItsName) {
  LogNames names;
  EXPECT_EQ(names.name_of(kFirst, "logs/a.log"), "logs/a.log");
  EXPECT_EQ(names.name_of(kFirst, "logs/renamed.log"), "logs/a.log");
}

TEST(LogNames, RotationRecordsEveryFileOnce) {
  LogNames names;
  EXPECT_EQ(names.name_of(kFirst, "logs/a.log"), "logs/a.log");
  // a.log becomes a.log.1, and a new a.log is begun
  EXPECT_EQ(names.name_of(kFirst, "logs/a.log.1"), "logs/a.log");
  EXPECT_EQ(names.name_of(kSecond, "logs/a.log"), "logs/a.log.1");
  // once more
  EXPECT_EQ(names.name_of(kFirst, "logs/a.log.2"), "logs/a.log");
  EXPECT_EQ(names.name_of(kSecond, "logs/a.log.1"), "logs/a.log.1");
  EXPECT_EQ(names.name_of(kThird, "logs/a.log"), "logs/a.log.2");
}

TEST(LogNames, AFileThatWasCutStartsAgain) {
  LogNames names;
  names.name_of(kFirst, "logs/a.log");
  EXPECT_EQ(names.next_generation(kFirst, "logs/a.log"), "logs/a.log.1");
  EXPECT_EQ(names.name_of(kFirst, "logs/a.log"), "logs/a.log.1");
  EXPECT_EQ(names.next_generation(kFirst, "logs/a.log"), "logs/a.log.2");
}

TEST(LogNames, ANumberThatIsUsedAgainIsAnotherFile) {
  LogNames names;
  EXPECT_EQ(names.name_of({1, 10, 500}, "logs/a.log"), "logs/a.log");
  EXPECT_EQ(names.name_of({1, 10, 501}, "logs/a.log"), "logs/a.log.1");
  // Where the file system does not say when it was made.
  EXPECT_EQ(names.name_of(kFirst, "logs/b.log"), "logs/b.log");
  names.forget(kFirst);
  EXPECT_FALSE(names.knows(kFirst));
  EXPECT_EQ(names.name_of(kFirst, "logs/b.log"), "logs/b.log.1");
  EXPECT_EQ(names.generations("logs/b.log"), 2);
  EXPECT_EQ(names.generations("logs/c.log"), 0);
  auto again = LogNames::from_json(names.to_json());
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_TRUE(again->knows({1, 10, 501}));
}

TEST(LogNames, AreTheSameForWhoTakesOver) {
  LogNames names;
  names.name_of(kFirst, "logs/a.log");
  names.next_generation(kFirst, "logs/a.log");
  auto again = LogNames::from_json(parse_json(dump_json(names.to_json())).value());
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->name_of(kFirst, "logs/a.log"), "logs/a.log.1");
  EXPECT_EQ(again->name_of(kSecond, "logs/a.log"), "logs/a.log.2");
  EXPECT_FALSE(LogNames::from_json(Json::array()));
  EXPECT_FALSE(LogNames::from_json({{"files", 3}}));
}

}  // namespace
}  // namespace muster::runner
