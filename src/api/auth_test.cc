// Who reaches what.
#include <gtest/gtest.h>

#include "model/server_proof.h"
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
  for (const char* header : {"", "Bearer", "Bearer ", "Basic abc", "Bearer wrong", "Bearer mr_", "Bearer mr_a.1.b", "Bearer mr_a.x.y.z",
                             "Bearer mj_a.1.b", "mu_owner"}) {
    const auto answer = api("GET", "/api/v1/status", "", {{"authorization", header}});
    EXPECT_EQ(answer.status, 401) << header;
    EXPECT_EQ(answer.code(), "unauthorized");
    EXPECT_FALSE(answer.json()["hint"].get<std::string>().empty()) << header;
  }
  EXPECT_EQ(api("GET", "/api/v1/status", "", {{"authorization", std::string("bearer ") + test::kOwnerToken}}).status, 200);
}

/// What each of a run's two tokens opens; the paths are of the run itself where none is named.
struct RunTokensTest : AuthTest {
  const std::string snapshot = api.put_snapshot({{"a.py", "print()"}});
  const std::string other_snapshot = api.put_snapshot({{"b.py", "print()"}});
  const model::Run own = api.submit({{"snapshot_id", snapshot}, {"script", "a.py"}});
  const model::Run other = api.submit({{"snapshot_id", other_snapshot}, {"script", "b.py"}});

  int status(const Api::Headers& token, const std::string& method, const std::string& path, const std::string& body = "") {
    return api(method, path, body, token).status;
  }
  static std::string of(const model::Run& run, const std::string& rest = "") { return Api::in("/runs/" + run.run_id + rest); }
};

TEST_F(RunTokensTest, AJobReadsItsWorkspaceAndWritesItsOwnRun) {
  const auto job = api.as_job(own);
  for (const std::string& path : {of(own), Api::in("/runs/" + own.uuid), of(own, "/logs"), of(own, "/metrics"), of(own, "/artifacts"),
                                  of(other), of(other, "/metrics"), of(other, "/artifacts"), Api::in("/runs"), Api::in("/models"),
                                  Api::in("/environments"), Api::in("/experiments"), Api::in("/experiments/birds"),
                                  Api::in("/snapshots/" + snapshot + "/archive"), Api::in("/snapshots/" + other_snapshot), Api::in("")})
    EXPECT_EQ(status(job, "GET", path), 200) << path;
  EXPECT_EQ(status(job, "PATCH", of(own), R"({"tags":{"a":"b"}})"), 200);
  EXPECT_EQ(status(job, "PUT", of(own, "/artifacts/outputs/x"), "bytes"), 201);
  EXPECT_EQ(status(job, "PUT", Api::in("/blobs/" + sha256_hex("x")), "x"), 201);
  EXPECT_EQ(status(job, "POST", Api::in("/models"), Json{{"name", "m"}, {"run_id", own.run_id}, {"path", "outputs/x"}}.dump()), 201);

  EXPECT_EQ(status(job, "PATCH", of(other), R"({"tags":{"a":"b"}})"), 403);
  EXPECT_EQ(status(job, "PUT", of(other, "/artifacts/x"), "bytes"), 403);
  EXPECT_EQ(status(job, "GET", of(other, "/logs")), 403);
  EXPECT_EQ(status(job, "DELETE", of(own)), 403);
  EXPECT_EQ(status(job, "POST", of(own, "/cancel")), 403);
  EXPECT_EQ(status(job, "POST", Api::in("/models"), Json{{"name", "m"}, {"run_id", other.run_id}, {"path", "outputs/x"}}.dump()), 403);
  EXPECT_EQ(status(job, "GET", "/api/v1/status"), 403);
  EXPECT_EQ(status(job, "GET", "/api/v1/workspaces"), 403);
  EXPECT_EQ(status(job, "PUT", "/api/v1/workspaces/other/blobs/" + sha256_hex("y"), "y"), 403);
}

TEST_F(RunTokensTest, AJobSubmitsChildRunsOfItsOwnRunAlone) {
  const auto job = api.as_job(own);
  const auto submit = [&](Json spec) {
    spec["experiment"] = "birds";
    spec["command"] = "true";
    return api("POST", Api::in("/runs"), spec, job);
  };
  EXPECT_EQ(submit(Json::object()).status, 403);
  EXPECT_EQ(submit({{"parent_run_id", other.run_id}}).status, 403);
  const auto child = submit({{"parent_run_id", own.run_id}});
  EXPECT_EQ(child.status, 201) << child.body;
  EXPECT_EQ(child.json()["created_by"], "ada");
}

TEST_F(RunTokensTest, AJobDoesNotSpeakForItsRunner) {
  for (const char* what :
       {"check-in", "heartbeat", "started", "rank-failed", "finished", "done", "metrics?process=a&sequence=0", "outputs"})
    EXPECT_EQ(status(api.as_job(own), "POST", api.node(own, what), "{}"), 403) << what;
  EXPECT_EQ(status(api.as_job(own), "PUT", api.node(own, "logs?path=a&offset=0"), "x"), 403);
  EXPECT_TRUE(api.scheduler.calls.empty());
}

TEST_F(RunTokensTest, ARunnerReachesItsProtocolAndTheBytesThatItCarries) {
  const auto runner = api.as_runner(own);
  EXPECT_EQ(status(runner, "POST", api.node(own, "heartbeat"), "{}"), 200);
  EXPECT_EQ(status(runner, "GET", Api::in("/snapshots/" + snapshot + "/archive")), 200);
  EXPECT_EQ(status(runner, "PUT", Api::in("/blobs/" + sha256_hex("x")), "x"), 201);
  EXPECT_EQ(status(runner, "POST", Api::in("/blobs/missing"), R"({"sha256":[]})"), 200);
  EXPECT_EQ(status(runner, "GET", of(own, "/artifacts")), 200);
  EXPECT_EQ(status(runner, "GET", of(own)), 200) << "of an MPI run: how far are the other nodes?";

  EXPECT_EQ(status(runner, "POST", api.node(other, "heartbeat"), "{}"), 403);
  EXPECT_EQ(status(runner, "GET", Api::in("/snapshots/" + other_snapshot + "/archive")), 403);
  EXPECT_EQ(status(runner, "GET", of(other, "/artifacts")), 403);
  EXPECT_EQ(status(runner, "GET", of(other)), 403);
  EXPECT_EQ(status(runner, "PUT", "/api/v1/workspaces/other/blobs/" + sha256_hex("y"), "y"), 403);
  for (const std::string& path : {Api::in("/runs"), Api::in("/models"), of(own, "/logs"), of(own, "/metrics")})
    EXPECT_EQ(status(runner, "GET", path), 403) << path;
  EXPECT_EQ(status(runner, "PUT", of(own, "/artifacts/x"), "x"), 403);
  EXPECT_EQ(status(runner, "PATCH", of(own), R"({"tags":{"a":"b"}})"), 403);
}

TEST_F(AuthTest, PeopleAreNotRunners) {
  const model::Run run = api.submit();
  EXPECT_EQ(api("POST", api.node(run, "heartbeat"), "{}").status, 403);
}

TEST_F(RunTokensTest, TokensOfAnEndedRunOpenNothing) {
  ASSERT_EQ(status(api.as_runner(own), "PUT", api.node(own, "logs?path=a&offset=0"), "before"), 200);
  ASSERT_TRUE(api.scheduler.set_status(own.key, model::RunStatus::completed));
  const auto refused = [&](const Api::Headers& token, const std::string& method, const std::string& path, const std::string& body = "") {
    const auto answer = api(method, path, body, token);
    EXPECT_EQ(answer.status, 401) << method << " " << path;
    EXPECT_NE(answer.body.find("is over"), std::string::npos) << answer.body;
  };
  refused(api.as_job(own), "GET", of(own));
  refused(api.as_job(own), "GET", of(other));
  refused(api.as_job(own), "PATCH", of(own), R"({"tags":{"a":"b"}})");
  refused(api.as_job(own), "PUT", of(own, "/artifacts/outputs/x"), "late");
  refused(api.as_job(own), "PUT", Api::in("/blobs/" + sha256_hex("late")), "late");
  refused(api.as_job(own), "POST", Api::in("/models"), Json{{"name", "m"}, {"run_id", own.run_id}, {"path", "outputs/x"}}.dump());
  const auto runner = api.as_runner(own);
  refused(runner, "PUT", api.node(own, "logs?path=a&offset=0"), "before and after");
  refused(runner, "PUT", api.node(own, "logs?path=b&offset=0"), "late");
  refused(runner, "POST", api.node(own, "metrics?process=a&sequence=0"));
  refused(runner, "POST", api.node(own, "outputs"), R"({"files":[]})");
  refused(runner, "POST", api.node(own, "check-in"), "{}");
  refused(runner, "POST", api.node(own, "heartbeat"), "{}");
  refused(runner, "PUT", Api::in("/blobs/" + sha256_hex("late")), "late");
  EXPECT_FALSE(api.blobs->has(sha256_hex("late")));
  EXPECT_EQ(api("GET", of(own, "/logs/a")).body, "before");
  EXPECT_EQ(api("GET", of(own, "/logs")).json()["logs"].size(), 1u);
}

TEST_F(RunTokensTest, AnUploadThatOutlivesItsRunIsNotTaken) {
  http::Request request;
  request.method = "PUT";
  request.path = of(own, "/artifacts/outputs/x");
  request.headers = api.as_job(own);
  const auto match = api.router.match(request.method, request.path);
  request.parameters = match->parameters;
  ASSERT_TRUE(api.gate(request));
  auto sink = match->route->upload(request);
  ASSERT_TRUE(sink && (*sink)->write("begun "));
  ASSERT_TRUE(api.scheduler.set_status(own.key, model::RunStatus::canceled));
  EXPECT_FALSE((*sink)->write("ended"));
  EXPECT_EQ((*sink)->finish().status, 401);
  EXPECT_EQ(status({}, "GET", of(own, "/artifacts/outputs/x")), 404);
}

TEST_F(RunTokensTest, AnotherAttemptsTokensOpenNothing) {
  ASSERT_TRUE(api.store->write([&](store::Session& session) {
    model::Run next = *store::runs::find(session, own.key);
    next.attempt = 2;
    return store::runs::update_state(session, next);
  }));
  EXPECT_EQ(status(api.as_job(own), "GET", of(own)), 401);
  EXPECT_EQ(status(api.as_runner(own), "POST", api.node(own, "heartbeat"), "{}"), 401);
  EXPECT_EQ(status(api.as_runner(own), "PUT", api.node(own, "logs?path=a&offset=0"), "x"), 401);
  model::Run next = own;
  next.attempt = 2;
  EXPECT_EQ(status(api.as_job(next), "GET", of(own)), 200);
  EXPECT_EQ(status(api.as_runner(next), "POST", api.node(next, "heartbeat"), "{}"), 200);
  EXPECT_EQ(status(api.as_runner(next), "POST", api.node(own, "heartbeat"), "{}"), 403);
}

TEST_F(RunTokensTest, AnAnswerToAGenuineTokenProvesWhoseItIs) {
  const http::Finish prover = make_prover(api.services);
  const std::string key = api.scheduler.tokens().proof_key(own.run_id, own.attempt);
  const auto proof = [&](Api::Headers headers, int status) {
    headers.emplace("muster-nonce", "a nonce");
    http::Request request;
    request.headers = std::move(headers);
    http::Response response{status, {}, {}};
    prover(request, response);
    return response.headers.empty() ? "" : response.headers.front().second;
  };
  EXPECT_EQ(proof(api.as_runner(own), 200), model::server_proof(key, "a nonce", 200));
  EXPECT_EQ(proof(api.as_runner(own), 503), model::server_proof(key, "a nonce", 503));
  ASSERT_TRUE(api.scheduler.set_status(own.key, model::RunStatus::completed));
  EXPECT_EQ(proof(api.as_runner(own), 401), model::server_proof(key, "a nonce", 401)) << "also of a run that is over";
  EXPECT_EQ(proof({{"authorization", "Bearer mr_x.1." + std::string(64, '0')}}, 401), "");
  EXPECT_EQ(proof({{"authorization", std::string("Bearer ") + test::kOwnerToken}}, 200), "");
  EXPECT_EQ(proof({}, 200), "");
}

TEST_F(RunTokensTest, NodesThatTheRunDoesNotHaveAreRefused) {
  const auto runner = api.as_runner(own);
  EXPECT_EQ(status(runner, "PUT", api.node(own, "logs?path=a&offset=0", 1), "x"), 404);
  EXPECT_EQ(status(runner, "POST", api.node(own, "metrics?process=a&sequence=0", 1)), 404);
  EXPECT_EQ(status(runner, "POST", api.node(own, "outputs", 1), R"({"files":[]})"), 404);
  EXPECT_EQ(status(runner, "POST", api.node(own, "heartbeat", 1), "{}"), 404);
  EXPECT_EQ(api("GET", of(own, "/logs")).json()["logs"].size(), 0u);
}

}  // namespace
}  // namespace muster::api
