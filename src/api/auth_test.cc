// Who reaches what.
#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;

struct AuthTest : testing::Test {
  Api api;
};

TEST_F(AuthTest, HealthNeedsNoToken) {
  const auto answer = api("GET", "/healthz", "", {{"authorization", ""}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"status":"ok"})");
}

TEST_F(AuthTest, AnythingElseDoes) {
  for (const char* header :
       {"", "Bearer", "Bearer ", "Basic abc", "Bearer wrong", "Bearer mr_", "Bearer mr_a.1.b", "Bearer mr_a.x.y.z", "mu_owner"}) {
    const auto answer = api("GET", "/api/v1/status", "", {{"authorization", header}});
    EXPECT_EQ(answer.status, 401) << header;
    EXPECT_EQ(answer.code(), "unauthorized");
    EXPECT_FALSE(answer.json()["hint"].get<std::string>().empty()) << header;
  }
  EXPECT_EQ(api("GET", "/api/v1/status", "", {{"authorization", std::string("bearer ") + test::kOwnerToken}}).status, 200);
}

TEST_F(AuthTest, ARunReachesItselfAndLittleElse) {
  const std::string snapshot = api.put_snapshot({{"a.py", "print()"}});
  const std::string other_snapshot = api.put_snapshot({{"b.py", "print()"}});
  const model::Run own = api.submit({{"snapshot_id", snapshot}, {"script", "a.py"}});
  const model::Run other = api.submit();
  const auto token = api.as_run(own);
  const auto status = [&](const std::string& method, const std::string& path, const std::string& body = "") {
    return api(method, path, body, token).status;
  };
  const auto of = [](const model::Run& run, const std::string& rest = "") { return Api::in("/runs/" + run.run_id + rest); };

  EXPECT_EQ(status("GET", of(own)), 200);
  EXPECT_EQ(status("GET", Api::in("/runs/" + own.uuid)), 200);
  EXPECT_EQ(status("PATCH", of(own), R"({"tags":{"a":"b"}})"), 200);
  EXPECT_EQ(status("GET", of(own, "/logs")), 200);
  EXPECT_EQ(status("GET", of(own, "/metrics")), 200);
  EXPECT_EQ(status("GET", of(own, "/artifacts")), 200);
  EXPECT_EQ(status("PUT", of(own, "/artifacts/outputs/x"), "bytes"), 201);
  EXPECT_EQ(status("PUT", Api::in("/blobs/" + sha256_hex("x")), "x"), 201);
  EXPECT_EQ(status("GET", Api::in("/snapshots/" + snapshot + "/archive")), 200);
  EXPECT_EQ(status("POST", Api::in("/models"), Json{{"name", "m"}, {"run_id", own.run_id}, {"path", "outputs/x"}}.dump()), 201);
  EXPECT_EQ(status("POST", api.node(own, "heartbeat"), "{}"), 200);

  EXPECT_EQ(status("GET", of(other)), 403);
  EXPECT_EQ(status("PATCH", of(other), R"({"tags":{"a":"b"}})"), 403);
  EXPECT_EQ(status("PUT", of(other, "/artifacts/x"), "bytes"), 403);
  EXPECT_EQ(status("DELETE", of(own)), 403);
  EXPECT_EQ(status("POST", of(own, "/cancel")), 403);
  EXPECT_EQ(status("GET", Api::in("/runs")), 403);
  EXPECT_EQ(status("POST", Api::in("/runs"), "{}"), 403);
  EXPECT_EQ(status("GET", Api::in("/snapshots/" + other_snapshot)), 403);
  EXPECT_EQ(status("POST", Api::in("/models"), Json{{"name", "m"}, {"run_id", other.run_id}, {"path", "outputs/x"}}.dump()), 403);
  EXPECT_EQ(status("GET", "/api/v1/status"), 403);
  EXPECT_EQ(status("GET", "/api/v1/workspaces"), 403);
  EXPECT_EQ(status("PUT", "/api/v1/workspaces/other/blobs/" + sha256_hex("y"), "y"), 403);
  EXPECT_EQ(status("POST", api.node(other, "heartbeat"), "{}"), 403);
}

TEST_F(AuthTest, PeopleAreNotRunners) {
  const model::Run run = api.submit();
  EXPECT_EQ(api("POST", api.node(run, "heartbeat"), "{}").status, 403);
}

TEST_F(AuthTest, ARunsTokenEndsWithTheRunButItsRunnerMayRepeatItsLastWords) {
  const model::Run run = api.submit();
  ASSERT_TRUE(api.scheduler.set_status(run.key, model::RunStatus::completed));
  const auto answer = api("GET", Api::in("/runs/" + run.run_id), "", api.as_run(run));
  EXPECT_EQ(answer.status, 401);
  EXPECT_NE(answer.json()["detail"].get<std::string>().find("over"), std::string::npos);
  EXPECT_EQ(api("POST", api.node(run, "done"), "{}", api.as_run(run)).status, 200);
}

TEST_F(AuthTest, AnotherAttemptsTokenIsNoGood) {
  const model::Run run = api.submit();
  model::Run later = run;
  later.attempt = 2;
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.run_id), "", api.as_run(later)).status, 401);
  EXPECT_EQ(api("POST", api.node(run, "heartbeat"), "{}", api.as_run(later)).status, 403);
}

}  // namespace
}  // namespace muster::api
