#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "contract/store_contract.h"
#include "store/sqlite/migrate.h"
#include "store/store.h"
#include "store/tokens.h"
#include "support/small_disk.h"
#include "support/test_store.h"

namespace muster::store {
namespace {
namespace fs = std::filesystem;
using test::TestStore;
using testing::HasSubstr;

const StoreSubject kSqlite{"sqlite", [](const fs::path& folder) { return open_sqlite_store(folder / "muster.db"); },
                           [](const std::function<void(const fs::path&)>& work) { test::on_small_disk(8 << 20, work); }};
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values(kSqlite));

/// Writes some 4 MB and removes them again.
void write_and_remove(Session& session) {
  session.run("CREATE TABLE large (bytes BLOB)", {});
  const std::string piece(4000, 'x');
  for (int i = 0; i < 1000; ++i) session.run("INSERT INTO large VALUES (?)", {Blob{piece}});
  session.run("DELETE FROM large", {});
}

TEST(SqliteStore, GivesBackTheSpaceOfWhatWasRemoved) {
  TestStore test;
  test.write([](Session& session) { write_and_remove(session); });
  std::uint64_t first = 0;
  EXPECT_GE(first = test.write([](Session& session) { return session.shrink(1u << 20); }), 1u << 20);
  EXPECT_LT(first, 3u << 20) << "about what was asked for";
  std::uint64_t rest = 0;
  while (const std::uint64_t given = test.write([](Session& session) { return session.shrink(1u << 20); })) rest += given;
  EXPECT_GT(first + rest, 3'900'000u);
  test.reopen();
  EXPECT_LT(fs::file_size(test.file()), 1u << 20);
}

TEST(SqliteStore, ADatabaseOfAnOlderVersionGivesBackToo) {
  const test::TempFolder folder;
  {
    Connection old(folder / "db", store::Access::read_write);
    std::string mode;
    old.query("PRAGMA journal_mode = WAL", {}, [&](const Row& row) { mode = row.text(0); });
    ASSERT_TRUE(migrate(old, migrations()));
    write_and_remove(old);
  }
  ASSERT_GT(fs::file_size(folder / "db"), 3'900'000u);
  { ASSERT_TRUE(open_sqlite_store(folder / "db")); }
  EXPECT_LT(fs::file_size(folder / "db"), 1u << 20);
}

TEST(SqliteStore, RefusesASecondServer) {
  TestStore test;
  const auto second = open_sqlite_store(test.file());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_THAT(second.error().detail, HasSubstr(std::to_string(::getpid())));
}

TEST(SqliteStore, RefusesANewerDatabaseAndNamesBothVersions) {
  TestStore test;
  test.write([](Session& session) { session.run("UPDATE schema_version SET version = 7001", {}); });
  test.close();
  const auto newer = open_sqlite_store(test.file());
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Code::invalid);
  EXPECT_THAT(newer.error().detail, HasSubstr("7001"));
  EXPECT_THAT(newer.error().detail, HasSubstr(fmt::format("up to {}", migrations().size())));
}

TEST(SqliteStore, SaysWhatIsWrongWithAFileThatIsNoDatabase) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_file(folder / "muster.db", std::string(8192, 'x')));
  const auto store = open_sqlite_store(folder / "muster.db");
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().detail, HasSubstr("not a database"));
}

TEST(SqliteStore, TheLogIsEmptiedAsItGrows) {
  TestStore test;
  const std::string large(64 << 10, 'x');
  for (int i = 0; i < 600; ++i) {
    test.write([&](Session& session) { return tokens::add_owner(session, std::to_string(i), "ada", large, 0); });
  }
  fs::path log = test.file();
  log += "-wal";
  EXPECT_LT(fs::file_size(log), 20u << 20);  // of 38 MiB written
}

}  // namespace
}  // namespace muster::store
