#include <gtest/gtest.h>

#include "store/run_attempts.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;

Json row(const Json& answer, const char* group, const std::string& name) {
  for (const Json& one : answer[group]) {
    if (one["name"] == name) return one;
  }
  return {};
}

TEST(RunComparisonTest, ShowsWhatEachHasAndWhatDiffers) {
  Api api;
  const auto a = api.submit({{"parameters", {{"lr", "0.1"}, {"opt", "adam"}}}, {"tags", {{"k", "v"}}}});
  const auto b = api.submit({{"parameters", {{"lr", "0.2"}, {"opt", "adam"}, {"depth", "3"}}}, {"node_count", 1}, {"command", "false"}});
  ASSERT_TRUE(api.store->write([&](store::Session& session) -> Result<void> {
    store::run_attempts::set_resolved_environment(session, a.key, a.attempt,
                                                  {{"python_version", "3.11.2"}, {"packages", {{"six", "1.15.0"}}}});
    store::run_attempts::set_resolved_environment(session, b.key, b.attempt,
                                                  {{"python_version", "3.11.2"}, {"packages", {{"six", "1.16.0"}}}});
    return {};
  }));
  const std::string point = R"({"points":[{"name":"acc","value":0.5}]})";
  ASSERT_EQ(api("POST", Api::in("/runs/" + a.run_id + "/metrics?source=s&sequence=0"), point).status, 200);

  const Json answer = api("GET", Api::in("/run-comparison?run=" + a.run_id + "&run=" + b.uuid)).json();
  ASSERT_EQ(answer["runs"].size(), 2u);
  EXPECT_EQ(answer["runs"][1]["run_id"], b.run_id);
  EXPECT_EQ(row(answer, "parameters", "lr"), (Json{{"name", "lr"}, {"values", {"0.1", "0.2"}}, {"differs", true}}));
  EXPECT_EQ(row(answer, "parameters", "opt")["differs"], false);
  EXPECT_EQ(row(answer, "parameters", "depth")["values"], (Json{nullptr, "3"}));
  EXPECT_EQ(row(answer, "tags", "k")["differs"], true);
  EXPECT_EQ(row(answer, "settings", "command")["values"], (Json{"true", "false"}));
  EXPECT_EQ(row(answer, "settings", "node_count")["differs"], false);
  EXPECT_EQ(row(answer, "packages", "six")["values"], (Json{"1.15.0", "1.16.0"}));
  EXPECT_EQ(row(answer, "packages", "python")["differs"], false);
  EXPECT_EQ(row(answer, "metrics", "acc")["values"], (Json{0.5, nullptr}));
}

TEST(RunComparisonTest, TakesTwoToTwentyRunsThatAreThere) {
  Api api;
  const auto a = api.submit();
  const std::string one = "run=" + a.run_id;
  EXPECT_EQ(api("GET", Api::in("/run-comparison?" + one)).code(), "invalid");
  EXPECT_EQ(api("GET", Api::in("/run-comparison?" + one + "&run=none")).code(), "not_found");
  std::string many = one;
  for (int i = 0; i < 20; ++i) many += "&" + one;
  EXPECT_EQ(api("GET", Api::in("/run-comparison?" + many)).code(), "invalid");
}

}  // namespace
}  // namespace muster::api
