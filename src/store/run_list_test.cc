#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "store/runs.h"
#include "support/test_store.h"

namespace muster::store::runs {
namespace {

using model::RunKind;
using model::RunStatus;
using test::TestStore;
using testing::AnyOf;
using testing::Not;
using testing::StartsWith;

std::vector<std::int64_t> keys_of(TestStore& test, const Filter& filter, int limit) {
  std::vector<std::int64_t> keys;
  PageRequest request{"", limit};
  do {
    const auto page = test.read([&](Session& session) { return list(session, test.workspace_key(), filter, request); });
    EXPECT_LE(page.items.size(), static_cast<std::size_t>(limit));
    for (const model::Run& run : page.items) keys.push_back(run.key);
    request.cursor = page.next.value_or("");
  } while (!request.cursor.empty());
  return keys;
}

bool matches(const model::Run& run, const Filter& filter) {
  const auto tag = filter.tag ? run.spec.tags.find(*filter.tag) : run.spec.tags.end();
  const auto parameter = filter.parameter ? run.spec.parameters.find(*filter.parameter) : run.spec.parameters.end();
  return (!filter.experiment || run.spec.experiment == *filter.experiment) && (!filter.status || run.status == *filter.status) &&
         (!filter.kind || run.spec.kind == *filter.kind) && (!filter.tag || tag != run.spec.tags.end()) &&
         (!filter.tag || !filter.tag_value || tag->second == *filter.tag_value) &&
         (!filter.display_name || run.spec.display_name == *filter.display_name) &&
         (!filter.parent_run_id || run.spec.parent_run_id == filter.parent_run_id) &&
         (!filter.parameter || parameter != run.spec.parameters.end()) &&
         (!filter.parameter || !filter.parameter_value || parameter->second == *filter.parameter_value) &&
         (filter.lifecycle == Filter::Lifecycle::all || (filter.lifecycle == Filter::Lifecycle::deleted) == (run.deleted_at != 0));
}

const std::vector<std::string> kWords{"a", "b"};
std::optional<std::string> maybe_word() { return *rc::gen::element<std::optional<std::string>>(std::nullopt, "a", "b"); }

TEST(RunList, EveryFilterGivesExactlyTheRunsThatMatchNewestFirst) {
  TestStore test;
  std::vector<model::Run> all;
  for (int i = 0; i < 60; ++i) {
    model::Run run = test.new_run(kWords[i % 2]);
    run.status = i % 3 == 0 ? RunStatus::completed : RunStatus::queued;
    run.spec.display_name = kWords[i / 2 % 2];
    if (i % 4 == 3) run.spec.kind = RunKind::interactive;
    if (i % 5 != 0) run.spec.tags["a"] = kWords[i / 4 % 2];
    if (i % 7 == 0) run.spec.parent_run_id = kWords[i / 7 % 2];
    if (i % 3 != 0) run.spec.parameters["a"] = kWords[i / 3 % 2];
    run.key = test.add(run);
    if (i % 6 == 0 && !run.spec.parent_run_id) {
      test.write([&](Session& session) { return mark_deleted(session, run.key, 5); });
      run.deleted_at = 5;
    }
    all.push_back(run);
  }
  EXPECT_TRUE(rc::check([&] {
    Filter filter;
    filter.experiment = *rc::gen::element<std::optional<std::string>>(std::nullopt, "a", "b", "unknown");
    if (*rc::gen::arbitrary<bool>()) filter.status = RunStatus::completed;
    filter.kind = *rc::gen::element<std::optional<RunKind>>(std::nullopt, RunKind::job, RunKind::interactive);
    filter.tag = maybe_word();
    if (filter.tag) filter.tag_value = maybe_word();
    filter.display_name = maybe_word();
    filter.parent_run_id = maybe_word();
    filter.parameter = maybe_word();
    if (filter.parameter) filter.parameter_value = maybe_word();
    filter.lifecycle = *rc::gen::element(Filter::Lifecycle::active, Filter::Lifecycle::deleted, Filter::Lifecycle::all);
    std::vector<std::int64_t> wanted;
    for (const model::Run& run : all) {
      if (matches(run, filter)) wanted.push_back(run.key);
    }
    std::reverse(wanted.begin(), wanted.end());
    RC_ASSERT(keys_of(test, filter, *rc::gen::inRange(1, 20)) == wanted);
  }));
}

TEST(RunList, RefusesACursorThatIsNotItsOwn) {
  TestStore test;
  for (const char* cursor : {"x", "1;drop", "-3", "99999999999999999999"}) {
    const auto page = test.store().read([&](Session& session) { return list(session, test.workspace_key(), {}, {cursor, 10}); });
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().code, Code::malformed);
  }
}

/// Passes statements on and keeps SQLite's plan of each.
class Explaining final : public Session {
 public:
  explicit Explaining(Session& session) : session_(session) {}
  using Session::query;
  using Session::run;
  void query(std::string_view sql, Values values, const EachRow& each) override {
    session_.query("EXPLAIN QUERY PLAN " + std::string(sql), values, [&](const Row& row) { plans.insert(row.text(3)); });
    session_.query(sql, values, each);
  }
  std::int64_t run(std::string_view sql, Values values) override { return session_.run(sql, values); }
  std::int64_t last_key() override { return session_.last_key(); }
  std::uint64_t shrink(std::uint64_t bytes) override { return session_.shrink(bytes); }
  std::set<std::string> plans;

 private:
  Session& session_;
};

TEST(RunList, NoFilterReadsOrSortsATable) {
  TestStore test;
  model::Run run = test.new_run("a");
  run.spec.tags["t"] = "v";
  test.add(run);
  for (int bits = 0; bits < 1024; ++bits) {
    Filter filter;
    if ((bits & 1) != 0) filter.experiment = "a";
    if ((bits & 2) != 0) filter.status = RunStatus::not_started;
    if ((bits & 4) != 0) filter.tag = "t";
    if ((bits & 8) != 0) filter.tag_value = "v";
    if ((bits & 16) != 0) filter.display_name = "d";
    if ((bits & 32) != 0) filter.parent_run_id = "p";
    if ((bits & 64) != 0) filter.kind = RunKind::job;
    if ((bits & 128) != 0) filter.parameter = "lr";
    if ((bits & 256) != 0) filter.parameter_value = "0.1";
    if ((bits & 512) != 0) filter.lifecycle = Filter::Lifecycle::all;
    test.read([&](Session& session) {
      Explaining explaining(session);
      ASSERT_TRUE(list(explaining, test.workspace_key(), filter, {}));
      for (const std::string& plan : explaining.plans) {
        // "SCAN r USING INDEX …" would be a walk through all of it.
        EXPECT_THAT(plan, Not(AnyOf(StartsWith("SCAN"), StartsWith("USE TEMP B-TREE")))) << "filter " << bits;
      }
    });
  }
  test.read([&](Session& session) {
    Explaining explaining(session);
    (void)active_jobs(explaining);
    EXPECT_TRUE(explaining.plans.contains("SCAN r USING INDEX runs_active"));
  });
}

}  // namespace
}  // namespace muster::store::runs
