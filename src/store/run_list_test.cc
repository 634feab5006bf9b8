#include "store/run_list.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "store/metrics.h"
#include "store/runs.h"
#include "support/test_store.h"

namespace muster::store::runs {
namespace {

using model::RunKind;
using model::RunStatus;
using test::TestStore;
using testing::AnyOf;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

constexpr Effort kWalk{-1, 20'000};  // nothing is few

struct Known {
  model::Run run;
  std::map<std::string, double> metrics;
};

void log_metric(TestStore& test, std::int64_t key, const std::string& name, model::MetricValue value, int attempt = 1, int rank = 0) {
  static TimeUs now = 1;
  model::NamedPoint point;
  point.name = name;
  point.point.time = ++now;
  point.point.value = std::move(value);
  const std::vector<model::NamedPoint> points{point};
  test.write([&](Session& session) { EXPECT_TRUE(metrics::append(session, {key, attempt, rank}, points).empty()); });
}

Page<Listed> page_of(TestStore& test, const Filter& filter, const Order& order, const PageRequest& request, const Effort& effort = {}) {
  return test.read([&](Session& session) { return list(session, test.workspace_key(), filter, order, request, effort); });
}

/// All pages, each with the next of the efforts: an order is the same however it is found.
std::vector<std::int64_t> keys_of(TestStore& test, const Filter& filter, const Order& order, int limit,
                                  const std::vector<Effort>& efforts) {
  std::vector<std::int64_t> keys;
  PageRequest request{"", limit};
  std::size_t pages = 0;
  do {
    const auto page = page_of(test, filter, order, request, efforts[pages++ % efforts.size()]);
    EXPECT_LE(page.items.size(), static_cast<std::size_t>(limit));
    for (const Listed& one : page.items) keys.push_back(one.run.key);
    request.cursor = page.next.value_or("");
  } while (!request.cursor.empty());
  return keys;
}

template <typename T>
bool compares(const T& value, Comparison comparison, const T& wanted) {
  switch (comparison) {
    case Comparison::any: return true;
    case Comparison::equal: return value == wanted;
    case Comparison::not_equal: return value != wanted;
    case Comparison::less: return value < wanted;
    case Comparison::at_most: return value <= wanted;
    case Comparison::greater: return value > wanted;
    case Comparison::at_least: return value >= wanted;
  }
  return false;
}

std::optional<double> number_of_text(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos) return std::nullopt;
  return std::stod(text);
}

bool fulfils(const model::Run& run, const ParameterFilter& wanted) {
  const auto at = run.spec.parameters.find(wanted.name);
  if (at == run.spec.parameters.end()) return false;
  if (wanted.comparison == Comparison::any) return true;
  if (wanted.comparison == Comparison::equal || wanted.comparison == Comparison::not_equal)
    return compares(at->second, wanted.comparison, wanted.text);
  const auto number = number_of_text(at->second);
  return number && compares(*number, wanted.comparison, wanted.number);
}

bool fulfils(const Known& known, const MetricFilter& wanted) {
  const auto at = known.metrics.find(wanted.name);
  if (at == known.metrics.end()) return false;
  if (wanted.comparison == Comparison::any) return true;
  return !std::isnan(at->second) && compares(at->second, wanted.comparison, wanted.number);
}

/// The patterns of this test: "a", "*", "a*", "*b".
bool is_like(const std::string& name, const std::string& pattern) {
  if (pattern == "*") return true;
  if (pattern == "a*") return name.starts_with("a");
  if (pattern == "*b") return name.ends_with("b");
  return name == pattern;
}

bool matches(const Known& known, const Filter& filter) {
  const model::Run& run = known.run;
  for (const TagFilter& tag : filter.tags) {
    const auto at = run.spec.tags.find(tag.name);
    if (at == run.spec.tags.end() || (tag.value && at->second != *tag.value)) return false;
  }
  for (const ParameterFilter& parameter : filter.parameters) {
    if (!fulfils(run, parameter)) return false;
  }
  for (const MetricFilter& metric : filter.metrics) {
    if (!fulfils(known, metric)) return false;
  }
  return (!filter.experiment || run.spec.experiment == *filter.experiment) && (!filter.status || run.status == *filter.status) &&
         (!filter.kind || run.spec.kind == *filter.kind) &&
         (!filter.display_name || is_like(run.spec.display_name, *filter.display_name)) &&
         (!filter.parent_run_id || run.spec.parent_run_id == filter.parent_run_id) &&
         (!filter.created_from || run.created_at >= *filter.created_from) &&
         (!filter.created_before || run.created_at < *filter.created_before) &&
         (filter.lifecycle == Filter::Lifecycle::all || (filter.lifecycle == Filter::Lifecycle::deleted) == (run.deleted_at != 0));
}

/// What comes before the key in an order: which part, and the value there.
std::tuple<int, double, std::string> value_in(const Known& known, const Order& order) {
  if (order.by == Order::By::created_at) return {0, static_cast<double>(known.run.created_at), ""};
  if (order.by == Order::By::metric) {
    const auto at = known.metrics.find(order.name);
    if (at == known.metrics.end()) return {2, 0, ""};
    return std::isnan(at->second) ? std::tuple{1, 0.0, std::string()} : std::tuple{0, at->second, std::string()};
  }
  if (order.by == Order::By::parameter) {
    const auto at = known.run.spec.parameters.find(order.name);
    if (at == known.run.spec.parameters.end()) return {2, 0, ""};
    const auto number = number_of_text(at->second);
    return number ? std::tuple{0, *number, std::string()} : std::tuple{1, 0.0, at->second};
  }
  return {0, 0, ""};
}

bool is_before(const Known& a, const Known& b, const Order& order) {
  const auto [part_a, number_a, text_a] = value_in(a, order);
  const auto [part_b, number_b, text_b] = value_in(b, order);
  if (part_a != part_b) return part_a < part_b;
  const auto left = std::tuple(number_a, text_a, a.run.key);
  const auto right = std::tuple(number_b, text_b, b.run.key);
  return order.descending ? left > right : left < right;
}

const std::vector<std::string> kWords{"a", "b"};
std::optional<std::string> maybe_word() { return *rc::gen::element<std::optional<std::string>>(std::nullopt, "a", "b"); }
Comparison some_comparison() {
  return *rc::gen::element(Comparison::any, Comparison::equal, Comparison::not_equal, Comparison::less, Comparison::at_most,
                           Comparison::greater, Comparison::at_least);
}

std::vector<Known> add_runs(TestStore& test) {
  const std::vector<double> losses{0.5, kNaN, 0.25, kInfinity, 0.5, -kInfinity, -0.0, 1e300};
  const std::vector<std::string> rates{"0.1", "1", "adam", "0.10", "sgd", "10", ""};
  std::vector<Known> all;
  for (int i = 0; i < 60; ++i) {
    Known known;
    model::Run& run = known.run;
    run = test.new_run(kWords[i % 2]);
    run.status = i % 3 == 0 ? RunStatus::completed : RunStatus::queued;
    run.spec.display_name = std::vector<std::string>{"a", "b", "ab", "a*b"}[i / 2 % 4];
    run.created_at += i / 4 % 3;
    if (i % 4 == 3) run.spec.kind = RunKind::interactive;
    if (i % 5 != 0) run.spec.tags["a"] = kWords[i / 4 % 2];
    if (i % 7 == 0) run.spec.parent_run_id = kWords[i / 7 % 2];
    if (i % 3 != 0) run.spec.parameters["a"] = rates[i % rates.size()];
    run.key = test.add(run);
    if (i % 4 != 0) {
      known.metrics["loss"] = losses[i % losses.size()];
      log_metric(test, run.key, "loss", model::Number{known.metrics["loss"]});
    }
    if (i % 6 == 0 && !run.spec.parent_run_id) {
      test.write([&](Session& session) { return mark_deleted(session, run.key, 5); });
      run.deleted_at = 5;
    }
    all.push_back(known);
  }
  return all;
}

TEST(RunList, EveryFilterAndOrderGivesExactlyTheRunsThatMatchInThatOrder) {
  TestStore test;
  const std::vector<Known> all = add_runs(test);
  EXPECT_TRUE(rc::check([&] {
    Filter filter;
    filter.experiment = *rc::gen::element<std::optional<std::string>>(std::nullopt, std::nullopt, "a", "b", "unknown");
    if (*rc::gen::inRange(0, 4) == 0) filter.status = RunStatus::completed;
    filter.kind = *rc::gen::element<std::optional<RunKind>>(std::nullopt, std::nullopt, RunKind::job, RunKind::interactive);
    if (const auto tag = maybe_word()) filter.tags.push_back({*tag, maybe_word()});
    filter.display_name = *rc::gen::element<std::optional<std::string>>(std::nullopt, std::nullopt, "a", "*", "a*", "*b");
    if (*rc::gen::inRange(0, 4) == 0) filter.parent_run_id = maybe_word();
    if (*rc::gen::inRange(0, 3) == 0) {
      const auto [text, number] = *rc::gen::element(std::pair("0.1", 0.1), std::pair("adam", 5.0));
      filter.parameters.push_back({"a", some_comparison(), text, number});
    }
    if (*rc::gen::inRange(0, 3) == 0) filter.metrics.push_back({"loss", some_comparison(), *rc::gen::element(0.5, kInfinity, 0.0)});
    if (*rc::gen::inRange(0, 4) == 0) filter.created_from = all.front().run.created_at + *rc::gen::inRange(0, 3);
    if (*rc::gen::inRange(0, 4) == 0) filter.created_before = all.front().run.created_at + *rc::gen::inRange(0, 3);
    filter.lifecycle = *rc::gen::element(Filter::Lifecycle::active, Filter::Lifecycle::deleted, Filter::Lifecycle::all);
    Order order;
    order.by = *rc::gen::element(Order::By::recorded, Order::By::created_at, Order::By::metric, Order::By::parameter);
    order.name = order.by == Order::By::metric ? "loss" : "a";
    order.descending = *rc::gen::arbitrary<bool>();

    std::vector<Known> wanted;
    for (const Known& known : all) {
      if (matches(known, filter)) wanted.push_back(known);
    }
    Order meant = order;
    if (order.by == Order::By::recorded && (filter.created_from || filter.created_before)) meant.by = Order::By::created_at;
    std::sort(wanted.begin(), wanted.end(), [&](const Known& a, const Known& b) { return is_before(a, b, meant); });
    std::vector<std::int64_t> keys;
    for (const Known& known : wanted) keys.push_back(known.run.key);
    const auto efforts = *rc::gen::element(0, 1, 2);
    const std::vector<Effort> all_efforts{kWalk, {}, {-1, 7}, {10, 3}};
    const std::vector<Effort> chosen = efforts == 0 ? std::vector{kWalk} : efforts == 1 ? std::vector{Effort{}} : all_efforts;
    RC_ASSERT(keys_of(test, filter, order, *rc::gen::inRange(1, 20), chosen) == keys);
  }));
}

TEST(RunList, AMetricIsTheLastValueOfTheLastAttemptsRank0) {
  TestStore test;
  const std::int64_t key = test.add_run();
  const auto loss = [&](std::int64_t of) {
    Order order{Order::By::metric, "loss", false};
    const auto page = page_of(test, {}, order, {});
    for (const Listed& one : page.items) {
      if (one.run.key == of) return one.metrics.contains("loss") ? std::optional(one.metrics.at("loss").value) : std::nullopt;
    }
    return std::optional<double>();
  };
  EXPECT_EQ(loss(key), std::nullopt);
  log_metric(test, key, "loss", model::Number{3});
  log_metric(test, key, "loss", model::Number{2});
  log_metric(test, key, "loss", model::Number{1}, 1, 1);
  EXPECT_EQ(loss(key), 2);
  log_metric(test, key, "loss", std::string("\"many\""));
  EXPECT_EQ(loss(key), std::nullopt);

  auto run = test.read([&](Session& session) { return find(session, key); }).value();
  log_metric(test, key, "loss", model::Number{7});
  run.attempt = 2;
  test.write([&](Session& session) { return update_state(session, run); });
  EXPECT_EQ(loss(key), std::nullopt) << "of an attempt that is over";
  log_metric(test, key, "loss", model::Number{8}, 1);
  EXPECT_EQ(loss(key), std::nullopt) << "what came late of the first attempt";
  log_metric(test, key, "loss", model::Number{9}, 2);
  test.write([&](Session& session) { return update_state(session, run); });
  EXPECT_EQ(loss(key), 9);
}

TEST(RunList, APageThatIsRightWhileMetricsChange) {
  TestStore test;
  std::vector<std::int64_t> keys;
  for (int i = 0; i < 6; ++i) {
    keys.push_back(test.add_run());
    log_metric(test, keys.back(), "loss", model::Number{static_cast<double>(i)});
  }
  const Order order{Order::By::metric, "loss", true};
  for (const Effort& effort : {kWalk, Effort{}}) {
    const auto first = page_of(test, {}, order, {"", 2}, effort);
    // The last of the page and one still to come fall below all others.
    log_metric(test, keys[4], "loss", model::Number{-1});
    const auto rest = page_of(test, {}, order, {*first.next, 10}, effort);
    std::vector<std::int64_t> found;
    for (const Listed& one : rest.items) found.push_back(one.run.key);
    EXPECT_THAT(found, ElementsAre(keys[3], keys[2], keys[1], keys[0], keys[4]));
    log_metric(test, keys[4], "loss", model::Number{4});
  }
}

TEST(RunList, OfRunsThatLackTheMetricAPartIsLookedAtForAPage) {
  TestStore test;
  std::vector<std::int64_t> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back(test.add_run());
    if (i >= 3) log_metric(test, keys.back(), "loss", model::Number{1});
  }
  const Order order{Order::By::metric, "loss", true};
  PageRequest request{"", 17};
  std::vector<std::size_t> sizes;
  do {
    const auto page = page_of(test, {}, order, request, {-1, 8});
    sizes.push_back(page.items.size());
    request.cursor = page.next.value_or("");
  } while (!request.cursor.empty());
  EXPECT_THAT(sizes, ElementsAre(17, 0, 3)) << "17 have it; of the 20 that may lack it 8 are looked at for a page";
}

TEST(RunList, RefusesACursorThatIsNotItsOwn) {
  TestStore test;
  const auto refuses = [&](const Order& order, const char* cursor) {
    const auto page = test.store().read([&](Session& session) { return list(session, test.workspace_key(), {}, order, {cursor, 10}); });
    ASSERT_FALSE(page) << cursor;
    EXPECT_EQ(page.error().code, Code::malformed);
  };
  for (const char* cursor : {"x", "1;drop", "-3", "99999999999999999999", "5:7", "n:0.5:7", "m:3", ":"}) refuses({}, cursor);
  for (const char* cursor : {"7", "x:7", "5:", "5:x", "n:0.5:7", "5:6:7"}) refuses({Order::By::created_at, "", true}, cursor);
  for (const char* cursor : {"7", "5:7", "n:7", "n:x:7", "n:nan:7", "n:1:2:3", "q:7", "m:", "o:-1", "m:1:7"})
    refuses({Order::By::metric, "loss", true}, cursor);
  refuses({Order::By::parameter, "lr", true}, "o:7");  // no such run
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

Filter filter_of_bits(int bits) {
  Filter filter;
  if ((bits & 1) != 0) filter.experiment = "a";
  if ((bits & 2) != 0) filter.status = RunStatus::not_started;
  if ((bits & 4) != 0) filter.tags.push_back({"t", {}});
  if ((bits & 8) != 0) filter.tags.push_back({"t", "v"});
  if ((bits & 16) != 0) filter.display_name = (bits & 1) != 0 ? "d" : "*d";
  if ((bits & 32) != 0) filter.parent_run_id = "p";
  if ((bits & 64) != 0) filter.kind = RunKind::job;
  if ((bits & 128) != 0) filter.parameters.push_back({"lr", (bits & 1) != 0 ? Comparison::equal : Comparison::less, "0.1", 0.1});
  if ((bits & 256) != 0) filter.metrics.push_back({"loss", Comparison::less, 0.5});
  if ((bits & 512) != 0) filter.created_from = 1;
  if ((bits & 512) != 0) filter.lifecycle = Filter::Lifecycle::all;
  return filter;
}

TEST(RunList, NoFilterAndNoOrderReadsATableOrSortsMoreThanAFew) {
  TestStore test;
  model::Run run = test.new_run("a");
  run.spec.tags["t"] = "v";
  test.add(run);
  for (const auto by : {Order::By::recorded, Order::By::created_at, Order::By::metric, Order::By::parameter}) {
    for (int bits = 0; bits < 1024; bits += by == Order::By::recorded ? 1 : 5) {
      const Filter filter = filter_of_bits(bits);
      for (const Effort& effort : {kWalk, Effort{}}) {
        test.read([&](Session& session) {
          Explaining explaining(session);
          ASSERT_TRUE(list(explaining, test.workspace_key(), filter, {by, "lr", bits % 3 == 0}, {}, effort));
          for (const std::string& plan : explaining.plans) {
            // "SCAN r USING INDEX …" would be a walk through all of it.
            EXPECT_THAT(plan, Not(StartsWith("SCAN"))) << "filter " << bits;
            if (effort.few >= 0) continue;
            EXPECT_THAT(plan, Not(StartsWith("USE TEMP B-TREE"))) << "filter " << bits;
          }
        });
      }
    }
  }
  test.read([&](Session& session) {
    Explaining explaining(session);
    (void)active_jobs(explaining);
    EXPECT_TRUE(explaining.plans.contains("SCAN r USING INDEX runs_active"));
  });
}

}  // namespace
}  // namespace muster::store::runs
