#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;

/// A log that is read by its address alone.
struct SignedLogTest : testing::Test {
  Api api;
  model::Run run = api.submit();
  store::LogId log{run.uuid, 1, 0, "azureml-logs/70_driver_log.txt"};

  void SetUp() override {
    ASSERT_TRUE(api.logs.append(log, 0, "line\n", api.clock.now_us(), 0));
    ASSERT_TRUE(api.logs.append({run.uuid, 1, 0, "logs/other.txt"}, 0, "secret\n", api.clock.now_us(), std::nullopt));
  }
  Json given() { return api("GET", Api::in("/runs/" + run.run_id + "/logs?signed=true")).json()["logs"].at(0); }
  test::ApiAnswer open(const Json& one, const std::string& path = "azureml-logs/70_driver_log.txt", int attempt = 1, int node_rank = 0) {
    return api("GET",
               fmt::format("/api/v1/signed-logs/default/{}/{}?attempt={}&node_rank={}&expires={}&signature={}", run.run_id, path, attempt,
                           node_rank, one["expires"].get<std::int64_t>(), one["signature"].get<std::string>()),
               "", {{"authorization", ""}});
  }
};

TEST_F(SignedLogTest, IsReadWithoutAToken) {
  const auto answer = open(given());
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, "line\n");
  EXPECT_FALSE(api("GET", Api::in("/runs/" + run.run_id + "/logs")).json()["logs"].at(0).contains("signature"));
}

TEST_F(SignedLogTest, OpensThatLogAlone) {
  const Json one = given();
  EXPECT_EQ(open(one, "logs/other.txt").status, 401);
  EXPECT_EQ(open(one, "azureml-logs/70_driver_log.txt", 2).status, 401);
  EXPECT_EQ(open(one, "azureml-logs/70_driver_log.txt", 1, 1).status, 401);
  Json longer = one;
  longer["expires"] = one["expires"].get<std::int64_t>() + 1;
  EXPECT_EQ(open(longer).status, 401);
  Json forged = one;
  forged["signature"] = std::string(64, '0');
  EXPECT_EQ(open(forged).status, 401);
  run.run_id = "nobodys_1_00000000";
  EXPECT_EQ(open(one).status, 401) << "whether a run is there is not told";
}

TEST_F(SignedLogTest, IsGoodForEightHours) {
  const Json one = given();
  api.clock.advance(std::chrono::hours(8));
  EXPECT_EQ(open(one).status, 200);
  api.clock.advance(std::chrono::seconds(1));
  const auto answer = open(one);
  EXPECT_EQ(answer.status, 401);
  EXPECT_NE(answer.json()["detail"].get<std::string>().find("expired"), std::string::npos) << answer.body;
  EXPECT_EQ(api("GET", "/api/v1/signed-logs/default/" + run.run_id + "/logs/other.txt").fields(),
            (std::vector<std::string>{"attempt", "node_rank", "expires", "signature"}));
}

}  // namespace
}  // namespace muster::api
