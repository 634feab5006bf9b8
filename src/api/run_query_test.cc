#include "api/run_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::api {
namespace {

using store::runs::Comparison;
using store::runs::Order;
using testing::HasSubstr;

using Query = std::multimap<std::string, std::string>;

Result<RunQuery> read(Query query) {
  http::Request request;
  request.query = std::move(query);
  return read_run_query(request);
}

TEST(RunQuery, AConditionIsANameOrANameASignAndAValue) {
  const RunQuery asked = read({{"metric", "loss<0.5"},
                               {"metric", "val loss >= -inf"},
                               {"metric", "acc"},
                               {"metric", "wow! != 1e3"},
                               {"parameter", "lr=0.1"},
                               {"parameter", "depth<=3"},
                               {"parameter", "o=a>b "},
                               {"parameter", "o!=adam"},
                               {"tag", "k"},
                               {"tag", "k=<v>"}})
                             .value();
  const auto& metrics = asked.filter.metrics;
  ASSERT_EQ(metrics.size(), 4u);
  EXPECT_EQ(metrics[0].name, "loss");
  EXPECT_EQ(metrics[0].comparison, Comparison::less);
  EXPECT_EQ(metrics[0].number, 0.5);
  EXPECT_EQ(metrics[1].name, "val loss");
  EXPECT_EQ(metrics[1].comparison, Comparison::at_least);
  EXPECT_LT(metrics[1].number, -1e308);
  EXPECT_EQ(metrics[2].comparison, Comparison::any);
  EXPECT_EQ(metrics[3].name, "wow!");
  EXPECT_EQ(metrics[3].comparison, Comparison::not_equal);
  const auto& parameters = asked.filter.parameters;
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_EQ(parameters[0].text, "0.1");
  EXPECT_EQ(parameters[1].comparison, Comparison::at_most);
  EXPECT_EQ(parameters[1].number, 3);
  EXPECT_EQ(parameters[2].text, "a>b ") << "a text is taken as it is";
  EXPECT_EQ(parameters[3].comparison, Comparison::not_equal);
  ASSERT_EQ(asked.filter.tags.size(), 2u);
  EXPECT_EQ(asked.filter.tags[0].value, std::nullopt);
  EXPECT_EQ(asked.filter.tags[1].value, "<v>");
}

TEST(RunQuery, MetricsAreShownWithoutFiltering) {
  const RunQuery asked = read({{"show", "metrics.loss"}, {"show", "metrics.val loss"}}).value();
  EXPECT_THAT(asked.filter.shown_metrics, testing::ElementsAre("loss", "val loss"));
  EXPECT_TRUE(asked.filter.metrics.empty());
  for (const char* wrong : {"loss", "metrics.", ""}) EXPECT_FALSE(read({{"show", wrong}})) << wrong;
  Query many;
  for (int i = 0; i <= 50; ++i) many.emplace("show", "metrics.m" + std::to_string(i));
  EXPECT_FALSE(read(many));
}

TEST(RunQuery, AnOrderIsAscendingUnlessItSaysOtherwise) {
  EXPECT_EQ(read({}).value().order.by, Order::By::recorded);
  EXPECT_TRUE(read({}).value().order.descending);
  const Order loss = read({{"order_by", "metrics.val loss"}}).value().order;
  EXPECT_EQ(loss.by, Order::By::metric);
  EXPECT_EQ(loss.name, "val loss");
  EXPECT_FALSE(loss.descending);
  const Order rate = read({{"order_by", "parameters.lr DESC"}}).value().order;
  EXPECT_EQ(rate.by, Order::By::parameter);
  EXPECT_EQ(rate.name, "lr");
  EXPECT_TRUE(rate.descending);
  EXPECT_EQ(read({{"order_by", "metrics.a desc asc"}}).value().order.name, "a desc");
  EXPECT_EQ(read({{"order_by", "created_at"}}).value().order.by, Order::By::created_at);
}

TEST(RunQuery, EveryFaultIsNamed) {
  const auto refused = read({{"metric", "loss<low"},
                             {"parameter", "lr>x"},
                             {"order_by", "loss"},
                             {"created_from", "yesterday"},
                             {"name", "*********"},
                             {"status", "Done"},
                             {"experiment", "a"},
                             {"experiment", "b"},
                             {"tags", "k"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid);
  for (const char* field : {"metric", "parameter", "order_by", "created_from", "name", "status", "experiment", "tags"})
    EXPECT_THAT(refused.error().detail, HasSubstr(fmt::format("`{}`", field)));
  for (const char* order : {"", "metrics.", "metrics. desc", "desc", "number", "metric.loss"})
    EXPECT_FALSE(read({{"order_by", order}})) << order;
  for (const char* metric : {"", "<1", "loss<", "loss<nan", "loss<1x", "loss=~1"}) EXPECT_FALSE(read({{"metric", metric}})) << metric;
  Query many;
  for (int i = 0; i < 11; ++i) many.emplace("tag", "k");
  EXPECT_FALSE(read(many));
}

}  // namespace
}  // namespace muster::api
