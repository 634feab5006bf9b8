// Interactive runs, and cancels that reach the runs below.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct InteractiveRuns : testing::Test {
  Api api;
  model::Run start(Json spec = Json::object()) {
    spec["kind"] = "interactive";
    if (!spec.contains("experiment")) spec["experiment"] = "notes";
    const auto answer = api("POST", Api::in("/runs"), spec);
    EXPECT_EQ(answer.status, 201) << answer.body;
    return api.run(answer.json().value("run_id", ""));
  }
  std::string path(const model::Run& run, const std::string& rest = "") const { return Api::in("/runs/" + run.run_id + rest); }
};

TEST_F(InteractiveRuns, AreRunningAtOnceAndNoMatterOfTheScheduler) {
  const auto answer = api("POST", Api::in("/runs"), R"({"experiment":"notes","kind":"interactive","display_name":"by hand"})");
  ASSERT_EQ(answer.status, 201) << answer.body;
  const Json run = answer.json();
  EXPECT_EQ(run["kind"], "interactive");
  EXPECT_EQ(run["status"], "Running");
  EXPECT_EQ(run["started_at"], run["created_at"]);
  EXPECT_EQ(run["stages"][2]["started_at"], run["created_at"]);
  for (const char* key : {"compute_target", "environment", "node_count", "max_retries", "priority", "grace_seconds", "script", "command"})
    EXPECT_TRUE(run[key].is_null()) << key;
  EXPECT_TRUE(api.scheduler.submitted_runs.empty());
  EXPECT_EQ(api("GET", Api::in("/environments")).json()["environments"].size(), 0u) << "no environment was registered for it";
  api.store->read([&](store::Session& session) -> Result<void> {
    EXPECT_TRUE(store::runs::active_jobs(session).empty()) << "a server that starts takes up jobs alone";
    return {};
  });
}

TEST_F(InteractiveRuns, WhatANodeWouldNeedIsRefusedByName) {
  const auto answer =
      api("POST", Api::in("/runs"), R"({"experiment":"e","kind":"interactive","script":"a.py","node_count":2,"compute_target":"gpu"})");
  EXPECT_EQ(answer.code(), "invalid");
  EXPECT_THAT(answer.fields(), UnorderedElementsAre("script", "node_count", "compute_target"));
  EXPECT_THAT(api("POST", Api::in("/runs"), R"({"experiment":"e","kind":"dance"})").json()["errors"][0]["hint"].get<std::string>(),
              HasSubstr("job, interactive"));
  EXPECT_THAT(
      api("POST", Api::in("/runs"), Json{{"experiment", "e"}, {"kind", "interactive"}, {"snapshot_id", std::string(64, 'a')}}).fields(),
      ElementsAre("snapshot_id"));
}

TEST_F(InteractiveRuns, EndOnceAndTheSameEndAgainChangesNothing) {
  const model::Run run = start();
  ASSERT_TRUE(api.logs.append({run.uuid, 1, 0, "logs/user_log.txt"}, 0, "x", 1, std::nullopt));
  const auto completed = api("POST", path(run, "/complete"));
  EXPECT_EQ(completed.status, 200) << completed.body;
  EXPECT_EQ(completed.json()["status"], "Completed");
  EXPECT_EQ(completed.json()["stages"][2]["ended_at"], completed.json()["ended_at"]);
  EXPECT_EQ(api("POST", path(run, "/complete")).json(), completed.json());
  const auto failed = api("POST", path(run, "/fail"), R"({"message":"no"})");
  EXPECT_EQ(failed.code(), "conflict");
  EXPECT_THAT(failed.body, HasSubstr("it is Completed"));
  EXPECT_EQ(api("POST", path(run, "/cancel")).code(), "conflict");
  EXPECT_TRUE(api.logs.info({run.uuid, 1, 0, "logs/user_log.txt"})->complete);
}

TEST_F(InteractiveRuns, FailWithTheirClientsWords) {
  const model::Run run = start();
  const auto failed =
      api("POST", path(run, "/fail"), R"({"message":"ValueError: bad","traceback":"Traceback (most recent call last): …"})");
  EXPECT_EQ(failed.json()["status"], "Failed");
  EXPECT_EQ(failed.json()["error"]["code"], "user_error");
  EXPECT_EQ(failed.json()["error"]["message"], "ValueError: bad");
  EXPECT_THAT(failed.json()["error"]["traceback"].get<std::string>(), HasSubstr("Traceback"));
  EXPECT_EQ(api("POST", path(run, "/fail"), R"({"message":"another"})").json()["error"]["message"], "ValueError: bad");
  EXPECT_EQ(api("POST", path(start(), "/fail"), Json{{"message", std::string(20'000, 'x')}}).code(), "invalid");
}

TEST_F(InteractiveRuns, AreCanceledWithoutAScheduler) {
  const model::Run run = start();
  const auto canceled = api("POST", path(run, "/cancel"), R"({"reason":"enough"})");
  EXPECT_EQ(canceled.status, 202);
  EXPECT_EQ(canceled.json()["status"], "Canceled");
  EXPECT_EQ(canceled.json()["status_detail"], "enough");
  EXPECT_EQ(api("POST", path(run, "/cancel")).status, 202);
}

TEST_F(InteractiveRuns, AJobIsNotEndedByTheseCalls) {
  const model::Run job = api.submit();
  for (const char* end : {"/complete", "/fail"}) {
    const auto refused = api("POST", path(job, end));
    EXPECT_EQ(refused.code(), "conflict");
    EXPECT_THAT(refused.json()["hint"].get<std::string>(), HasSubstr("muster run cancel " + job.run_id));
  }
}

TEST_F(InteractiveRuns, AreListedByKind) {
  const model::Run run = start();
  const model::Run job = api.submit();
  const auto ids = [&](const std::string& query) {
    std::vector<std::string> found;
    const Json page = api("GET", Api::in("/runs?" + query)).json();
    for (const Json& one : page["runs"]) found.push_back(one["run_id"]);
    return found;
  };
  EXPECT_THAT(ids("kind=interactive"), ElementsAre(run.run_id));
  EXPECT_THAT(ids("kind=job"), ElementsAre(job.run_id));
  EXPECT_THAT(ids("kind=interactive&experiment=notes"), ElementsAre(run.run_id));
  EXPECT_THAT(ids("kind=interactive&experiment=birds"), ElementsAre());
  EXPECT_EQ(api("GET", Api::in("/runs?kind=dance")).code(), "invalid");
}

TEST_F(InteractiveRuns, ACancelReachesAllBelow) {
  const model::Run parent = start();
  const model::Run child = start({{"parent_run_id", parent.uuid}});
  EXPECT_EQ(child.spec.parent_run_id, parent.run_id) << "whichever name it was given by";
  const model::Run ended = start({{"parent_run_id", parent.run_id}});
  api("POST", path(ended, "/complete"));
  const model::Run job = api.submit({{"parent_run_id", child.run_id}});
  EXPECT_EQ(api("POST", path(parent, "/cancel"), R"({"reason":"enough"})").status, 202);
  EXPECT_EQ(api.run(child.run_id).status, model::RunStatus::canceled);
  EXPECT_EQ(api.run(job.run_id).status, model::RunStatus::canceled);
  EXPECT_EQ(api.run(ended.run_id).status, model::RunStatus::completed);
  EXPECT_THAT(api.run(job.run_id).status_detail, HasSubstr(parent.run_id + " above it was canceled: enough"));
  const auto late = api("POST", Api::in("/runs"), Json{{"experiment", "e"}, {"kind", "interactive"}, {"parent_run_id", parent.run_id}});
  EXPECT_THAT(late.fields(), ElementsAre("parent_run_id"));
}

TEST_F(InteractiveRuns, ACancelOfAnEndedRunEndsWhatIsStillGoingOnBelow) {
  const model::Run parent = start();
  const model::Run child = start({{"parent_run_id", parent.run_id}});
  api("POST", path(parent, "/complete"));
  EXPECT_EQ(api("POST", path(parent, "/cancel")).status, 202);
  EXPECT_EQ(api.run(child.run_id).status, model::RunStatus::canceled);
  EXPECT_EQ(api.run(parent.run_id).status, model::RunStatus::completed);
  EXPECT_EQ(api("POST", path(parent, "/cancel")).code(), "conflict") << "nothing is left to cancel";
}

TEST_F(InteractiveRuns, AJobEndsTheRunsBelowItsOwnAndNoOthers) {
  const model::Run job = api.submit();
  const auto as_job = api.as_job(job);
  const auto made =
      api("POST", Api::in("/runs"), Json{{"experiment", "birds"}, {"kind", "interactive"}, {"parent_run_id", job.run_id}}, as_job);
  ASSERT_EQ(made.status, 201) << made.body;
  const model::Run child = api.run(made.json()["run_id"]);
  EXPECT_EQ(api("PATCH", path(child), R"({"tags":{"a":"b"}})", as_job).status, 200);
  const auto deeper =
      api("POST", Api::in("/runs"), Json{{"experiment", "birds"}, {"kind", "interactive"}, {"parent_run_id", child.uuid}}, as_job);
  EXPECT_EQ(deeper.status, 201) << deeper.body;
  EXPECT_EQ(api("POST", path(child, "/complete"), "", as_job).status, 200);
  EXPECT_EQ(api("POST", path(start(), "/complete"), "", as_job).code(), "forbidden");
}

}  // namespace
}  // namespace muster::api
