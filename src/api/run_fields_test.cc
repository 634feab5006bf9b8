#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;

std::vector<std::string> names_in(const Json& answer) {
  std::vector<std::string> names;
  for (const Json& field : answer["fields"]) names.push_back(field["field"]);
  return names;
}

TEST(RunFieldsTest, AreThoseThatRunsHaveUsed) {
  Api api;
  api.submit({{"parameters", {{"lr", "0.1"}, {"learning rate", "1"}}}, {"tags", {{"team", "birds"}}}});
  const auto of = [&](const std::string& prefix) { return names_in(api("GET", Api::in("/run-fields?prefix=" + prefix)).json()); };
  EXPECT_EQ(of("param."), (std::vector<std::string>{"param.\"learning rate\"", "param.lr"}));
  EXPECT_EQ(of("param.lr"), (std::vector<std::string>{"param.lr"}));
  EXPECT_EQ(of("tag.t"), (std::vector<std::string>{"tag.team"}));
  EXPECT_EQ(of("st"), (std::vector<std::string>{"status"}));
  EXPECT_EQ(of("nothing"), std::vector<std::string>{});
  const Json all = api("GET", Api::in("/run-fields")).json();
  EXPECT_EQ(names_in(all).size(), 10u);
  EXPECT_EQ(all["fields"][0]["values"][10], "Failed");
  EXPECT_EQ(all["fields"][1]["values"], Json{"birds"});
}

TEST(RunFieldsTest, AFilterFindsTheRuns) {
  Api api;
  const auto one = api.submit({{"parameters", {{"lr", "0.1"}}}, {"display_name", "my resnet"}});
  api.submit({{"parameters", {{"lr", "0.5"}}}});
  const auto found = [&](const std::string& filter) { return api("GET", Api::in("/runs?filter=" + filter)); };
  const Json runs = found("param.lr%3C0.2").json()["runs"];
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0]["run_id"], one.run_id);
  EXPECT_EQ(found("resnet").json()["runs"].size(), 1u);
  EXPECT_EQ(found("status:completed").json()["runs"].size(), 0u);
  EXPECT_EQ(found("state:x").code(), "invalid");
}

}  // namespace
}  // namespace muster::api
