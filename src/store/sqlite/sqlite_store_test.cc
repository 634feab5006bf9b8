#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "store/compute_targets.h"
#include "store/sqlite/migrate.h"
#include "store/store.h"
#include "store/tokens.h"
#include "store/workspaces.h"
#include "support/small_disk.h"
#include "support/test_store.h"

namespace muster::store {
namespace {
namespace fs = std::filesystem;
using test::TestStore;
using testing::HasSubstr;

Result<void> add_token(Store& store, const std::string& secret) {
  return store.write([&](Session& session) -> Result<void> {
    MUSTER_TRY(tokens::add_owner(session, secret, "ada", "", 1));
    return {};
  });
}

bool has_token(Store& store, const std::string& secret) {
  return test::must(store.read([&](Session& session) -> Result<bool> { return tokens::find(session, secret).has_value(); }));
}

std::int64_t count_tokens(Store& store) {
  return test::must(store.read([&](Session& session) -> Result<std::int64_t> {
    std::int64_t count = 0;
    session.query("SELECT count(*) FROM tokens", {}, [&](const Row& row) { count = row.integer(0); });
    return count;
  }));
}

TEST(SqliteStore, HasADefaultWorkspaceThatStays) {
  TestStore test;
  const auto id = test.read([](Session& session) { return workspaces::find(session, "default")->id; });
  test.reopen();
  EXPECT_EQ(test.read([](Session& session) { return workspaces::find(session, "default")->id; }), id);
  EXPECT_EQ(id.size(), 32u);
  EXPECT_TRUE(test.read([&](Session& session) { return compute_targets::find(session, test.workspace_key(), "local").has_value(); }));
}

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

TEST(SqliteStore, AnErrorTakesBackItsOwnPartOnly) {
  TestStore test;
  ASSERT_TRUE(add_token(test.store(), "kept"));
  const auto refused = test.store().write([](Session& session) -> Result<int> {
    MUSTER_TRY(tokens::add_owner(session, "lost", "ada", "", 1));
    return fail(Code::conflict, "on second thoughts");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "on second thoughts");
  EXPECT_TRUE(has_token(test.store(), "kept"));
  EXPECT_FALSE(has_token(test.store(), "lost"));
}

TEST(SqliteStore, NothingThatWorkThrowsStopsTheWriter) {
  TestStore test;
  const auto thrown = test.store().write([](Session& session) -> Result<void> {
    MUSTER_TRY(tokens::add_owner(session, "lost", "ada", "", 1));
    throw std::logic_error("a bug");
  });
  EXPECT_THAT(thrown.error().detail, HasSubstr("a bug"));
  const auto odd = test.store().write([](Session&) -> Result<void> { throw 42; });
  EXPECT_EQ(odd.error().code, Code::internal);
  const auto wrong = test.store().write([](Session& session) -> Result<void> {
    session.run("INSERT INTO nowhere VALUES (1)", {});
    return {};
  });
  EXPECT_THAT(wrong.error().detail, HasSubstr("nowhere"));
  EXPECT_TRUE(add_token(test.store(), "kept"));
  EXPECT_FALSE(has_token(test.store(), "lost"));
}

TEST(SqliteStore, RefusesAWriteInsideAWrite) {
  TestStore test;
  const auto outer = test.store().write([&](Session&) -> Result<void> { return add_token(test.store(), "inner"); });
  ASSERT_FALSE(outer);
  EXPECT_THAT(outer.error().detail, HasSubstr("inside a write"));
}

TEST(SqliteStore, ReadersCannotWrite) {
  TestStore test;
  const auto written = test.store().read([](Session& session) -> Result<void> {
    MUSTER_TRY(tokens::add_owner(session, "x", "ada", "", 1));
    return {};
  });
  EXPECT_FALSE(written);
}

TEST(SqliteStore, AReadSeesOneMoment) {
  TestStore test;
  const auto seen = test.read([&](Session& session) -> Result<bool> {
    const bool before = tokens::find(session, "meanwhile").has_value();
    MUSTER_TRY(add_token(test.store(), "meanwhile"));
    return before || tokens::find(session, "meanwhile").has_value();
  });
  EXPECT_FALSE(seen);
  EXPECT_TRUE(has_token(test.store(), "meanwhile"));
}

TEST(SqliteStore, AQueryMayRunInsideItsOwnKind) {
  TestStore test;
  for (const char* name : {"a", "b"}) ASSERT_TRUE(add_token(test.store(), name));
  int pairs = 0;
  test.read([&](Session& session) {
    const char* sql = "SELECT key FROM tokens";
    session.query(sql, {}, [&](const Row&) { session.query(sql, {}, [&](const Row&) { ++pairs; }); });
  });
  EXPECT_EQ(pairs, 4);
}

TEST(SqliteStore, ManyWritersFailAndSucceedEachForItself) {
  TestStore test;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string secret = std::to_string(t) + "/" + std::to_string(i);
        const bool wanted = i % 5 != 0;
        const auto done = test.store().write([&](Session& session) -> Result<void> {
          MUSTER_TRY(tokens::add_owner(session, secret, "ada", "", 1));
          if (!wanted) return fail(Code::conflict, "no");
          return {};
        });
        // What was answered can be read at once.
        if (done.has_value() != wanted || has_token(test.store(), secret) != wanted) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  test.reopen();
  EXPECT_EQ(count_tokens(test.store()), 8 * 40);
}

TEST(SqliteStore, AFullDiskIsAnErrorThatPasses) {
  test::on_small_disk(8 << 20, [](const fs::path& disk) {
    const auto store = open_sqlite_store(disk / "muster.db").value();
    ASSERT_TRUE(add_token(*store, "before"));
    const fs::path filler = test::fill_disk(disk);
    const std::string large(1 << 20, 'x');
    const auto add_large = [&] {
      return store->write([&](Session& session) -> Result<void> {
        MUSTER_TRY(tokens::add_owner(session, "h", "ada", large, 0));
        return {};
      });
    };
    const auto refused = add_large();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::disk_full) << refused.error().detail;
    EXPECT_TRUE(has_token(*store, "before"));
    EXPECT_EQ(count_tokens(*store), 1);

    fs::remove(filler);
    EXPECT_TRUE(add_large());
    EXPECT_EQ(count_tokens(*store), 2);
  });
}

TEST(SqliteStore, WhatWasAnsweredOutlivesAKill) {
  const test::TempFolder folder;
  const fs::path file = folder / "muster.db";
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto store = open_sqlite_store(file).value();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint32_t i = 0;; ++i) {
          const std::uint32_t name = static_cast<std::uint32_t>(t) << 24 | i;
          if (add_token(*store, std::to_string(name))) (void)!::write(pipe[1], &name, sizeof name);
        }
      });
    }
    threads.front().join();
  }
  ::close(pipe[1]);
  std::vector<std::uint32_t> answered(200);
  for (std::uint32_t& name : answered) ASSERT_EQ(::read(pipe[0], &name, sizeof name), static_cast<ssize_t>(sizeof name));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (std::uint32_t name = 0; ::read(pipe[0], &name, sizeof name) > 0;) answered.push_back(name);
  ::close(pipe[0]);

  const auto store = open_sqlite_store(file).value();
  for (const std::uint32_t name : answered) ASSERT_TRUE(has_token(*store, std::to_string(name)));
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
