#include "api/run_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/run_query.h"

namespace muster::api {
namespace {

using store::runs::Comparison;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using Query = std::multimap<std::string, std::string>;

Query fields(const std::string& filter) { return query_of_filter(filter).value(); }
Result<RunQuery> read_filter(const std::string& filter) {
  http::Request request;
  request.query.emplace("filter", filter);
  return read_run_query(request);
}

TEST(RunFilter, TermsAreTheListsOwnWords) {
  EXPECT_THAT(fields("status:FAILED  experiment:birds kind:job parent:r_1 lifecycle:all"),
              ElementsAre(Pair("experiment", "birds"), Pair("kind", "job"), Pair("lifecycle", "all"), Pair("parent_run_id", "r_1"),
                          Pair("status", "Failed")));
  EXPECT_THAT(fields("created>=2026-11-01 created<2026-11-21T08:00:00Z"),
              ElementsAre(Pair("created_before", "2026-11-21T08:00:00Z"), Pair("created_from", "2026-11-01T00:00:00Z")));
  EXPECT_THAT(fields("acc>=0.9 metric.loss<1 metric.f1 param.lr<=0.01 param.o!=adam tag.k tag.x=y"),
              ElementsAre(Pair("metric", "acc>=0.9"), Pair("metric", "loss<1"), Pair("metric", "f1"), Pair("parameter", "lr<=0.01"),
                          Pair("parameter", "o!=adam"), Pair("tag", "k"), Pair("tag", "x=y")));
  EXPECT_THAT(fields("resnet"), ElementsAre(Pair("name", "*resnet*")));
  EXPECT_TRUE(fields("  ").empty());
}

TEST(RunFilter, QuotesKeepWhatWouldEndAWord) {
  EXPECT_THAT(fields(R"(name:"my run" metric."val acc">=0.9 tag.k="a=b \"c\" \\")"),
              ElementsAre(Pair("metric", "val acc>=0.9"), Pair("name", "my run"), Pair("tag", R"(k=a=b "c" \)")));
  EXPECT_THAT(fields("\"created\">=1"), ElementsAre(Pair("metric", "created>=1"))) << "quoted, it is no word of ours";
  EXPECT_THAT(fields("\"tag.k\""), ElementsAre(Pair("name", "*tag.k*")));
}

TEST(RunFilter, IsReadWithTheRestOfTheQuery) {
  const auto asked = read_filter("status:running acc>=0.9 acc<1").value();
  EXPECT_EQ(asked.filter.status, model::RunStatus::running);
  ASSERT_EQ(asked.filter.metrics.size(), 2u);
  EXPECT_EQ(asked.filter.metrics[1].comparison, Comparison::less);
  for (const char* wrong : {"status:done", "acc>=high", "status:failed status:running", "created>=yesterday", "kind:other"})
    EXPECT_EQ(read_filter(wrong).error().code, Code::invalid) << wrong;
}

TEST(RunFilter, WhatCannotBeReadIsNamed) {
  for (const char* wrong : {"state:failed", "status:", "\"open", ">=1", "acc!1", "created>2026-11-01", "created=2026-11-01", "tag.k<1",
                            "tag.", "param.=1", "metric.acc:1", "metric.\"a>b\">1", "tag.\"a=b\"=c", "\"\""}) {
    const auto refused = query_of_filter(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_THAT(refused.error().detail, HasSubstr("`filter`")) << wrong;
  }
  EXPECT_THAT(query_of_filter("a state:failed").error().detail, HasSubstr("'state:failed'"));
  EXPECT_FALSE(query_of_filter(std::string(kLongestFilter + 1, 'a')));
}

}  // namespace
}  // namespace muster::api
