#include "store/metrics.h"

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "store/metric_summary.h"
#include "store/sources.h"
#include "support/metric_points.h"
#include "support/test_store.h"

namespace muster::store::metrics {
namespace {

using model::MetricPoint;
using model::NamedPoint;
using model::Number;
using test::TestStore;
using testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

const std::vector<std::string> kNames{"loss", "accuracy", "ü"};
using Histories = std::map<std::pair<std::string, int>, std::vector<MetricPoint>>;

/// All points, page by page.
Histories read_all(TestStore& test, std::int64_t run_key, const Selection& selection, int limit) {
  Histories all;
  std::string cursor;
  do {
    const auto page = test.read([&](Session& session) { return metrics::page(session, run_key, selection, cursor, limit); });
    std::size_t count = 0;
    for (Slice slice : page.items) {
      auto& history = all[{slice.name, slice.rank}];
      count += static_cast<std::size_t>(slice.end - slice.begin);
      while (slice.begin < slice.end) {
        const auto some = test.read([&](Session& session) -> Result<std::vector<MetricPoint>> { return points(session, slice); });
        EXPECT_FALSE(some.empty());
        if (some.empty()) break;
        history.insert(history.end(), some.begin(), some.end());
        slice.begin += static_cast<std::int64_t>(some.size());
      }
    }
    EXPECT_LE(count, static_cast<std::size_t>(limit));
    cursor = page.next.value_or("");
  } while (!cursor.empty());
  return all;
}

MetricPoint number(double value, std::optional<std::int64_t> step = std::nullopt, TimeUs time = 0) {
  return {time, step, Number{value, false}};
}

std::vector<NamedPoint> named(const std::string& name, const std::vector<double>& values) {
  std::vector<NamedPoint> points;
  for (const double value : values) points.push_back({name, number(value)});
  return points;
}

/// What the API does with an upload: moves the journal on and stores what is new, in one transaction.
Result<std::int64_t> upload(Store& store, std::int64_t run_key, const std::vector<NamedPoint>& journal, std::size_t from, std::size_t count,
                            bool fail_at_the_end) {
  return store.write([&](Session& session) -> Result<std::int64_t> {
    const std::string source = sources::of_journal(1, 0, "7-abc");
    MUSTER_TRY_ASSIGN(const std::int64_t known,
                      sources::advance(session, run_key, source, static_cast<std::int64_t>(from), static_cast<std::int64_t>(count)));
    append(session, {run_key, 1, 0}, std::span(journal).subspan(from, count).subspan(static_cast<std::size_t>(known)));
    if (fail_at_the_end) return fail(Code::internal, "the power went");
    return sources::next_sequence(session, run_key, source);
  });
}

std::vector<Summary> summaries(TestStore& test, std::int64_t run_key) {
  std::vector<Summary> all;
  const auto page = test.read([&](Session& session) { return curves(session, run_key, {}, "", 1'000, 0); });
  for (const Curve& curve : page.items) all.push_back(curve.summary);
  return all;
}

TEST(Metrics, EveryPointIsThereOnceAndInOrderHoweverUploadsRepeat) {
  TestStore test;
  EXPECT_TRUE(rc::check([&] {
    const std::int64_t run_key = test.add_run();
    std::vector<NamedPoint> journal;
    Histories wanted;
    std::mt19937 random(*rc::gen::arbitrary<unsigned>());
    const auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit)(random); };
    for (const MetricPoint& point : *rc::gen::resize(400, rc::gen::container<std::vector<MetricPoint>>(test::any_point()))) {
      const std::string name = kNames[below(2)];
      journal.push_back({name, point});
      wanted[{name, 0}].push_back(point);
    }
    std::size_t next = 0;
    while (next < journal.size()) {
      // A sender that lost an answer sends from before; one upload in four is lost in the server.
      const std::size_t from = below(next);
      const std::size_t count = below(journal.size() - from);
      const bool lost = below(3) == 0;
      const auto answer = upload(test.store(), run_key, journal, from, count, lost);
      RC_ASSERT(answer.has_value() != lost);
      if (!lost) next = std::max(next, from + count);
      if (answer) RC_ASSERT(static_cast<std::size_t>(*answer) == next);
    }
    const Histories found = read_all(test, run_key, {}, static_cast<int>(1 + below(500)));
    RC_ASSERT(found.size() == wanted.size());
    for (const auto& [name, points] : wanted) RC_ASSERT(test::same_points(found.at(name), points));
    for (const Summary& summary : summaries(test, run_key)) {
      RC_ASSERT(summary.count == static_cast<std::int64_t>(wanted.at({summary.name, 0}).size()));
    }
  }));
}

TEST(Metrics, AGapInAJournalIsRefusedAndSaysWhereToGoOn) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  const auto points = named("a", {1, 2, 3, 4});
  ASSERT_TRUE(upload(test.store(), run_key, points, 0, 2, false));
  const auto gap = upload(test.store(), run_key, points, 3, 1, false);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, Code::conflict);
  EXPECT_THAT(gap.error().hint, testing::HasSubstr("2"));
}

std::int64_t count_chunks(TestStore& test) {
  return test.read([](Session& session) {
    std::int64_t count = 0;
    session.query("SELECT count(*) FROM metric_chunks", {}, [&](const Row& row) { count = row.integer(0); });
    return count;
  });
}

TEST(Metrics, SmallBatchesAreGathered) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  std::vector<double> values;
  for (int i = 0; i < 9000; ++i) {
    values.push_back(i);
    if (values.size() % 5 != 0) continue;
    test.write([&](Session& session) { append(session, {run_key, 1, 0}, named("a", {values.end() - 5, values.end()})); });
  }
  EXPECT_LE(count_chunks(test), 2 + 65);
  EXPECT_TRUE(test::same_points(read_all(test, run_key, {}, 100'000).at({"a", 0}), [&] {
    std::vector<MetricPoint> points;
    for (const double value : values) points.push_back(number(value));
    return points;
  }()));
}

TEST(Metrics, LongTextsMakeChunksOfFewerPoints) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  const std::vector<MetricPoint> points(200, MetricPoint{1, 1, "\"" + std::string(40'000, 'x') + "\""});
  test.write([&](Session& session) {
    std::vector<NamedPoint> all;
    for (const MetricPoint& point : points) all.push_back({"table", point});
    append(session, {run_key, 1, 0}, all);
  });
  EXPECT_GE(count_chunks(test), 7);
  EXPECT_TRUE(test::same_points(read_all(test, run_key, {}, 100'000).at({"table", 0}), points));
}

TEST(Metrics, APageIsLimitedByTheSizeOfItsTextsToo) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  for (int i = 0; i < 5; ++i) {
    test.write([&](Session& session) {
      append(session, {run_key, 1, 0}, std::vector<NamedPoint>(10, NamedPoint{"table", {1, 1, std::string(1 << 20, 'x')}}));
    });
  }
  const auto page = test.read([&](Session& session) { return metrics::page(session, run_key, {}, "", 100'000); });
  EXPECT_TRUE(page.next);
  EXPECT_EQ(page.items.at(0).end - page.items.at(0).begin, 32);
}

TEST(Metrics, RanksAttemptsAndNamesAreApart) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  const std::int64_t other_run = test.add_run();
  test.write([&](Session& session) {
    append(session, {run_key, 1, 0}, named("a", {1}));
    append(session, {run_key, 1, 3}, named("a", {2}));
    append(session, {run_key, 2, 0}, named("a", {3}));
    append(session, {run_key, 1, 0}, named("b", {4}));
    append(session, {other_run, 1, 0}, named("a", {5}));
  });
  EXPECT_EQ(read_all(test, run_key, {}, 10).size(), 3u);
  EXPECT_EQ(read_all(test, run_key, {"a", std::nullopt, 1}, 10).size(), 2u);
  const auto one = read_all(test, run_key, {"a", 0, 2}, 10);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(std::get<Number>(one.begin()->second.at(0).value).value, 3);
  EXPECT_TRUE(read_all(test, run_key, {"none", std::nullopt, 1}, 10).empty());
}

TEST(Metrics, RefusesACursorThatIsNotItsOwn) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  for (const char* cursor : {"x", "1", "1:x", "-1:0", "1:2:3"}) {
    EXPECT_EQ(test.store().read([&](Session& session) { return metrics::page(session, run_key, {}, cursor, 10); }).error().code,
              Code::malformed)
        << cursor;
  }
}

TEST(Metrics, SummariesSayLatestLeastAndGreatest) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  const auto add = [&](const std::string& name, const std::vector<MetricPoint>& points) {
    for (const MetricPoint& point : points)
      test.write([&](Session& session) { append(session, {run_key, 1, 0}, std::vector<NamedPoint>{{name, point}}); });
  };
  add("a late step wins", {number(5, 10, 1), number(6, 2, 9)});
  add("b then the time", {number(5, 1, 9), number(6, 1, 1)});
  add("c then the value", {number(kNan, 1, 1), number(7, 1, 1), number(6, 1, 1)});
  add("d no step is step 0", {number(1, std::nullopt, 1), number(2, -1, 9)});
  add("e nan", {number(kNan, 1), number(kNan, 2)});
  add("f infinite", {number(-kInfinity, 1), number(kInfinity, 2)});
  add("g text", {MetricPoint{1, 1, std::string("\"x\"")}, MetricPoint{2, 2, std::string("\"y\"")}});
  add("h integer", {MetricPoint{1, 1, Number{3, true}}});
  const std::vector<Summary> all = summaries(test, run_key);
  ASSERT_EQ(all.size(), 8u);
  const auto last = [&](int i) { return std::get<Number>(all[static_cast<std::size_t>(i)].last.value); };
  EXPECT_EQ(last(0).value, 5);
  EXPECT_EQ(all[0].min, 5);
  EXPECT_EQ(all[0].max, 6);
  EXPECT_EQ(all[0].last.step, 10);
  EXPECT_EQ(last(1).value, 5);
  EXPECT_EQ(all[1].last.time, 9);
  EXPECT_EQ(last(2).value, 7);
  EXPECT_EQ(all[2].min, 6);
  EXPECT_EQ(last(3).value, 1);
  EXPECT_FALSE(all[3].last.step);
  EXPECT_TRUE(std::isnan(last(4).value));
  EXPECT_FALSE(all[4].min);
  EXPECT_EQ(last(5).value, kInfinity);
  EXPECT_EQ(all[5].min, -kInfinity);
  EXPECT_EQ(std::get<std::string>(all[6].last.value), "\"y\"");
  EXPECT_EQ(all[6].count, 2);
  EXPECT_TRUE(last(7).integer);
  EXPECT_FALSE(last(0).integer);
}

/// A walk of 100,000 steps in batches, with a NaN and a text.
std::vector<MetricPoint> long_walk() {
  std::vector<MetricPoint> points;
  double value = 0;
  for (int i = 0; i < 100'000; ++i) points.push_back(number(value += (i * 7919 % 13) - 6, i, i));
  points[70'000].value = Number{kNan};
  points[80'000].value = std::string("\"text\"");
  return points;
}

TEST(Metrics, ALongSeriesIsDrawnByFewPoints) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  const std::vector<MetricPoint> points = long_walk();
  for (std::size_t at = 0; at < points.size(); at += 1'000) {
    test.write([&](Session& session) {
      std::vector<NamedPoint> batch;
      for (std::size_t i = at; i < at + 1'000; ++i) batch.push_back({"walk", points[i]});
      append(session, {run_key, 1, 0}, batch);
    });
  }
  const auto curve = [&](int wanted) {
    return test.read([&](Session& session) { return curves(session, run_key, {}, "", 10, wanted); }).items.at(0);
  };
  for (const int wanted : {5, 20, 500, 5'000}) {  // by sketches alone, by sketches and open chunks, by all points
    const Curve drawn = curve(wanted);
    EXPECT_EQ(drawn.summary.count, 100'000);
    EXPECT_LE(drawn.points.size(), static_cast<std::size_t>(wanted));
    EXPECT_GE(drawn.points.size(), static_cast<std::size_t>(wanted) / 2);
    EXPECT_EQ(drawn.points.front().index, 0);
    EXPECT_EQ(drawn.points.back().index, 99'999);
    double least = kInfinity;
    double greatest = -kInfinity;
    bool nan = false;
    for (const CurvePoint& point : drawn.points) {
      const MetricPoint& original = points[static_cast<std::size_t>(point.index)];
      EXPECT_TRUE(test::same_value(original.value, point.value));
      EXPECT_EQ(original.step, point.step);
      nan = nan || std::isnan(point.value.value);
      least = std::fmin(least, point.value.value);
      greatest = std::fmax(greatest, point.value.value);
    }
    EXPECT_TRUE(nan);
    EXPECT_EQ(least, drawn.summary.min);
    EXPECT_EQ(greatest, drawn.summary.max);
  }
  EXPECT_TRUE(curve(0).points.empty());
  // A home whose chunks are older than sketches.
  test.write([](Session& session) { session.run("DELETE FROM metric_sketches WHERE first_index BETWEEN 20000 AND 60000", {}); });
  const Curve older = curve(20);
  EXPECT_EQ(older.points.back().index, 99'999);
  EXPECT_TRUE(std::any_of(older.points.begin(), older.points.end(),
                          [&](const CurvePoint& point) { return point.value.value == older.summary.max; }));
}

TEST(Metrics, CurvesComeInPages) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  for (const char* name : {"c", "a", "b"})
    test.write([&](Session& session) { append(session, {run_key, 1, 0}, std::vector<NamedPoint>{{name, number(1)}, {name, number(2)}}); });
  std::string names;
  std::string cursor;
  do {
    const auto page = test.read([&](Session& session) { return curves(session, run_key, {}, cursor, 2, 10); });
    for (const Curve& curve : page.items) names += curve.summary.name + std::to_string(curve.points.size());
    cursor = page.next.value_or("");
  } while (!cursor.empty());
  EXPECT_EQ(names, "c2a2b2");
  for (const char* wrong : {"x", "-1", "1:0"})
    EXPECT_EQ(test.store().read([&](Session& session) { return curves(session, run_key, {}, wrong, 10, 10); }).error().code,
              Code::malformed);
}

TEST(Metrics, NamesBeyondTheLimitCostNoOtherPoints) {
  TestStore test;
  const std::int64_t run_key = test.add_run();
  const auto log = [&](int rank, const std::vector<std::string>& names, const Limits& limits) {
    std::vector<NamedPoint> points;
    for (const std::string& name : names) points.push_back({name, number(1)});
    return test.write([&](Session& session) { return append(session, {run_key, 1, rank}, points, limits); });
  };
  EXPECT_THAT(log(0, {"a", "b"}, {2, 3}), ElementsAre());
  EXPECT_THAT(log(0, {"a", "c", "b", "d"}, {2, 3}), ElementsAre("c", "d"));
  EXPECT_THAT(log(1, {"a", "b"}, {2, 3}), ElementsAre("b")) << "three series in all";
  const auto all = read_all(test, run_key, {std::nullopt, std::nullopt, 1}, 100);
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all.at({"a", 0}).size(), 2u);
  EXPECT_EQ(all.at({"b", 0}).size(), 2u);
  EXPECT_EQ(all.at({"a", 1}).size(), 1u);
}

}  // namespace
}  // namespace muster::store::metrics
