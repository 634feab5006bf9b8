// The suite of tests/contract/store_contract.h.

#include "contract/store_contract.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <limits>
#include <thread>

#include <gmock/gmock.h>

#include "base/id.h"
#include "store/compute_targets.h"
#include "store/dialect.h"
#include "store/metrics.h"
#include "store/runs.h"
#include "store/workspaces.h"
#include "support/event.h"
#include "support/repeating_store.h"
#include "support/small_disk.h"

namespace muster::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// Rows of the tests' own: counters by name.
Result<void> add_counters(Store& store, const std::vector<std::string>& names) {
  return store.write([&](Session& session) -> Result<void> {
    session.run("CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL)", {});
    for (const std::string& name : names) session.run("INSERT INTO counters VALUES (?, 0)", {name});
    return {};
  });
}

std::int64_t counter(Session& session, std::string_view name) {
  std::int64_t value = -1;
  session.query("SELECT value FROM counters WHERE name = ?", {name}, [&](const Row& row) { value = row.integer(0); });
  return value;
}

std::int64_t counter(Store& store, std::string_view name) {
  return store.read([&](Session& session) -> Result<std::int64_t> { return counter(session, name); }).value();
}

void count_up(Session& session, std::string_view name) { session.run("UPDATE counters SET value = value + 1 WHERE name = ?", {name}); }

Result<void> count_up(Store& store, std::string_view name) {
  return store.write([&](Session& session) -> Result<void> {
    count_up(session, name);
    return {};
  });
}

model::Run a_run(Session& session) {
  model::Run run;
  run.workspace_key = workspaces::find(session, "default")->key;
  run.uuid = random_hex(16);
  run.run_id = "birds_" + run.uuid;
  run.created_at = 1;
  run.spec.experiment = "birds";
  run.spec.script = "train.py";
  run.spec.tags = {{"k", "v"}};
  return run;
}

// --- What is kept ---

TEST_P(StoreContract, WritesThatNobodyWaitsForAreDoneAndAnsweredInTheirOrder) {
  ASSERT_TRUE(add_counters(*store_, {"before"}));
  test::Watched<std::vector<std::string>> answers;
  for (int i = 0; i < 300; ++i) {
    const auto work = [i](Session& session) -> Result<int> {
      session.run("INSERT INTO counters VALUES (?, 0)", {std::to_string(i)});
      if (i == 7) return fail(Code::conflict, "not this one");
      return i;
    };
    store_->write_later(work, [&](const Result<int>& done) {
      answers.change([&](auto& all) { all.push_back(done ? std::to_string(*done) : done.error().detail); });
    });
  }
  ASSERT_TRUE(answers.wait([](const auto& all) { return all.size() == 300; }));
  const auto all = answers.get();
  for (int i = 0; i < 300; ++i) EXPECT_EQ(all.at(static_cast<std::size_t>(i)), i == 7 ? "not this one" : std::to_string(i));
  const auto kept = store_->read([](Session& session) -> Result<std::int64_t> {
    std::int64_t count = 0;
    session.query("SELECT count(*) FROM counters WHERE name <> '7'", {}, [&](const Row& row) { count = row.integer(0); });
    session.query("SELECT count(*) FROM counters WHERE name = '7'", {}, [&](const Row& row) { count -= row.integer(0); });
    return count;
  });
  EXPECT_EQ(kept.value(), 300);
  store_.reset();  // whoever answers is done with what it told
}

TEST_P(StoreContract, ANewStoreHasTheDefaultWorkspaceAndKeepsIt) {
  const auto id_of_default = [&] {
    return store_->read([](Session& session) -> Result<std::string> { return workspaces::find(session, "default")->id; }).value();
  };
  const std::string id = id_of_default();
  EXPECT_EQ(id.size(), 32u);
  reopen();
  EXPECT_EQ(id_of_default(), id);
  EXPECT_TRUE(store_
                  ->read([](Session& session) -> Result<bool> {
                    return compute_targets::find(session, workspaces::find(session, "default")->key, "local").has_value();
                  })
                  .value());
}

TEST_P(StoreContract, AClosedStoreHasAllThatWasAnsweredAndMayBeOpenedAtOnce) {
  ASSERT_TRUE(add_counters(*store_, {"a"}));
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(count_up(*store_, "a"));
    reopen();
    ASSERT_EQ(counter(*store_, "a"), i);
  }
}

TEST_P(StoreContract, WhatWasAnsweredOutlivesAKill) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  store_.reset();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto store = GetParam().open(folder_.path()).value();
    (void)add_counters(*store, {"0", "1", "2", "3"});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint32_t i = 1;; ++i) {
          const std::uint32_t answered = static_cast<std::uint32_t>(t) << 24 | i;
          if (count_up(*store, std::to_string(t))) (void)!::write(pipe[1], &answered, sizeof answered);
        }
      });
    }
    threads.front().join();
  }
  ::close(pipe[1]);
  std::uint32_t last[4] = {};
  std::uint32_t answered = 0;
  for (int i = 0; ::read(pipe[0], &answered, sizeof answered) > 0; ++i) {
    last[answered >> 24] = answered & 0xffffff;
    if (i == 200) ::kill(child, SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ::close(pipe[0]);
  open();
  for (int t = 0; t < 4; ++t) EXPECT_GE(counter(*store_, std::to_string(t)), last[t]) << t;
}

// --- Transactions ---

TEST_P(StoreContract, AnErrorTakesBackItsOwnPartOnlyAndIsPassedOn) {
  ASSERT_TRUE(add_counters(*store_, {"kept", "lost"}));
  ASSERT_TRUE(count_up(*store_, "kept"));
  const auto refused = store_->write([](Session& session) -> Result<int> {
    count_up(session, "lost");
    return fail_hint(Code::conflict, "think again", "on second thoughts");
  });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_EQ(refused.error().detail, "on second thoughts");
  EXPECT_EQ(refused.error().hint, "think again");
  EXPECT_EQ(counter(*store_, "kept"), 1);
  EXPECT_EQ(counter(*store_, "lost"), 0);
}

TEST_P(StoreContract, NothingThatWorkThrowsStopsTheWriterOrAReader) {
  ASSERT_TRUE(add_counters(*store_, {"a", "lost"}));
  const auto thrown = store_->write([](Session& session) -> Result<void> {
    count_up(session, "lost");
    throw std::logic_error("a bug");
  });
  EXPECT_EQ(thrown.error().code, Code::internal);
  EXPECT_THAT(thrown.error().detail, HasSubstr("a bug"));
  EXPECT_EQ(store_->write([](Session&) -> Result<void> { throw 42; }).error().code, Code::internal);
  const auto wrong = [](Session& session) -> Result<void> {
    session.run("INSERT INTO nowhere VALUES (1)", {});
    return {};
  };
  EXPECT_THAT(store_->write(wrong).error().detail, HasSubstr("nowhere"));
  EXPECT_FALSE(store_->read(wrong));
  EXPECT_TRUE(count_up(*store_, "a"));
  EXPECT_EQ(counter(*store_, "a"), 1);
  EXPECT_EQ(counter(*store_, "lost"), 0);
}

TEST_P(StoreContract, AWriteInsideAWriteIsRefused) {
  ASSERT_TRUE(add_counters(*store_, {"a"}));
  const auto outer = store_->write([&](Session&) -> Result<void> { return count_up(*store_, "a"); });
  ASSERT_FALSE(outer);
  EXPECT_THAT(outer.error().detail, HasSubstr("inside a write"));
  EXPECT_EQ(counter(*store_, "a"), 0);
}

TEST_P(StoreContract, AReaderCannotWrite) {
  ASSERT_TRUE(add_counters(*store_, {"a"}));
  EXPECT_FALSE(store_->read([](Session& session) -> Result<void> {
    count_up(session, "a");
    return {};
  }));
  EXPECT_EQ(counter(*store_, "a"), 0);
}

TEST_P(StoreContract, AReadSeesOneMoment) {
  ASSERT_TRUE(add_counters(*store_, {"a"}));
  const auto seen = store_->read([&](Session& session) -> Result<std::int64_t> {
    const std::int64_t before = counter(session, "a");
    MUSTER_TRY(count_up(*store_, "a"));
    return counter(session, "a") - before;
  });
  EXPECT_EQ(seen.value(), 0);
  EXPECT_EQ(counter(*store_, "a"), 1);
}

TEST_P(StoreContract, AReaderSeesWholeTransactionsOnly) {
  ASSERT_TRUE(add_counters(*store_, {"a", "b"}));
  std::atomic<bool> done = false;
  std::atomic<int> torn = 0;
  std::thread reader([&] {
    while (!done) {
      const auto difference =
          store_->read([](Session& session) -> Result<std::int64_t> { return counter(session, "a") - counter(session, "b"); });
      if (!difference || *difference != 0) ++torn;
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto written = store_->write([&](Session& session) -> Result<void> {
      count_up(session, "a");
      if (i % 3 == 0) return fail(Code::conflict, "half of it");
      count_up(session, "b");
      return {};
    });
    EXPECT_EQ(written.has_value(), i % 3 != 0);
  }
  done = true;
  reader.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(counter(*store_, "a"), 133);
}

TEST_P(StoreContract, WhatWasAnsweredIsSeenByEverythingThatBeginsAfterwards) {
  ASSERT_TRUE(add_counters(*store_, {"first", "second"}));
  std::atomic<int> wrong = 0;
  std::atomic<bool> done = false;
  // Whoever sees the second of two writes sees the first.
  std::thread reader([&] {
    while (!done) {
      const auto pair = store_->read([](Session& session) -> Result<std::pair<std::int64_t, std::int64_t>> {
        const std::int64_t second = counter(session, "second");
        return std::pair(counter(session, "first"), second);
      });
      if (!pair || pair->first < pair->second) ++wrong;
    }
  });
  for (int i = 1; i <= 100; ++i) {
    if (!count_up(*store_, "first") || counter(*store_, "first") != i) ++wrong;
    const auto seen = store_->write([](Session& session) -> Result<std::int64_t> {
      count_up(session, "second");
      return counter(session, "first");
    });
    if (seen.value_or(-1) != i) ++wrong;
  }
  done = true;
  reader.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(StoreContract, ManyWritersFailAndSucceedEachForItself) {
  std::vector<std::string> names;
  for (int t = 0; t < 8; ++t) names.push_back(std::to_string(t));
  ASSERT_TRUE(add_counters(*store_, names));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::int64_t wanted = 0;
      for (int i = 0; i < 50; ++i) {
        const bool succeeds = i % 5 != 0;
        const auto done = store_->write([&](Session& session) -> Result<void> {
          count_up(session, names[static_cast<std::size_t>(t)]);
          if (!succeeds) return fail(Code::conflict, "no");
          return {};
        });
        wanted += succeeds ? 1 : 0;
        if (done.has_value() != succeeds || counter(*store_, names[static_cast<std::size_t>(t)]) != wanted) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  reopen();
  for (const std::string& name : names) EXPECT_EQ(counter(*store_, name), 40);
}

// --- Writes that run again ---

TEST_P(StoreContract, AWriteThatRunsAgainLosesAndDoublesNothing) {
  test::RepeatingStore store(std::move(store_));
  ASSERT_TRUE(add_counters(store, {"a"}));
  int ran = 0;
  const auto value = store.write([&](Session& session) -> Result<std::int64_t> {
    ++ran;
    count_up(session, "a");
    return counter(session, "a");
  });
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(value.value(), 1) << "as if the first run had not been";

  const std::int64_t key =
      store.write([](Session& session) -> Result<std::int64_t> { return runs::insert(session, a_run(session)); }).value();
  std::vector<model::NamedPoint> points(3);
  for (model::NamedPoint& point : points) {
    point.name = "loss";
    point.point.value = std::string("\"") + std::string(100, 'x') + "\"";
  }
  ASSERT_TRUE(store.write([&](Session& session) -> Result<void> {
    metrics::append(session, {key, 1, 0}, points);
    return {};
  }));
  const auto kept = store.read([&](Session& session) -> Result<std::vector<metrics::Curve>> {
    MUSTER_TRY_ASSIGN(auto page, metrics::curves(session, key, {}, "", 10, 0));
    return page.items;
  });
  ASSERT_EQ(kept.value().size(), 1u);
  EXPECT_EQ(kept.value().front().summary.count, 3);
  const auto run = store.read([&](Session& session) -> Result<model::Run> { return *runs::find(session, key); }).value();
  EXPECT_EQ(run.number, 1);
  EXPECT_EQ(run.spec.tags.size(), 1u);
}

// --- Errors ---

TEST_P(StoreContract, WhatIsThereAlreadyIsAConflictAndWhatIsGoneIsNotFound) {
  model::Run run = store_->read([](Session& session) -> Result<model::Run> { return a_run(session); }).value();
  const auto insert = [&] { return store_->write([&](Session& session) -> Result<std::int64_t> { return runs::insert(session, run); }); };
  run.key = insert().value();
  EXPECT_EQ(insert().error().code, Code::conflict);
  run.key += 1000;
  const auto gone = store_->write([&](Session& session) -> Result<std::int64_t> { return runs::update_state(session, run); });
  EXPECT_EQ(gone.error().code, Code::not_found);
}

TEST_P(StoreContract, AFullDiskIsAnErrorThatPasses) {
  if (!GetParam().on_small_disk) return;  // a database server's disk is its own affair
  store_.reset();                         // no other thread while the process is split
  GetParam().on_small_disk([](const fs::path& disk) {
    const auto store = GetParam().open(disk).value();
    ASSERT_TRUE(add_counters(*store, {"before"}));
    const fs::path filler = test::fill_disk(disk);
    const std::string large(1 << 20, 'x');
    const auto add_large = [&] {
      return store->write([&](Session& session) -> Result<void> {
        session.run("INSERT INTO counters VALUES (?, 0)", {large});
        return {};
      });
    };
    const auto refused = add_large();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::disk_full) << refused.error().detail;
    EXPECT_EQ(counter(*store, "before"), 0);
    EXPECT_EQ(counter(*store, large), -1);
    fs::remove(filler);
    EXPECT_TRUE(add_large());
    EXPECT_EQ(counter(*store, large), 0);
  });
}

// --- SQL ---

TEST_P(StoreContract, ValuesComeBackAsTheyWere) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(store_->write([](Session& session) -> Result<void> {
    session.run("CREATE TABLE kept (place INTEGER PRIMARY KEY, number INTEGER, real DOUBLE PRECISION, text TEXT, bytes BLOB)", {});
    return {};
  }));
  const std::vector<std::int64_t> integers{0, -1, INT64_MAX, INT64_MIN};
  const std::vector<double> reals{0.1, infinity, -infinity, 5e-324};
  const std::vector<std::string> texts{"", "a", "ÿ\U0001F426", "it's"};
  const std::vector<std::string> blobs{std::string(), std::string("\0x", 2), "\xff\xfe", std::string(100'000, 'b')};
  ASSERT_TRUE(store_->write([&](Session& session) -> Result<void> {
    for (std::size_t i = 0; i < 4; ++i)
      session.run("INSERT INTO kept VALUES (?, ?, ?, ?, ?)",
                  {static_cast<std::int64_t>(i), integers[i], reals[i], texts[i], Blob{blobs[i]}});
    session.run("INSERT INTO kept VALUES (4, ?, ?, ?, ?)", {nullptr, nullptr, nullptr, nullptr});
    return {};
  }));
  std::size_t rows = 0;
  ASSERT_TRUE(store_->read([&](Session& session) -> Result<void> {
    session.query("SELECT number, real, text, bytes FROM kept ORDER BY place", {}, [&](const Row& row) {
      const std::size_t i = rows++;
      for (int column = 0; column < 4; ++column) EXPECT_EQ(row.is_null(column), i == 4);
      if (i == 4) {
        EXPECT_EQ(row.integer(0), 0);
        EXPECT_EQ(row.text(2), "");
        EXPECT_EQ(row.optional_text(2), std::nullopt);
        return;
      }
      EXPECT_EQ(row.integer(0), integers[i]);
      EXPECT_EQ(row.real(1), reals[i]);
      EXPECT_EQ(row.text(2), texts[i]);
      EXPECT_EQ(row.bytes(3), blobs[i]);
    });
    return {};
  }));
  EXPECT_EQ(rows, 5u);
}

TEST_P(StoreContract, TextsAreInTheOrderOfTheirBytes) {
  ASSERT_TRUE(add_counters(*store_, {"a", "B", "é", "Z", "_", "ab"}));
  std::vector<std::string> ordered;
  ASSERT_TRUE(store_->read([&](Session& session) -> Result<void> {
    session.query("SELECT name FROM counters ORDER BY name", {}, [&](const Row& row) { ordered.push_back(row.text(0)); });
    return {};
  }));
  EXPECT_THAT(ordered, ElementsAre("B", "Z", "_", "a", "ab", "é"));
}

TEST_P(StoreContract, APatternHasStarsAndNothingElse) {
  ASSERT_TRUE(add_counters(*store_, {"abc", "ABC", "a*c", "a?c", "a[b]c", "a%c", "a_c", "a\\c"}));
  const auto like = [&](const std::string& text) {
    std::vector<std::string> found;
    const std::string pattern = dialect::like_pattern(text);
    EXPECT_TRUE(store_->read([&](Session& session) -> Result<void> {
      session.query(fmt::format("SELECT name FROM counters WHERE {} ORDER BY name", dialect::is_like("name")), {pattern},
                    [&](const Row& row) { found.push_back(row.text(0)); });
      return {};
    }));
    return found;
  };
  EXPECT_THAT(like("abc"), ElementsAre("abc"));
  EXPECT_EQ(like("a*c").size(), 7u);
  for (const char* exact : {"a?c", "a[b]c", "a%c", "a_c", "a\\c"}) EXPECT_THAT(like(exact), ElementsAre(exact));
  EXPECT_THAT(like("*B*"), ElementsAre("ABC"));
}

TEST_P(StoreContract, KeysGrowAndAreNeverUsedTwice) {
  const auto add = [&] {
    return store_->write([](Session& session) -> Result<std::int64_t> { return runs::insert(session, a_run(session)); }).value();
  };
  const std::int64_t first = add();
  const std::int64_t second = add();
  EXPECT_GT(second, first);
  ASSERT_TRUE(store_->write([&](Session& session) -> Result<void> {
    session.run("DELETE FROM runs WHERE key = ?", {second});
    return {};
  }));
  reopen();
  EXPECT_GT(add(), second);
}

TEST_P(StoreContract, AQueryMayRunInsideItsOwnKind) {
  ASSERT_TRUE(add_counters(*store_, {"a", "b"}));
  int pairs = 0;
  ASSERT_TRUE(store_->read([&](Session& session) -> Result<void> {
    const char* sql = "SELECT name FROM counters";
    session.query(sql, {}, [&](const Row&) { session.query(sql, {}, [&](const Row&) { ++pairs; }); });
    return {};
  }));
  EXPECT_EQ(pairs, 4);
}

}  // namespace
}  // namespace muster::store
