#include "store/sqlite/migrate.h"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::store {
namespace {

/// Every table and index as SQLite keeps it, ours only.
std::string schema_of(Connection& connection) {
  std::string schema;
  connection.query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name", {},
                   [&](const Row& row) { schema += row.text(0) + ";\n\n"; });
  return schema;
}

TEST(Migrate, LeadsToTheSchemaThatWasAgreed) {
  const test::TempFolder folder;
  Connection connection(folder / "db", Access::read_write);
  ASSERT_TRUE(migrate(connection, migrations()));
  const std::string golden = MUSTER_SOURCE_DIR "/tests/golden/schema.sql";
  if (std::getenv("MUSTER_ACCEPT") != nullptr) {
    ASSERT_TRUE(write_file(golden, schema_of(connection)));
  }
  EXPECT_EQ(schema_of(connection), read_file(golden).value_or("")) << "if the change is meant, run again with MUSTER_ACCEPT=1";
}

TEST(Migrate, TakesOnlyTheStepsThatAreLeft) {
  const test::TempFolder folder;
  Connection connection(folder / "db", Access::read_write);
  const std::vector<Migration> first{{"0001", "CREATE TABLE a (x INTEGER)"}};
  const std::vector<Migration> both{{"0001", "CREATE TABLE a (x INTEGER)"},
                                    {"0002", "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO a VALUES (1, 2)"}};
  ASSERT_TRUE(migrate(connection, first));
  ASSERT_TRUE(migrate(connection, both));
  ASSERT_TRUE(migrate(connection, both));
  int rows = 0;
  connection.query("SELECT x, y FROM a", {}, [&](const Row&) { ++rows; });
  EXPECT_EQ(rows, 1);
  EXPECT_EQ(migrate(connection, first).error().code, Code::invalid);
}

TEST(Migrate, AStepThatFailsLeavesNothing) {
  const test::TempFolder folder;
  Connection connection(folder / "db", Access::read_write);
  const std::vector<Migration> broken{{"0001", "CREATE TABLE a (x INTEGER); INSERT INTO missing VALUES (1)"}};
  EXPECT_THROW((void)migrate(connection, broken), StoreFailure);
  const std::vector<Migration> mended{{"0001", "CREATE TABLE a (x INTEGER)"}};
  EXPECT_TRUE(migrate(connection, mended));
}

TEST(Migrate, JournalsBecomeSources) {
  const test::TempFolder folder;
  Connection connection(folder / "db", Access::read_write);
  const auto is_it = [](const Migration& migration) { return migration.name.ends_with("_sources.sql"); };
  const std::vector<Migration> before(migrations().begin(), std::find_if(migrations().begin(), migrations().end(), is_it));
  ASSERT_TRUE(migrate(connection, before));
  connection.run("PRAGMA foreign_keys = OFF", {});
  connection.run("INSERT INTO journals VALUES (7, 2, 1, '42-5f', 1000)", {});
  ASSERT_TRUE(migrate(connection, migrations()));
  std::string found;
  connection.query("SELECT run_key, source, next_sequence FROM sources", {},
                   [&](const Row& row) { found += fmt::format("{} {} {}", row.integer(0), row.text(1), row.integer(2)); });
  EXPECT_EQ(found, "7 2/1/42-5f 1000");
}

TEST(Migrate, FilesAreNumberedWithoutGaps) {
  int number = 0;
  for (const Migration& migration : migrations()) EXPECT_EQ(migration.name.substr(0, 5), fmt::format("{:04}_", ++number));
  EXPECT_GT(number, 0);
}

}  // namespace
}  // namespace muster::store
