// Parameters, numbers, deleted runs and their end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/artifacts.h"
#include "store/metrics.h"
#include "store/run_list.h"
#include "store/run_parameters.h"
#include "store/runs.h"
#include "store/sources.h"
#include "support/test_store.h"

namespace muster::store::runs {
namespace {

using model::RunStatus;
using test::TestStore;
using testing::ElementsAre;
using testing::HasSubstr;

struct RunLifecycle : testing::Test {
  TestStore test;

  model::Run get(std::int64_t key) {
    return test.read([&](Session& session) { return find(session, key).value(); });
  }
  model::Run add(RunStatus status = RunStatus::completed, const std::optional<std::string>& parent = std::nullopt) {
    model::Run run = test.new_run();
    run.status = status;
    run.spec.parent_run_id = parent;
    run.key = test.add(run);
    return run;
  }
  Result<void> deleted(const model::Run& run, TimeUs now) {
    return test.store().write([&](Session& session) { return mark_deleted(session, run.key, now); });
  }
  std::vector<std::int64_t> listed(Filter::Lifecycle lifecycle) {
    Filter filter;
    filter.lifecycle = lifecycle;
    std::vector<std::int64_t> keys;
    const auto page = test.read([&](Session& session) { return list(session, test.workspace_key(), filter, {}, {}); });
    for (const Listed& one : page.items) keys.push_back(one.run.key);
    return keys;
  }
  std::int64_t rows(const char* table) {
    std::int64_t count = 0;
    test.read([&](Session& session) {
      session.query(fmt::format("SELECT count(*) FROM {}", table), {}, [&](const Row& row) { count = row.integer(0); });
    });
    return count;
  }
};

TEST_F(RunLifecycle, RunsOfAnExperimentAreCountedUpAndNoNumberIsGivenTwice) {
  const model::Run first = add();
  const model::Run second = add();
  EXPECT_EQ(get(first.key).number, 1);
  EXPECT_EQ(get(second.key).number, 2);
  ASSERT_TRUE(deleted(second, 5));
  ASSERT_TRUE(test.write([&](Session& session) { return next_to_purge(session, 6); }));
  ASSERT_TRUE(test.write([&](Session& session) { return purge(session, second.key, 1000); }));
  EXPECT_EQ(get(add().key).number, 3);
  EXPECT_EQ(get(test.add_run("bees")).number, 1);
}

TEST_F(RunLifecycle, AParameterIsSetOnce) {
  const std::int64_t key = add().key;
  const auto set = [&](const std::map<std::string, std::string>& parameters) {
    return test.store().write([&](Session& session) { return set_parameters(session, key, parameters); });
  };
  const std::int64_t before = get(key).revision;
  ASSERT_TRUE(set({{"lr", "0.1"}, {"name", "x"}}));
  EXPECT_EQ(get(key).revision, before + 1);
  ASSERT_TRUE(set({{"lr", "0.1"}, {"more", "1e3"}}));
  ASSERT_TRUE(set({{"lr", "0.1"}}));
  EXPECT_EQ(get(key).revision, before + 2) << "nothing changed";
  const auto other = set({{"fresh", "1"}, {"lr", "0.2"}});
  EXPECT_EQ(other.error().code, Code::conflict);
  EXPECT_THAT(other.error().detail, HasSubstr("`lr` is `0.1` already and cannot become `0.2`"));
  EXPECT_THAT(get(key).spec.parameters, ElementsAre(std::pair("lr", "0.1"), std::pair("more", "1e3"), std::pair("name", "x")));
  std::map<std::string, std::string> many;
  for (int i = 0; i < 998; ++i) many[std::to_string(i)] = "v";
  EXPECT_EQ(set(many).error().code, Code::invalid);
  EXPECT_EQ(get(key).spec.parameters.size(), 3u);
}

TEST_F(RunLifecycle, TheNumberThatAParameterIsStandsBesideIt) {
  const std::int64_t key = add().key;
  test.write([&](Session& session) {
    return run_parameters::set(
        session, key, {{"a", "10"}, {"b", "-2.5e-3"}, {"c", "10 "}, {"d", "inf"}, {"e", "nan"}, {"f", "0x10"}, {"g", ""}, {"h", "1e999"}});
  });
  std::vector<std::string> found;
  test.read([&](Session& session) {
    session.query("SELECT name, number FROM run_parameters WHERE workspace_key = ? AND number IS NOT NULL ORDER BY number",
                  {test.workspace_key()}, [&](const Row& row) { found.push_back(fmt::format("{} {}", row.text(0), row.real(1))); });
  });
  EXPECT_THAT(found, ElementsAre("b -0.0025", "a 10"));
}

TEST_F(RunLifecycle, ADeletedRunIsReadAndListedOnlyWhenItIsAskedFor) {
  const model::Run run = add();
  const model::Run other = add();
  ASSERT_TRUE(deleted(run, 5));
  EXPECT_EQ(get(run.key).deleted_at, 5);
  EXPECT_THAT(listed(Filter::Lifecycle::active), ElementsAre(other.key));
  EXPECT_THAT(listed(Filter::Lifecycle::deleted), ElementsAre(run.key));
  EXPECT_THAT(listed(Filter::Lifecycle::all), ElementsAre(other.key, run.key));
  ASSERT_TRUE(deleted(run, 9));
  EXPECT_EQ(get(run.key).deleted_at, 5) << "repeated it changes nothing";
  test.write([&](Session& session) { restore(session, run.key); });
  EXPECT_EQ(get(run.key).deleted_at, 0);
}

TEST_F(RunLifecycle, TheRunsBelowGoAndComeBackWithIt) {
  const model::Run parent = add();
  const model::Run child = add(RunStatus::completed, parent.run_id);
  const model::Run grandchild = add(RunStatus::failed, child.run_id);
  const model::Run earlier = add(RunStatus::completed, parent.run_id);
  ASSERT_TRUE(deleted(earlier, 3));
  ASSERT_TRUE(deleted(parent, 5));
  EXPECT_THAT(listed(Filter::Lifecycle::deleted), ElementsAre(earlier.key, grandchild.key, child.key, parent.key));
  test.write([&](Session& session) { restore(session, parent.key); });
  EXPECT_THAT(listed(Filter::Lifecycle::active), ElementsAre(grandchild.key, child.key, parent.key));
  EXPECT_EQ(get(earlier.key).deleted_at, 3) << "that was deleted before";
}

TEST_F(RunLifecycle, WhatHasNotEndedIsNotDeletedNorWhatIsAbove) {
  const model::Run parent = add();
  const model::Run child = add(RunStatus::running, parent.run_id);
  for (const model::Run& run : {parent, child}) {
    const auto refused = deleted(run, 5);
    EXPECT_EQ(refused.error().code, Code::conflict);
    EXPECT_THAT(refused.error().hint, HasSubstr("muster run cancel " + child.run_id));
  }
  EXPECT_EQ(get(parent.key).deleted_at, 0);
}

TEST_F(RunLifecycle, APurgeTakesAllOfTheRunInSlices) {
  const model::Run run = add();
  const model::Run kept = add();
  for (const std::int64_t key : {run.key, kept.key}) {
    test.write([&](Session& session) {
      for (int i = 0; i < 20; ++i) {
        metrics::append(session, {key, 1, i}, std::vector<model::NamedPoint>{{"loss", {}}});
        ASSERT_TRUE(sources::advance(session, key, sources::of_journal(1, i, "1-a"), 0, 1));
        model::Artifact artifact;
        artifact.path = fmt::format("outputs/{}", i);
        artifact.sha256 = std::string(64, 'a');
        ASSERT_TRUE(artifacts::put(session, key, artifact));
      }
      session.run("INSERT INTO metric_sketches SELECT key, 0, 1, x'' FROM metric_series WHERE run_key = ?", {key});
      set_tags(session, key, {{"k", "v"}});
      ASSERT_TRUE(set_properties(session, key, {{"p", "v"}}));
      ASSERT_TRUE(set_parameters(session, key, {{"lr", "1"}}));
    });
  }
  const auto next = [&](TimeUs older_than) {
    return test.write([&](Session& session) -> Result<std::int64_t> {
      const auto found = next_to_purge(session, older_than);
      return found ? found->key : 0;
    });
  };
  EXPECT_EQ(next(1000), 0) << "none is deleted";
  ASSERT_TRUE(deleted(run, 5));
  EXPECT_EQ(next(5), 0) << "not long enough ago";
  EXPECT_EQ(next(6), run.key);
  EXPECT_EQ(next(6), run.key) << "again, until it is gone";
  test.read([&](Session& session) {
    EXPECT_FALSE(find_brief_by_name(session, run.run_id)) << "from now on it is nobody's";
    EXPECT_FALSE(find_brief_by_name(session, test.workspace_key(), run.uuid));
    const auto again = insert(session, run);
    ASSERT_FALSE(again) << "its name is not free before it has gone";
    EXPECT_EQ(again.error().code, Code::conflict);
  });
  EXPECT_THAT(listed(Filter::Lifecycle::all), ElementsAre(kept.key));
  int slices = 1;
  while (!test.write([&](Session& session) { return purge(session, run.key, 15); })) ++slices;
  EXPECT_EQ(slices, 100 / 15 + 1);
  for (const char* table : {"metric_sketches", "metric_chunks", "metric_series", "artifacts", "sources"})
    EXPECT_EQ(rows(table), 20) << table;
  for (const char* table : {"runs", "run_tags", "run_properties", "run_parameters", "run_attempts"}) EXPECT_EQ(rows(table), 1) << table;
  EXPECT_EQ(next(1000), 0);
}

}  // namespace
}  // namespace muster::store::runs
